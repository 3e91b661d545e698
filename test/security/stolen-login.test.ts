/** What whoever holds a hub's token may do and may not where users come from a directory: tried against a real one. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DirectoryStack } from '../stack/directory-stack.ts';
import { docker, sharedEngine, testFolder } from '../stack/shared-engine.ts';
import { inspect } from './inspected.ts';
import { TokenHolder, type Answer } from './token-holder.ts';

const engine = sharedEngine();
const password = 'Pa55-of-everybody';
/** Accounts of the directory that must never be those of a notebook, whatever password they have. */
const unsafe = ['root', '0', '1001', '-x', 'nobody'];
const login = { allow: ['BANK\\risk analysts'], throttle: { attempts: 4 } };

let bank: DirectoryStack;
let thief: TokenHolder;
let other: TokenHolder;

beforeAll(async () => {
  bank = await DirectoryStack.start({
    folder: await testFolder(),
    engine,
    images: [engine.tinyImage],
    async prepare(accounts) {
      await accounts.createGroup({ name: 'risk analysts' });
      const names = ['user1', 'user2', 'user3', 'guessed', 'throttled', 'leaver'];
      for (const name of [...names, ...unsafe])
        await accounts.createUser({ name, password, groups: ['risk analysts'] });
    },
    login,
    berthConfiguration: { hubs: [{ name: 'default' }, { name: 'other' }] },
  });
  const { berth } = bank.stack;
  thief = await TokenHolder.of(berth, 'hub.token', 'default');
  other = await TokenHolder.of(berth, 'hub-other.token', 'other');
  const answers = [await logIn(thief, 'user1'), await logIn(thief, 'leaver'), await logIn(other, 'user2')];
  for (const { status, text } of answers) if (status !== 200) throw new Error(text);
}, 240_000);

afterAll(async () => {
  await bank?.remove();
});

async function logIn(hub: TokenHolder, username: string, typed: object = { password }): Promise<Answer> {
  return hub.send('POST', '/v1/logins', { username, remoteAddress: '192.0.2.7', ...typed });
}

/** How a start ends: its code, where it was refused at once or failed, else its state; and whether a container was made. */
async function outcome(user: string, more: object = {}): Promise<[string, number]> {
  const { status, json } = await thief.put(user, '', more);
  const code = status < 300 ? await ending(user) : String(json?.['code']);
  const made = (await bank.stack.containers()).filter(({ Config }) => Config.Labels['berth.user'] === user);
  return [code, made.length];
}

async function ending(user: string): Promise<string> {
  const { status } = await thief.settled(user);
  return status.failure?.code ?? status.state;
}

test.each([
  ['who never logged in', 'user3'],
  ['who logged in through another hub only', 'user2'],
  ['whom the directory does not know', 'nobody-of-that-name'],
])('no server of a user %s is started: no uid, no home, no ticket', async (_, user) => {
  expect(await outcome(user)).toEqual(['login-required', 0]);
  expect(await stat(join(bank.homes, user)).catch((error: { code: string }) => error.code)).toBe('ENOENT');
});

test.each([
  { uid: 0 },
  { gid: 0 },
  { groups: [0] },
  { account: { name: 'root', uid: 0 } },
  { home: '/etc' },
  { principal: 'user2@CORP.EXAMPLE.TEST' },
  { sid: 'S-1-5-21-1-2-3-500' },
  { ticket: '/run/berth/tickets' },
  { krb5ccname: 'FILE:/tmp/krb5cc_0' },
  { trustHub: true },
  { loggedIn: true },
])('a start that says %j of its user is refused by the contract', async (field) => {
  expect(await outcome('user1', field)).toEqual(['request-invalid', 0]);
});

test.each(['HOME', 'USER', 'LOGNAME', 'KRB5CCNAME', 'KRB5_CONFIG', 'KRB5_KTNAME'])(
  'a start that sets %s of its user is refused',
  async (name) => {
    expect(await outcome('user1', { environment: { [name]: '/home/user2' } })).toEqual(['environment-not-allowed', 0]);
  },
);

test.each([
  ['an empty password', { password: '' }],
  ['none', {}],
  ['null for a password', { password: null }],
  ['true for a password', { password: true }],
  ['a list with the password', { password: [password] }],
  ['NUL before the password', { password: `\0${password}` }],
  ['NUL behind the password', { password: `${password}\0` }],
  ['the password in capitals', { password: password.toUpperCase() }],
  ['the password under another name', { passwd: password }],
])('nobody is logged in by %s', async (_, typed) => {
  expect([400, 401]).toContain((await logIn(thief, 'guessed', typed)).status);
  expect((await thief.send('GET', '/v1/users/guessed')).status).toBe(404);
  expect(await outcome('guessed')).toEqual(['login-required', 0]);
  // The right password, through the other hub, makes the throttle forget these attempts.
  expect((await logIn(other, 'guessed')).status).toBe(200);
});

test('asking again whether a user may stay makes nobody known', async () => {
  for (const user of ['user3', 'user2']) {
    expect((await thief.send('POST', `/v1/users/${user}/refresh`)).json?.['code']).toBe('user-not-found');
    expect(await outcome(user)).toEqual(['login-required', 0]);
  }
});

test.each([
  ['GET', '/v1/users/user1/explain'],
  ['GET', '/v1/users/user2/explain'],
  ['DELETE', '/v1/users/user1'],
  ['DELETE', '/v1/users/user2'],
])('%s %s is not for a hub', async (method, path) => {
  const answer = await thief.send(method, path, undefined, { 'x-berth-role': 'admin' });
  expect([answer.status, answer.json?.['code']]).toEqual([403, 'role-insufficient']);
});

test.each([
  ['GET', ''],
  ['POST', '/refresh'],
  ['DELETE', '/ticket'],
])("%s of another hub's user, %s: the answer is the one for a user that doesn't exist", async (method, rest) => {
  const id = { 'x-request-id': 'r' };
  const theirs = await thief.send(method, `/v1/users/user2${rest}`, undefined, id);
  const nobodys = await thief.send(method, `/v1/users/no-such-user${rest}`, undefined, id);
  expect(theirs.status).toBe(404);
  expect(theirs.text.replaceAll('user2', 'NAME')).toBe(nobodys.text.replaceAll('no-such-user', 'NAME'));
  expect((await other.send('GET', '/v1/users/user2')).json?.['ticket']).not.toBeNull();
});

test("another hub's user shows in nothing that a hub is told of a user", async () => {
  const theirs = await thief.send('GET', `/v1/hub?user=user2&key=${thief.key('user2')}`);
  const nobodys = await thief.send('GET', `/v1/hub?user=no-such-user&key=${thief.key('no-such-user')}`);
  expect(theirs.text).toBe(nobodys.text);
});

/** Names that would lead elsewhere if any part of Berth took them for what they look like. */
const strange = [
  ...['../', '..', '.', '/', '../../etc', 'user1/../user2', '/etc/passwd'],
  ...[
    '0',
    '1001',
    'root',
    'BANK\\root',
    'root@corp.example.test',
    'BANK\\user2',
    'user2@corp.example.test',
    '-x',
    '--help',
  ],
  ...['user2\0', 'user1\0/../user2', 'a:b', 'user1:x:0:0::/:/bin/sh', 'user1\nroot:x:0:0', 'user1\r', 'x'.repeat(300)],
  ...[
    'user1\u202e',
    '\u200fuser1',
    'u\u0455er1',
    'user1 ',
    ' user1',
    'USER1',
    '*',
    'user1)(uid=*',
    '',
    '%75ser2',
    '$(id)',
  ],
];

test.each(strange)('a start for the name %j mounts and starts nothing', async (user) => {
  const [code, made] = await outcome(user);
  expect(['request-invalid', 'login-required', 'key-mismatch']).toContain(code);
  expect(made).toBe(0);
});

test.each(strange)('the name %j leads to no user and to no ticket', async (user) => {
  if (user === 'USER1') return expect((await thief.send('GET', '/v1/users/USER1')).status).toBe(404);
  for (const [method, rest] of [
    ['GET', ''],
    ['POST', '/refresh'],
    ['DELETE', '/ticket'],
  ] as const) {
    const answer = await thief.send(method, `/v1/users/${encodeURIComponent(user)}${rest}`);
    expect([400, 403, 404, 405]).toContain(answer.status);
  }
  expect((await thief.send('GET', '/v1/users/user1')).json?.['ticket']).not.toBeNull();
});

test.each(unsafe)('the directory’s own account %s, with its right password, is refused', async (name) => {
  const answer = await logIn(thief, name);
  expect([answer.status, answer.json?.['code']]).toEqual([403, 'account-unsafe']);
  expect(await outcome(name)).toEqual(['login-required', 0]);
});

test('it may start the server of who has logged in through that hub, with the account, the home and the ticket', async () => {
  expect(await outcome('user1')).toEqual(['running', 1]);
  const { Mounts, Config } = await inspect(engine, (await thief.server('user1')).container!.id);
  expect(Mounts.map(({ Destination }) => Destination).toSorted()).toEqual(
    ['/etc/group', '/etc/krb5.conf', '/etc/passwd', '/run/berth/krb5', join(bank.homes, 'user1')].toSorted(),
  );
  expect(Config.Env).toContain('KRB5CCNAME=FILE:/run/berth/krb5/krb5cc');
  const cache = await docker(
    engine,
    'exec',
    (await thief.server('user1')).container!.id,
    'ls',
    '-ln',
    '/run/berth/krb5/krb5cc',
  );
  expect(cache).toContain('-rw-------');
  await thief.stopped('user1');
});

test('it may do so once the grace is over too, as long as the directory says yes when it is asked; then no more', async () => {
  await bank.reconfigure({ login: { ...login, grace: '1s' }, hubs: [{ name: 'default' }, { name: 'other' }] });
  expect(await outcome('leaver')).toEqual(['login-required', 0]);
  expect((await thief.send('POST', '/v1/users/leaver/refresh')).json).toMatchObject({ loggedIn: true, asked: true });
  expect((await outcome('leaver'))[0]).toBe('running');
  await thief.stopped('leaver');
  await bank.accounts.disable('leaver');
  expect((await thief.send('POST', '/v1/users/leaver/refresh')).json).toMatchObject({ loggedIn: false, asked: true });
  expect((await outcome('leaver'))[0]).toBe('login-required');
  await bank.reconfigure();
});

test('it may destroy the tickets of its own users: their next start asks for a login', async () => {
  expect((await thief.send('DELETE', '/v1/users/user1/ticket')).json).toMatchObject({ name: 'user1', ticket: null });
  expect((await outcome('user1'))[0]).toBe('ticket-missing');
  expect((await logIn(thief, 'user1')).status).toBe(200);
});

test('it may try passwords up to the throttle, which then keeps the user out too, and the directory locks nobody', async () => {
  await bank.accounts.setLockoutPolicy({ wrongPasswords: 5, seconds: 600 });
  const codes: unknown[] = [];
  for (const spelling of [
    'throttled',
    'THROTTLED',
    'BANK\\throttled',
    'throttled@corp.example.test',
    'throttled',
    'Throttled',
  ])
    codes.push((await logIn(thief, spelling, { password: 'a wrong one' })).json?.['code']);
  expect(codes).toEqual([...Array(4).fill('credentials-wrong'), 'login-throttled', 'login-throttled']);
  const right = await logIn(other, 'throttled');
  expect([right.status, right.json?.['code']]).toEqual([429, 'login-throttled']);
  await bank.stack.berth.restart();
  expect((await logIn(other, 'throttled')).status).toBe(429);
  expect((await bank.accounts.state('throttled')) & 0x10).toBe(0);
});

test('whence a login comes is what the hub says, and by which hub is not', async () => {
  const body = { username: 'user1', password, remoteAddress: '198.51.100.9', forwardedFor: ['203.0.113.1'] };
  await thief.send('POST', '/v1/logins', body, { 'x-berth-hub': 'other' });
  expect((await bank.audit()).at(-1)).toMatchObject({ event: 'login', by: 'hub default', address: '198.51.100.9' });
});

test('each of its logins, refusals and destroyed tickets stands in the audit log', async () => {
  const lines = await bank.audit();
  const of = (event: string) => lines.filter((line) => line.event === event && line.by === 'hub default');
  expect(of('login').map(({ code }) => code)).toEqual(
    expect.arrayContaining(['credentials-wrong', 'login-throttled', 'account-unsafe']),
  );
  expect(of('ticket-destroyed')).toMatchObject([{ user: 'user1' }]);
});
