/** Users as the service answers them, at the tests' `now`. */
import type { Explanation, Ticket, User } from '@berth/contract';

export function ticket(changes: Partial<Ticket> = {}): Ticket {
  return {
    principal: 'user1@CORP.EXAMPLE.TEST',
    startsAt: '2026-03-01T09:00:00Z',
    endsAt: '2026-03-01T19:00:00Z',
    renewTill: '2026-03-08T09:00:00Z',
    forwardable: true,
    source: 'password',
    nextRenewal: '2026-03-01T16:00:00Z',
    problem: null,
    ...changes,
  };
}

export const account = {
  name: 'BANK\\user1',
  uid: 10_001,
  gid: 10_000,
  groups: [
    { gid: 10_000, name: 'BANK\\domain^users' },
    { gid: 10_002, name: 'BANK\\risk^analysts' },
  ],
  home: '/home/BANK/user1',
};

export function user(changes: Partial<User> = {}): User {
  return {
    name: 'bank\\user1',
    displayName: 'User One',
    admin: false,
    groups: ['BANK\\risk analysts'],
    allowedBy: 'BANK\\risk analysts',
    sid: 'S-1-5-21-1-2-3-1104',
    principal: 'user1@CORP.EXAMPLE.TEST',
    account,
    ticket: ticket(),
    logins: [
      { hub: 'default', at: '2026-03-01T09:00:00Z' },
      { hub: 'lab', at: '2026-02-26T12:00:00Z' },
    ],
    confirmedAt: '2026-03-01T11:55:00Z',
    notices: [],
    ...changes,
  };
}

export function explanation(changes: Partial<Explanation> = {}): Explanation {
  const domain = 'S-1-5-21-1-2-3';
  return {
    name: 'bank\\user1',
    known: true,
    allowed: true,
    admin: false,
    refusal: null,
    directory: {
      sid: `${domain}-1104`,
      distinguishedName: 'CN=User One,OU=Staff,DC=corp,DC=example,DC=test',
      sAMAccountName: 'user1',
      principal: 'user1@CORP.EXAMPLE.TEST',
    },
    groups: [
      { sid: `${domain}-513`, name: 'BANK\\Domain Users', how: 'primary', path: ['BANK\\Domain Users'] },
      { sid: `${domain}-1201`, name: 'BANK\\desk 7', how: 'direct', path: ['BANK\\desk 7'] },
      {
        sid: `${domain}-1203`,
        name: 'BANK\\risk analysts',
        how: 'nested',
        path: ['BANK\\desk 7', 'BANK\\desks', 'BANK\\risk analysts'],
      },
      { sid: 'S-1-5-21-9-9-9-1300', name: null, how: 'nested', path: ['S-1-5-21-9-9-9-1300'] },
    ],
    entries: [
      { list: 'allow', entry: 'BANK\\quants', sid: null, matched: false },
      { list: 'allow', entry: 'BANK\\risk analysts', sid: `${domain}-1203`, matched: true },
      { list: 'adminGroups', entry: 'BANK\\hub admins', sid: `${domain}-1250`, matched: false },
    ],
    account,
    accountProblem: null,
    ticket: ticket(),
    ...changes,
  };
}
