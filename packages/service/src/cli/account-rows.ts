/** An account as `berth whoami` and `berth explain` show it. */
import type { Account } from '@berth/contract';
import type { Cell } from './table.ts';

export type Row = readonly [label: string, value: string | Cell];

/** `BANK\user1, uid 10001, gid 10000`. */
export function accountLine({ name, uid, gid }: Account): string {
  return `${name}, uid ${uid}, gid ${gid}`;
}

/** @param problem Why no server could run as this account; null where that isn't so. */
export function accountRows(account: Account | null, problem: string | null = null): Row[] {
  if (problem !== null) return [['account', { text: `none: ${problem}`, colour: 'red' }]];
  if (account === null) return [['account', "none: servers run as the image's user"]];
  const { groups, home } = account;
  return [
    ['account', accountLine(account)],
    // Of an account that is known only by a running server, neither home nor groups are.
    ...(home === '' ? [] : [['home', home] as const]),
    ...(groups.length === 0
      ? []
      : [['unix groups', groups.map(({ gid, name }) => `${name} (${gid})`).join(', ')] as const]),
  ];
}
