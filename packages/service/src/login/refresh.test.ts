import { DirectoryError, LoginRefused, type LoginRefusalCode } from '@berth/ad-authenticator';
import { IdentityError } from '@berth/identity';
import { expect, test } from '@jest/globals';
import { directoryAccount, keptTicket, LoginWorld } from './testing/login-world.ts';

const hub = { role: 'hub', hub: 'default' } as const;
const signal = new AbortController().signal;

async function loggedIn(): Promise<LoginWorld> {
  const world = new LoginWorld();
  await world.logIn();
  return world;
}

test('a refresh brings what has changed in the directory', async () => {
  const world = await loggedIn();
  world.later(600);
  world.accounts.set('user1', directoryAccount({ admin: true, hubGroups: ['BANK\\risk'] }));
  const { user, ...answer } = await world.users.refresh('user1', hub, signal);
  expect(answer).toEqual({ loggedIn: true, asked: true, reason: undefined });
  expect(user).toMatchObject({ admin: true, groups: ['BANK\\risk'], confirmedAt: world.now });
});

test.each<[LoginRefusalCode]>([['account-unknown'], ['account-disabled'], ['account-expired'], ['group-missing']])(
  '%s logs out, and a new start needs a new login',
  async (code) => {
    const world = await loggedIn();
    world.directoryFailure = new LoginRefused(code, 'No.');
    expect(await world.users.refresh('user1', hub, signal)).toMatchObject({
      loggedIn: false,
      asked: true,
      reason: 'No.',
    });
    expect(world.records.saved.get('user1')?.logins).toEqual([]);
    expect(world.audited.at(-1)).toMatchObject({ event: 'refresh', outcome: 'refused', code, by: 'hub default' });
    await expect(world.users.get('user1', hub, signal)).rejects.toThrow('No user user1 is known here.');
  },
);

test.each<[LoginRefusalCode]>([['account-locked'], ['logon-hours'], ['password-expired'], ['password-must-change']])(
  '%s does not log out: others can cause it, or it passes',
  async (code) => {
    const world = await loggedIn();
    world.directoryFailure = new LoginRefused(code, 'Not now.');
    expect(await world.users.refresh('user1', hub, signal)).toMatchObject({ loggedIn: true, reason: 'Not now.' });
  },
);

test('an account whose uid became unsafe is logged out', async () => {
  const world = await loggedIn();
  world.posixFailure = new IdentityError('account-unsafe', 'Its uid lies below 1000.');
  expect(await world.users.refresh('user1', hub, signal)).toMatchObject({ loggedIn: false, asked: true });
});

test('while nobody can be asked the user stays, for as long as the grace', async () => {
  const world = await loggedIn();
  const unreachable = () => (world.directoryFailure = new DirectoryError('directory-unreachable', 'Nobody answers.'));
  world.later(3600);
  unreachable();
  expect(await world.users.refresh('user1', hub, signal)).toMatchObject({
    loggedIn: true,
    asked: false,
    reason: 'Nobody answers.',
  });
  world.later(1);
  unreachable();
  expect(await world.users.refresh('user1', hub, signal)).toMatchObject({ loggedIn: false, asked: false });
  // That was nobody's no: once the directory answers, the user is in again.
  expect(await world.users.refresh('user1', hub, signal)).toMatchObject({ loggedIn: true, asked: true });
});

test('a name service that is away is nobody to ask', async () => {
  const world = await loggedIn();
  world.posixFailure = new IdentityError('name-service-failed', 'getent did not answer.');
  expect(await world.users.refresh('user1', hub, signal)).toMatchObject({ loggedIn: true, asked: false });
});

test("another hub's users are nobody here", async () => {
  const world = await loggedIn();
  const other = { role: 'hub', hub: 'other' } as const;
  await expect(world.users.refresh('user1', other, signal)).rejects.toMatchObject({ code: 'user-not-found' });
  await expect(world.users.get('user1', other, signal)).rejects.toThrow('known here');
  await expect(world.users.destroyTicket('user1', other, signal)).rejects.toMatchObject({ code: 'user-not-found' });
  expect(world.users.notices('user1', other)).toEqual([]);
});

test('where hubs have authenticators of their own, an admin sees and destroys the ticket of who has no server any more', async () => {
  const world = new LoginWorld({ directory: false });
  const admin = { role: 'admin' } as const;
  world.kept.set(10_001, keptTicket());
  expect(await world.users.get('user1', admin, signal)).toMatchObject({
    ...{ name: 'user1', sid: undefined, principal: 'User1@CORP.EXAMPLE.TEST' },
    ...{ account: { uid: 10_001, home: '/home/BANK/user1' }, ticket: { source: 'password' } },
  });
  expect(await world.users.destroyTicket('user1', admin, signal)).toMatchObject({ ticket: undefined });
  expect(world.wiped).toEqual([10_001]);
  await expect(world.users.destroyTicket('user1', hub, signal)).rejects.toMatchObject({ code: 'user-not-found' });
});
