/** Why somebody is not let in: what the person reads at the hub, and what the audit log keeps. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from '../stack/browser.ts';
import type { DirectoryAccounts } from '../stack/directory-accounts.ts';
import { DirectoryStack, textOf } from '../stack/directory-stack.ts';
import { sharedEngine, testFolder } from '../stack/shared-engine.ts';

const password = 'Pa55-of-user1';
let site: DirectoryStack;

const states: readonly (readonly [
  code: string,
  sentence: string,
  make: (accounts: DirectoryAccounts, name: string) => Promise<void>,
])[] = [
  [
    'account-disabled',
    'This account is disabled. Please ask your help desk.',
    (accounts, name) => accounts.disable(name),
  ],
  [
    'account-expired',
    'This account has expired. Please ask your help desk.',
    (accounts, name) => accounts.expire(name),
  ],
  [
    'password-must-change',
    'The password must be changed first. Please do so on your workstation, then log in here.',
    (accounts, name) => accounts.mustChange(name),
  ],
  ['logon-hours', 'This account may not log in at this time.', (accounts, name) => accounts.setLogonHours(name, [])],
  [
    'logon-workstation',
    'This account may not log in from this host.',
    (accounts, name) => accounts.setWorkstations(name, ['ELSEWHERE']),
  ],
  // The site's own words.
  ['account-locked', 'Locked: call <4711> & wait.', (accounts, name) => accounts.lockOut(name)],
];

beforeAll(async () => {
  site = await DirectoryStack.start({
    folder: await testFolder(),
    engine: sharedEngine(),
    prepare: async (accounts) => {
      await accounts.setLockoutPolicy({ wrongPasswords: 5, seconds: 1800 });
      for (const name of ['user1', 'user2', 'user3', 'user4']) await accounts.createUser({ name, password });
      await accounts.setAttributes('user2', { userPrincipalName: 'ursula.two@bank.test' });
      for (const [name, , make] of states) {
        await accounts.createUser({ name, password });
        await make(accounts, name);
      }
    },
    login: {
      allow: ['BANK\\domain^users'],
      messages: { 'account-locked': 'Locked: call <4711> & wait.' },
      throttle: { trustedProxies: [] },
    },
    tickets: false,
  });
});

afterAll(() => site?.remove());

const submit = (name: string, tried: string): Promise<Page> => site.stack.browser().submitLogin(name, tried);
const lastAudit = async () => (await site.audit()).at(-1);

test.each(states)('%s: the person reads "%s"', async (code, sentence) => {
  const page = await submit(`BANK\\${code}`, password);
  expect(page).toMatchObject({ status: 403, path: expect.stringMatching(/^\/hub\/login/) });
  expect(textOf(page)).toContain(sentence);
  expect(page.text).not.toContain('<4711>');
  // Which account it was stands in the directory's own log: nobody of that name has logged in here.
  expect(await lastAudit()).toEqual({
    ...{ at: expect.any(String), event: 'login', outcome: 'refused', by: 'hub default', code },
    ...{ address: '127.0.0.1', unknownUser: expect.stringMatching(/^[0-9a-f]{16}$/) },
  });
});

test('a wrong password and an unknown name read alike, and the log tells who is known here', async () => {
  await site.loggedIn('user1', password);
  const wrong = await submit('user1', 'not the password');
  expect(await lastAudit()).toMatchObject({ outcome: 'refused', code: 'credentials-wrong', user: 'user1' });
  const unknown = await submit('hunter2-typed-into-the-name', password);
  expect(await lastAudit()).toMatchObject({ outcome: 'refused', code: 'credentials-wrong' });
  for (const page of [wrong, unknown]) expect(textOf(page)).toContain('Invalid username or password');
  expect(textOf(wrong).replaceAll('user1', '')).toBe(textOf(unknown).replaceAll('hunter2-typed-into-the-name', ''));
  const empty = await submit('user1', '');
  expect(textOf(empty)).toContain('Invalid username or password');
  expect((await site.audit()).filter(({ outcome }) => outcome === 'ok')).toHaveLength(1);
});

test('no password, and no name that nobody has, stands in the audit log or in any other', async () => {
  const { berth, hub } = site.stack;
  for (const text of [await readFile(join(berth.state, 'audit.jsonl'), 'utf8'), berth.log(), hub.log()]) {
    expect(text).not.toContain(password);
    expect(text).not.toContain('not the password');
  }
  expect(await readFile(join(berth.state, 'audit.jsonl'), 'utf8')).not.toContain('hunter2');
  expect(berth.log()).not.toContain('hunter2');
});

/** Of AD's own count: the directory locks an account at five. */
async function wrongPasswords(name: string): Promise<number> {
  const [count] = await site.accounts.valuesOf(name, 'badPwdCount');
  return Number(count?.toString() ?? 0);
}

test('four wrong passwords are the last that the directory hears of, over a restart too', async () => {
  for (const typed of ['user2', 'BANK\\USER2']) expect((await submit(typed, 'wrong')).status).toBe(403);
  await site.stack.berth.restart();
  for (const typed of ['user2@corp.example.test', 'Ursula.Two@bank.test'])
    expect((await submit(typed, 'wrong')).status).toBe(403);
  await site.stack.berth.restart();
  for (const [typed, tried] of [
    ['user2', 'wrong'],
    ['user2', password],
    ['ursula.two@bank.test', 'wrong'],
    ['ursula.two@bank.test', password],
  ] as const) {
    const page = await submit(typed, tried);
    expect(page.status).toBe(429);
    expect(textOf(page)).toMatch(/Too many attempts to log in for this account\. Try again in (29|30) minutes\./);
    expect(await lastAudit()).toMatchObject({ outcome: 'refused', code: 'login-throttled' });
  }
  expect(await wrongPasswords('user2')).toBe(4);
  expect((await site.accounts.state('user2')) & 0x10).toBe(0);
  // Others aren't held up.
  await site.loggedIn('user3', password);
});

test('a login in between begins the count anew', async () => {
  for (let wrong = 0; wrong < 3; wrong++) await submit('user3', 'wrong');
  await site.loggedIn('user3', password);
  for (let wrong = 0; wrong < 3; wrong++) expect((await submit('user3', 'wrong')).status).toBe(403);
  await site.loggedIn('user3', password);
});

const away =
  "You can't be logged in at the moment: the service that checks passwords (Berth) can't do it. Try again in a minute; if it stays so, tell your administrator.";

test('with no directory a login is told so at once, and works again after', async () => {
  await site.directory.stop();
  const begun = Date.now();
  const page = await submit('user4', password);
  expect(Date.now() - begun).toBeLessThan(5000);
  expect([page.status, textOf(page)]).toEqual([503, expect.stringContaining(away)]);
  expect(await lastAudit()).toMatchObject({ outcome: 'failed', code: 'directory-unreachable' });
  expect(site.stack.hub.log()).toMatch(/a login failed, not by the user's doing: directory-unreachable/);
  await site.directory.start();
  // Nor has that counted as a wrong password.
  await site.loggedIn('user4', password);
}, 60_000);

test('with a directory that hangs, logins end within their limit, and nobody else waits', async () => {
  const browser = await site.loggedIn('user1', password);
  site.directory.freeze();
  const delays: number[] = [];
  try {
    const begun = Date.now();
    let hanging = true;
    const logins = Promise.all(Array.from({ length: 10 }, (_, index) => submit(`user${1 + (index % 4)}`, password)));
    const ended = logins.finally(() => (hanging = false));
    while (hanging) {
      const asked = Date.now();
      expect(await site.stack.berth.status('/healthz')).toBe(200);
      await site.stack.berth.get('/v1/servers');
      expect((await fetch(`${site.stack.hub.origin}/hub/health`)).status).toBe(200);
      delays.push(Date.now() - asked);
      await sleep(100);
    }
    const pages = await ended;
    expect(Date.now() - begun).toBeLessThan(9000);
    for (const page of pages.filter(({ status }) => status !== 429)) {
      expect([page.status, textOf(page)]).toEqual([503, expect.stringContaining(away)]);
    }
    expect(pages.filter(({ status }) => status === 503).length).toBeGreaterThanOrEqual(7);
  } finally {
    site.directory.thaw();
  }
  expect(delays.length).toBeGreaterThan(10);
  expect(Math.max(...delays)).toBeLessThan(1000);
  expect((await browser.open('/hub/home')).path).toBe('/hub/home');
}, 60_000);
