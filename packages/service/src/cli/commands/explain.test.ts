import { afterEach, expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import type { Explanation } from '@berth/contract';
import { berth } from '../testing/berth.ts';
import { fakeService, FakeProblem } from '../testing/fake-service.ts';
import { explanation, ticket } from '../testing/fake-user.ts';

const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function explained(answer: Explanation | FakeProblem, ...options: string[]) {
  const service = await fakeService({ 'GET /v1/users/bank%5Cuser1/explain': answer });
  cleanups.push(() => service.close());
  return berth(['explain', 'bank\\user1', '--url', service.url, ...options]);
}

const guide = () => readFile(new URL('../../../CLI.md', import.meta.url), 'utf8');

test('who may log in: by which entry, in which groups by which path, as which account', async () => {
  const { exitCode, out, err } = await explained(explanation());
  expect(out).toBe(
    [
      'bank\\user1 may log in, let in by BANK\\risk analysts.',
      '',
      'known        has logged in here before',
      'account      BANK\\user1, uid 10001, gid 10000',
      'home         /home/BANK/user1',
      'unix groups  BANK\\domain^users (10000), BANK\\risk^analysts (10002)',
      "ticket       user1@CORP.EXAMPLE.TEST, ends 2026-03-01 19:00 UTC, in 7 h, by the login's password",
      'principal    user1@CORP.EXAMPLE.TEST',
      'sid          S-1-5-21-1-2-3-1104',
      'dn           CN=User One,OU=Staff,DC=corp,DC=example,DC=test',
      '',
      'LIST         ENTRY               MATCHED  SID',
      'allow        BANK\\quants         no       unknown to the directory',
      'allow        BANK\\risk analysts  yes      S-1-5-21-1-2-3-1203',
      'adminGroups  BANK\\hub admins     no       S-1-5-21-1-2-3-1250',
      '',
      'GROUP                HOW      PATH',
      'BANK\\risk analysts   nested   BANK\\desk 7 > BANK\\desks > BANK\\risk analysts',
      'BANK\\Domain Users    primary',
      'BANK\\desk 7          direct',
      'S-1-5-21-9-9-9-1300  nested   unknown',
      '',
    ].join('\n'),
  );
  expect([exitCode, err]).toEqual([0, '']);
  expect(await guide()).toContain(`$ berth explain 'bank\\user1'\n${out}`);
});

test.each([
  [
    'in none of the groups',
    explanation({
      allowed: false,
      refusal: 'This account is in none of the groups that may log in here.',
      entries: [],
    }),
    'bank\\user1 is refused: This account is in none of the groups that may log in here.',
  ],
  [
    'disabled, though in a group',
    explanation({ refusal: 'This account is disabled.' }),
    'bank\\user1 is refused, though BANK\\risk analysts lets the user in: This account is disabled.',
  ],
  [
    'without a safe account',
    explanation({ account: null, accountProblem: 'The uid 500 lies below 1000.' }),
    'bank\\user1 is refused, though BANK\\risk analysts lets the user in: The uid 500 lies below 1000.',
  ],
  [
    'not allowed, by a service that says no more',
    explanation({ allowed: false, entries: [] }),
    'bank\\user1 is refused: in no group that `login.allow` lists.',
  ],
  [
    'of the host, and can have no server',
    explanation({ directory: null, account: null, accountProblem: 'No account is called user1.' }),
    'bank\\user1 can have no server: No account is called user1.',
  ],
])('who is refused is told so first, with the sentence, and ends with 1: %s', async (_case, answer, said) => {
  const { exitCode, out, err } = await explained(answer);
  expect(out.split('\n')[0]).toBe(said);
  expect([exitCode, err]).toEqual([1, '']);
  const json = await explained(answer, '--json');
  expect(JSON.parse(json.out)).toEqual(answer);
  expect([json.exitCode, json.err]).toEqual([1, '']);
});

test('an admin is called one', async () => {
  const { out } = await explained(explanation({ admin: true, known: false }));
  expect(out).toMatch(
    /^bank\\user1 may log in as an admin, let in by BANK\\risk analysts\.\n\nknown +has never logged in/,
  );
});

test('without a directory the hub decides; the account is explained all the same', async () => {
  const bare = { directory: null, known: false, groups: [], entries: [], ticket: null };
  const { exitCode, out } = await explained(explanation(bare));
  expect(out).toBe(
    [
      'No directory is configured: the hub itself decides whether bank\\user1 gets in.',
      '',
      'known        has never logged in here',
      'account      BANK\\user1, uid 10001, gid 10000',
      'home         /home/BANK/user1',
      'unix groups  BANK\\domain^users (10000), BANK\\risk^analysts (10002)',
      'ticket       none',
      '',
    ].join('\n'),
  );
  expect(exitCode).toBe(0);
});

test.each([
  [
    'an account that can have no server',
    { account: null, accountProblem: 'Its uid is 0.' },
    'account    none: Its uid is 0.',
  ],
  ['no account wanted', { account: null }, "account    none: servers run as the image's user"],
  [
    'a renewal that fails',
    { ticket: ticket({ problem: 'No KDC answers.' }) },
    "ticket       user1@CORP.EXAMPLE.TEST, ends 2026-03-01 19:00 UTC, in 7 h, by the login's password; not renewed: No KDC answers.",
  ],
])('a line of its own: %s', async (_case, changes, line) => {
  expect((await explained(explanation(changes))).out.split('\n')).toContain(line);
});

test('names from outside can break neither a row nor the terminal', async () => {
  const evil = 'a\nb\u001b[2J\u202e';
  const { out } = await explained(
    explanation({
      name: evil,
      refusal: evil,
      groups: [{ sid: 'S-1', name: evil, how: 'nested', path: [evil, evil] }],
      entries: [{ list: 'allow', entry: evil, sid: 'S-1', matched: true }],
    }),
  );
  expect(out).toContain('a b\\u{202e} is refused, though a b\\u{202e} lets the user in: a b\\u{202e}\n');
  expect(out).toContain('a b\\u{202e}  nested  a b\\u{202e} > a b\\u{202e}\n');
  expect(out).not.toMatch(/[^\n\u0020-\u007e]/);
});

test.each([
  ['a refusal', explanation({ refusal: 'Disabled.' }), '\u001b[31mbank\\user1 is refused'],
  ['a yes', explanation(), '\u001b[32mbank\\user1 may log in'],
  ['an entry that the directory does not know', explanation(), '\u001b[33munknown to the directory'],
  [
    'a ticket that has ended',
    explanation({ ticket: ticket({ endsAt: '2026-03-01T11:00:00Z' }) }),
    '\u001b[31muser1@CORP.EXAMPLE.TEST, ended',
  ],
])('on a terminal %s has its colour', async (_case, answer, coloured) => {
  const service = await fakeService({ 'GET /v1/users/user1/explain': answer });
  cleanups.push(() => service.close());
  const { out } = await berth(['explain', 'user1', '--url', service.url], { terminal: { colour: true } });
  expect(out).toContain(coloured);
});

test.each([
  ['account-unknown', 1],
  ['no-service-account', 1],
  ['name-invalid', 2],
  ['request-invalid', 2],
  ['directory-unreachable', 69],
  ['directory-timeout', 69],
  ['directory-untrusted', 69],
  ['token-invalid', 77],
  ['role-insufficient', 77],
] as const)('the problem %s ends with %d', async (code, expected) => {
  const { exitCode, out, err } = await explained(new FakeProblem(code, 'No.'));
  expect(exitCode).toBe(expected);
  expect(err).toMatch(/^berth: No\.\n/);
  expect(out).toBe('');
});
