import { DirectoryError, LoginRefused } from '@berth/ad-authenticator';
import { IdentityError } from '@berth/identity';
import { TicketError } from '@berth/krb5-ccache';
import { expect, test } from '@jest/globals';
import { directoryAccount, keptTicket, LoginWorld, noon, posixAccount, rightPassword } from './testing/login-world.ts';

const hub = { role: 'hub', hub: 'default' } as const;
const admin = { role: 'admin' } as const;

test('whoever the directory lets in is known by the name that the directory writes, as account and principal', async () => {
  const world = new LoginWorld();
  const user = await world.logIn({ username: 'BANK\\USER1' });
  expect(user).toMatchObject({
    name: 'user1',
    sid: 'S-1-5-21-1-2-3-1104',
    principal: 'User1@CORP.EXAMPLE.TEST',
    account: { uid: 10_001, name: 'BANK\\user1' },
    allowedBy: 'BANK\\domain^users',
    logins: [{ hub: 'default', at: noon }],
    confirmedAt: noon,
    ticket: { source: 'password' },
    notices: [],
  });
  expect(world.records.saved.get('user1')).toMatchObject({ sid: user.sid });
  expect(world.obtained).toMatchObject([{ owner: { uid: 10_001, gid: 10_000, username: 'User1' } }]);
  expect(await world.users.get('user1', hub, new AbortController().signal)).toEqual(user);
});

test('the password is in no record, no audit event and no log line', async () => {
  const world = new LoginWorld();
  const user = await world.logIn();
  await expect(world.logIn({ password: `${rightPassword}x` })).rejects.toThrow(LoginRefused);
  const everything = JSON.stringify([user, [...world.records.saved.values()], world.audited, world.logged]);
  expect(everything).not.toContain(rightPassword);
});

test('a login is audited with who, from where, and what let the user in', async () => {
  const world = new LoginWorld({ proxies: ['10.0.0.0/8'] });
  await world.logIn({ remoteAddress: '10.1.1.1', forwardedFor: ['203.0.113.7'] });
  expect(world.audited).toEqual([
    {
      event: 'login',
      outcome: 'ok',
      by: 'hub default',
      address: '203.0.113.7',
      user: 'user1',
      sid: 'S-1-5-21-1-2-3-1104',
      allowedBy: 'BANK\\domain^users',
    },
  ]);
});

test('what a hub says in place of an address is not written down', async () => {
  const world = new LoginWorld();
  await world.logIn({ remoteAddress: 'my-secret-in-the-wrong-field' });
  await world.logIn({ remoteAddress: '203.0.113.7' });
  expect(world.audited.map(({ address }) => address)).toEqual([undefined, '203.0.113.7']);
});

test('what was typed as a name that nobody has is not written down: it may be a password', async () => {
  const world = new LoginWorld();
  await expect(world.logIn({ username: 'my-secret-typed-too-early', password: 'x' })).rejects.toThrow(LoginRefused);
  expect(world.audited).toMatchObject([
    { outcome: 'refused', code: 'credentials-wrong', unknownUser: expect.anything() },
  ]);
  expect(JSON.stringify(world.audited)).not.toContain('my-secret');
});

test('wrong passwords are stopped below the lock-out of the directory, whichever way the name is written', async () => {
  const world = new LoginWorld();
  for (const username of ['user1', 'USER1', 'BANK\\user1'])
    await expect(world.logIn({ username, password: 'x' })).rejects.toMatchObject({ code: 'credentials-wrong' });
  await expect(world.logIn({ username: 'user1@corp.example.test' })).rejects.toMatchObject({
    code: 'login-throttled',
    retryAfterSeconds: 1700,
    message: 'Too many attempts to log in for this account. Try again in 29 minutes.',
  });
  expect(world.audited.at(-1)).toMatchObject({ outcome: 'refused', code: 'login-throttled' });
});

test('two names of one account share its wrong passwords', async () => {
  const world = new LoginWorld();
  world.accounts.set('one.user', directoryAccount());
  for (const username of ['user1', 'one.user', 'user1'])
    await expect(world.logIn({ username, password: 'x' })).rejects.toMatchObject({ code: 'credentials-wrong' });
  await expect(world.logIn({ username: 'one.user' })).rejects.toMatchObject({ code: 'login-throttled' });
});

test('a right password forgets the wrong ones before it', async () => {
  const world = new LoginWorld();
  for (let round = 0; round < 4; round++) {
    await expect(world.logIn({ password: 'x' })).rejects.toThrow(LoginRefused);
    await world.logIn();
  }
});

test('many attempts at once are no more than many in turn', async () => {
  const world = new LoginWorld();
  const answers = await Promise.allSettled(Array.from({ length: 20 }, () => world.logIn({ password: 'x' })));
  const codes = answers.map((answer) => (answer.status === 'rejected' ? answer.reason.code : 'in'));
  expect(codes.filter((code) => code === 'credentials-wrong')).toHaveLength(3);
  expect(codes.filter((code) => code === 'login-throttled')).toHaveLength(17);
});

test('an attempt that nobody could decide does not count', async () => {
  const world = new LoginWorld();
  for (let round = 0; round < 10; round++) {
    world.directoryFailure = new DirectoryError('directory-unreachable', 'No domain controller answers.');
    await expect(world.logIn()).rejects.toMatchObject({ code: 'directory-unreachable' });
  }
  expect(world.audited.at(-1)).toMatchObject({ outcome: 'failed', code: 'directory-unreachable' });
  await world.logIn();
});

test('one address can try many names only so often, once proxies are declared', async () => {
  const world = new LoginWorld({ proxies: [] });
  const names = ['a1', 'b2', 'c3', 'd4', 'e5', 'f6'];
  const codes: string[] = [];
  for (const username of names)
    await world.logIn({ username, password: 'x', remoteAddress: '203.0.113.7' }).catch((e) => codes.push(e.code));
  expect(codes).toEqual([...Array.from({ length: 5 }, () => 'credentials-wrong'), 'login-throttled']);
  await world.logIn({ remoteAddress: '203.0.113.8' });
  const undeclared = new LoginWorld();
  for (const username of names)
    await expect(undeclared.logIn({ username, password: 'x' })).rejects.toMatchObject({ code: 'credentials-wrong' });
});

test('a name that is another account now is refused until an admin has forgotten the first', async () => {
  const world = new LoginWorld();
  await world.logIn();
  world.accounts.set('user1', directoryAccount({ sid: 'S-1-5-21-1-2-3-2222' }));
  await expect(world.logIn()).rejects.toMatchObject({ code: 'name-rebound' });
  expect(world.audited.at(-1)).toMatchObject({ outcome: 'refused', code: 'name-rebound', user: 'user1' });
  expect(world.records.saved.get('user1')?.sid).toBe('S-1-5-21-1-2-3-1104');
  await world.users.forget('user1', admin);
  expect(world.wiped).toEqual([10_001]);
  expect(await world.logIn()).toMatchObject({ sid: 'S-1-5-21-1-2-3-2222' });
});

test('two accounts with one uid never both log in', async () => {
  const world = new LoginWorld();
  await world.logIn();
  world.accounts.set('user2', directoryAccount({ sAMAccountName: 'user2', sid: 'S-1-5-21-1-2-3-5' }));
  world.posix.set('user2', posixAccount({ name: 'BANK\\user2' }));
  await expect(world.logIn({ username: 'user2' })).rejects.toMatchObject({ code: 'uid-collision' });
  expect(world.records.saved.has('user2')).toBe(false);
  expect(world.obtained).toHaveLength(1);
});

test('an account that may not run notebooks is told why, and leaves nothing behind', async () => {
  const world = new LoginWorld();
  world.posixFailure = new IdentityError('account-unsafe', 'Its uid 0 lies below 1000.');
  await expect(world.logIn()).rejects.toMatchObject({ code: 'account-unsafe' });
  expect([world.records.saved.size, world.obtained.length]).toEqual([0, 0]);
});

test('without a ticket the user is in, and is told', async () => {
  const world = new LoginWorld();
  world.ticketFailure = new TicketError('kdc-unreachable', 'No KDC answered within 10 s.');
  const { ticket, notices } = await world.logIn();
  expect({ ticket, notices }).toEqual({
    ticket: undefined,
    notices: ['Your login brought no Kerberos ticket: No KDC answered within 10 s.'],
  });
  world.ticketFailure = undefined;
  expect((await world.logIn()).notices).toEqual([]);
});

test('a record that cannot be written is a failed login', async () => {
  const world = new LoginWorld();
  world.records.failure = new Error('disk full');
  await expect(world.logIn()).rejects.toThrow('disk full');
  expect(world.known.get('user1')).toBeUndefined();
});

test('without a directory nobody logs in here', async () => {
  const world = new LoginWorld({ directory: false });
  expect(world.users.login).toBe('none');
  await expect(world.logIn()).rejects.toMatchObject({ code: 'login-not-configured' });
});

test('logins are counted by outcome, tickets by state', async () => {
  const world = new LoginWorld();
  await world.logIn();
  await world.logIn({ password: 'x' }).catch(() => undefined);
  world.directoryFailure = new TypeError('a mistake');
  await world.logIn().catch(() => undefined);
  world.kept.set(2, keptTicket({ uid: 2, endsAt: noon }));
  world.kept.set(3, keptTicket({ uid: 3, problem: 'No KDC answers.' }));
  const { logins, tickets } = world.users.counts();
  expect(Object.fromEntries(logins)).toEqual({ ok: 1, 'credentials-wrong': 1, internal: 1 });
  expect(tickets).toEqual({ good: 1, failing: 1, ended: 1 });
});
