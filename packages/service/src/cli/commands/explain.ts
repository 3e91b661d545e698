import type { Explanation } from '@berth/contract';
import type { Command } from 'commander';
import { accountRows, type Row } from '../account-rows.ts';
import { CommandFailed } from '../command-failed.ts';
import { exit } from '../exit-codes.ts';
import { print, withService, type Session } from '../session.ts';
import type { Surroundings, Terminal } from '../surroundings.ts';
import { table, type Cell } from '../table.ts';
import { ticketLine } from '../ticket-rows.ts';
import { dataOfUser, userName } from '../user-name.ts';

export function addExplain(program: Command, surroundings: Surroundings): void {
  program
    .command('explain')
    .description(
      "Why a user gets in or doesn't: which groups, by which path, and as which account. Asks the directory.",
    )
    .argument(
      '<user>',
      "the hub's name for the user, or an account's name: also of users who never logged in",
      userName,
    )
    .addHelpText(
      'after',
      '\nExits with 1 where a login would be refused.\nWith --json the answer of /v1/users/{name}/explain.',
    )
    .action(async (name: string, _options: unknown, command: Command) => {
      await withService(command, surroundings, (session) => explain(session, name));
    });
}

async function explain(session: Session, name: string): Promise<void> {
  const { client, terminal, signal, now } = session;
  const params = { path: { name } };
  const found = await dataOfUser(name, client.GET('/v1/users/{name}/explain', { params, signal }));
  print(session, found, () =>
    [
      table([], [[verdict(found)]], terminal),
      table([], facts(found, now()), terminal),
      entryTable(found, terminal),
      groupTable(found, terminal),
    ]
      .filter((part) => part !== '')
      .join('\n'),
  );
  // The explanation has said why.
  if (isRefused(found)) throw new CommandFailed(exit.found, '');
}

function isRefused({ allowed, refusal, accountProblem }: Explanation): boolean {
  return !allowed || refusal !== null || accountProblem !== null;
}

function verdict(found: Explanation): Cell {
  const { name, directory, admin, refusal, accountProblem, entries } = found;
  // The first of the list that matches is the one that counts.
  const entry = entries.find(({ list, matched }) => list === 'allow' && matched)?.entry;
  const why = refusal ?? accountProblem;
  if (directory === null && why === null) {
    return { text: `No directory is configured: the hub itself decides whether ${name} gets in.` };
  }
  if (directory === null) return { text: `${name} can have no server: ${why}`, colour: 'red' };
  if (isRefused(found)) {
    const despite = entry === undefined ? '' : `, though ${entry} lets the user in`;
    return { text: `${name} is refused${despite}: ${why ?? 'in no group that `login.allow` lists.'}`, colour: 'red' };
  }
  return { text: `${name} may log in${admin ? ' as an admin' : ''}, let in by ${entry ?? '?'}.`, colour: 'green' };
}

function facts({ known, directory, account, accountProblem, ticket }: Explanation, now: Date): Row[] {
  return [
    ['known', known ? 'has logged in here before' : 'has never logged in here'],
    ...accountRows(account, accountProblem),
    ['ticket', ticketLine(ticket, now)],
    ...(directory === null
      ? []
      : ([
          ['principal', directory.principal],
          ['sid', directory.sid],
          ['dn', directory.distinguishedName],
        ] as const)),
  ];
}

function entryTable({ entries }: Explanation, terminal: Terminal): string {
  const rows = entries.map(({ list, entry, matched, sid }) => [
    list,
    entry,
    { text: matched ? 'yes' : 'no', colour: matched ? 'green' : undefined } satisfies Cell,
    sid ?? ({ text: 'unknown to the directory', colour: 'yellow' } satisfies Cell),
  ]);
  return rows.length === 0 ? '' : table(['LIST', 'ENTRY', 'MATCHED', 'SID'], rows, terminal);
}

/** Those that an entry names come first: a user may be in hundreds. */
function groupTable({ groups, entries }: Explanation, terminal: Terminal): string {
  const named = new Set(entries.map(({ sid }) => sid));
  const counts = ({ sid }: { sid: string }) => Number(named.has(sid));
  const rows = groups
    .toSorted((a, b) => counts(b) - counts(a))
    .map(({ name, sid, how, path }) => [name ?? sid, how, how === 'nested' ? nesting(path) : '']);
  return rows.length === 0 ? '' : table(['GROUP', 'HOW', 'PATH'], rows, terminal);
}

/** A nested group that is reached from nowhere is one whose path can't be read. */
function nesting(path: readonly string[]): string {
  return path.length > 1 ? path.join(' > ') : 'unknown';
}
