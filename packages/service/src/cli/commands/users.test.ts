import { afterEach, expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import type { User } from '@berth/contract';
import { berth } from '../testing/berth.ts';
import { fakeService, FakeProblem, type Routes } from '../testing/fake-service.ts';
import { account, explanation, ticket, user } from '../testing/fake-user.ts';

const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function serving(routes: Routes) {
  const service = await fakeService(routes);
  cleanups.push(() => service.close());
  return service;
}

/** What `whoami` prints of this user, row by row: label and value. */
async function whoami(answer: User, colour = false): Promise<string[]> {
  const { url } = await serving({ 'GET /v1/users/user1': answer });
  const { exitCode, out, err } = await berth(['whoami', 'user1', '--url', url], { terminal: { colour } });
  expect([exitCode, err]).toEqual([0, '']);
  return out.trimEnd().split('\n');
}

const path = '/v1/users/bank%5Cuser1';
const guide = () => readFile(new URL('../../../CLI.md', import.meta.url), 'utf8');

test('whoami: the ticket first, then who the user is', async () => {
  const { url } = await serving({ [`GET ${path}`]: user() });
  const { exitCode, out, err } = await berth(['whoami', 'bank\\user1', '--url', url]);
  expect(out).toBe(
    [
      'user         bank\\user1 (User One)',
      'ticket       ends 2026-03-01 19:00 UTC, in 7 h',
      'renewal      next 2026-03-01 16:00 UTC, in 4 h; possible until 2026-03-08 09:00 UTC, in 6 d',
      "kind         user1@CORP.EXAMPLE.TEST, by the login's password, forwardable",
      'let in by    BANK\\risk analysts',
      'confirmed    by the directory 5 min ago',
      'logins       default 3 h ago, lab 3 d ago',
      'admin        no',
      'account      BANK\\user1, uid 10001, gid 10000',
      'home         /home/BANK/user1',
      'unix groups  BANK\\domain^users (10000), BANK\\risk^analysts (10002)',
      'hub groups   BANK\\risk analysts',
      'principal    user1@CORP.EXAMPLE.TEST',
      'sid          S-1-5-21-1-2-3-1104',
      '',
    ].join('\n'),
  );
  expect([exitCode, err]).toEqual([0, '']);
  expect(await guide()).toContain(`$ berth whoami 'bank\\user1'\n${out}`);
});

const failing = user({
  ticket: ticket({ problem: 'No KDC of CORP.EXAMPLE.TEST answers.', nextRenewal: '2026-03-01T11:58:00Z' }),
  notices: ["Your Kerberos ticket can't be renewed at the moment: No KDC of CORP.EXAMPLE.TEST answers."],
});

test('whoami: a renewal that fails stands at the top, with what the user reads', async () => {
  expect((await whoami(failing)).slice(1, 6)).toEqual([
    'ticket       ends 2026-03-01 19:00 UTC, in 7 h',
    'problem      No KDC of CORP.EXAMPLE.TEST answers.',
    'renewal      due since 2026-03-01 11:58 UTC, 2 min ago; possible until 2026-03-08 09:00 UTC, in 6 d',
    "kind         user1@CORP.EXAMPLE.TEST, by the login's password, forwardable",
    "notice       Your Kerberos ticket can't be renewed at the moment: No KDC of CORP.EXAMPLE.TEST answers.",
  ]);
});

const ended = ticket({ endsAt: '2026-03-01T11:00:00Z', nextRenewal: null, forwardable: false });

test.each([
  ['ended, by password', ended, 'ended 2026-03-01 11:00 UTC, 60 min ago', 'only a new login brings another ticket'],
  [
    'ended, of the host',
    { ...ended, source: 'host' as const },
    'ended 2026-03-01 11:00 UTC, 60 min ago',
    "another ticket has to appear in the host's cache",
  ],
  [
    'ended, by keytab',
    { ...ended, source: 'keytab' as const },
    'ended 2026-03-01 11:00 UTC, 60 min ago',
    'the keytab brings another ticket',
  ],
  [
    'not renewable',
    ticket({ renewTill: null, nextRenewal: null }),
    'ends 2026-03-01 19:00 UTC, in 7 h',
    'not renewable',
  ],
  [
    'renewed to its limit',
    ticket({ renewTill: '2026-03-01T19:00:00Z', nextRenewal: null }),
    'ends 2026-03-01 19:00 UTC, in 7 h',
    'not possible beyond its end',
  ],
  [
    'of a later time',
    ticket({ startsAt: '2026-03-01T13:00:00Z', nextRenewal: null }),
    'not valid before 2026-03-01 13:00 UTC, in 60 min; ends 2026-03-01 19:00 UTC, in 7 h',
    'possible until 2026-03-08 09:00 UTC, in 6 d',
  ],
])('whoami: a ticket that is %s', async (_case, given, life, limit) => {
  const out = await whoami(user({ ticket: given }));
  expect(out[1]).toBe(`ticket       ${life}`);
  expect(out[2]).toBe(`renewal      none planned: none of the user's servers runs; ${limit}`);
});

test('whoami: a ticket that a KDC some seconds ahead has dated is not one of a later time', async () => {
  const out = await whoami(user({ ticket: ticket({ startsAt: '2026-03-01T12:00:30Z' }) }));
  expect(out[1]).toBe('ticket       ends 2026-03-01 19:00 UTC, in 7 h');
});

test.each([
  ['a ticket that has ended is red', user({ ticket: ended }), '\u001b[31mended 2026-03-01 11:00 UTC, 60 min ago'],
  ['a renewal that fails is red', failing, '\u001b[31mNo KDC of'],
  ['a renewal that is overdue is yellow', failing, '\u001b[33mdue since'],
  ['a notice is yellow', failing, '\u001b[33mYour Kerberos ticket'],
])('whoami: %s', async (_case, answer, coloured) => {
  expect((await whoami(answer, true)).join('\n')).toContain(coloured);
});

test('whoami: without anything wrong nothing is coloured', async () => {
  expect((await whoami(user(), true)).join('\n')).not.toContain('\u001b');
});

test.each([
  [
    "the login's reason, where it brought none",
    user({ ticket: null, notices: ['Your login brought no Kerberos ticket: the KDC does not answer.'] }),
    ['none', 'Your login brought no Kerberos ticket: the KDC does not answer.'],
  ],
  [
    'there is no account',
    user({ ticket: null, account: null }),
    ["none: servers run as the image's user, and a ticket needs an account"],
  ],
  ['the account has no principal', user({ ticket: null, principal: null }), ['none: the account has no principal']],
  [
    'nobody knows',
    user({ ticket: null }),
    ['none: never obtained, or destroyed; a new login brings one where `tickets` is configured'],
  ],
])('whoami: no ticket, and why: %s', async (_case, answer, [said = '', notice]) => {
  const out = await whoami(answer);
  const rows = out.map((row) => row.split(/ {2,}/));
  expect(rows[1]).toEqual(['ticket', said]);
  expect(rows[2]).toEqual(notice === undefined ? ['let in by', 'BANK\\risk analysts'] : ['notice', notice]);
});

test('whoami: a user of a hub with an authenticator of its own is what a running server says', async () => {
  const { displayName: _name, allowedBy: _by, ...rest } = user();
  const nothing = { sid: null, confirmedAt: null, logins: [], groups: [] };
  const out = await whoami({ ...rest, ...nothing, account: { ...account, groups: [], home: '' } });
  expect(out.filter((row) => !/^(ticket|renewal|kind) /.test(row))).toEqual([
    'user        bank\\user1',
    'let in by   no entry of `login.allow`',
    'confirmed   never by a directory',
    'logins      none: logged out by the directory, or never logged in here',
    'admin       no',
    'account     BANK\\user1, uid 10001, gid 10000',
    'hub groups  none',
    'principal   user1@CORP.EXAMPLE.TEST',
    'sid         none',
  ]);
});

test('whoami: names from outside can break neither a row nor the terminal', async () => {
  const out = await whoami(
    user({ displayName: 'a\nsid  S-1-5-32-544\u001b[2J\u202e', allowedBy: '\u001b[31mred\u0007' }),
  );
  expect(out[0]).toBe('user         bank\\user1 (a sid  S-1-5-32-544\\u{202e})');
  expect(out).toContain('let in by    red');
});

test.each([
  ['whoami', 'GET', '', user()],
  ['explain', 'GET', '/explain', explanation()],
  ['kdestroy', 'DELETE', '/ticket', user({ ticket: null })],
  ['forget', 'DELETE', '', user()],
])(
  '%s: names travel percent-encoded, and --json is what the service answers',
  async (command, method, rest, answer) => {
    for (const [name, encoded] of [
      ['bank\\user1', 'bank%5Cuser1'],
      ['анна', '%D0%B0%D0%BD%D0%BD%D0%B0'],
      ['anna maria', 'anna%20maria'],
      ['a/b?c#d%5C&$e', 'a%2Fb%3Fc%23d%255C%26%24e'],
      ['...', '...'],
    ] as const) {
      const { url, requests } = await serving({ [`${method} /v1/users/${encoded}${rest}`]: answer });
      const { exitCode, out, err } = await berth([command, name, '--json', '--url', url]);
      expect([exitCode, err]).toEqual([0, '']);
      expect(JSON.parse(out)).toEqual(answer);
      expect(requests).toHaveLength(1);
      expect(requests[0]?.token).toBe('secret');
    }
  },
);

test.each(['.', '..', ''])('a name that no path can carry (%j) is asked of nobody', async (name) => {
  const { url, requests } = await serving({});
  for (const command of ['whoami', 'explain', 'kdestroy', 'forget']) {
    const { exitCode, err } = await berth([command, name, '--url', url]);
    expect(exitCode).toBe(2);
    expect(err).toContain("It must be a user's name, such as user1 or 'bank\\user1'.");
  }
  expect(requests).toEqual([]);
});

test.each([
  ['bank\\user9', String.raw`'bank\user9'`],
  ['user9', 'user9'],
  ["o'neil", String.raw`'o'\''neil'`],
  ['-x', "'-x'"],
  ['анна', "'анна'"],
])('an unknown user %s: 1, and the command that knows others', async (name, shown) => {
  const unknown = new FakeProblem('user-not-found', 'No such user is known here.');
  const at = `/v1/users/${encodeURIComponent(name)}`;
  const { url } = await serving({
    [`GET ${at}`]: unknown,
    [`DELETE ${at}`]: unknown,
    [`DELETE ${at}/ticket`]: unknown,
  });
  for (const command of ['whoami', 'kdestroy', 'forget']) {
    expect(await berth([command, '--url', url, '--', name])).toEqual({
      exitCode: 1,
      out: '',
      err: `berth: No such user is known here.\n  Use the hub's name for a user who has logged in. \`berth explain ${shown}\` knows others, too.\n`,
    });
  }
});
