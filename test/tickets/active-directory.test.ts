import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTicketKeeper, nodeTimers, type TicketKeeper, type TicketOwner } from '@berth/krb5-ccache';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Directory } from '../stack/directory.ts';
import { runCommand } from '../stack/run-command.ts';
import { testFolder } from '../stack/shared-engine.ts';
import { never } from './ticket-world.ts';

const PASSWORD = 'first pässword 1';
let directory: Directory;
let keeper: TicketKeeper;
let runtime: string;

beforeAll(async () => {
  const folder = await testFolder();
  runtime = join(folder, 'run');
  directory = await Directory.start({ folder: join(folder, 'ad') });
  for (const name of ['user1', 'disabled', 'expired', 'must-change', 'user two'])
    await directory.accounts.createUser({ name, password: PASSWORD });
  await directory.accounts.disable('disabled');
  await directory.accounts.expire('expired');
  await directory.accounts.mustChange('must-change');
  const quiet = (): void => undefined;
  keeper = createTicketKeeper(
    {
      ...{ runtime, krb5Conf: directory.krb5ConfFile, sources: ['password'], kinit: '/usr/bin/kinit', kinitAtOnce: 8 },
      ...{ kinitSeconds: 10, minimumLifeSeconds: 598, lifetimeSeconds: 600, renewLifetimeSeconds: 604_800 },
    },
    { log: { info: quiet, warn: quiet }, now: () => new Date(), timers: nodeTimers, random: Math.random, uid: 0 },
  );
  await keeper.open();
});
afterAll(async () => {
  await keeper?.close();
  await directory?.remove();
});

const owner = (username: string, uid = 12_001): TicketOwner => ({
  ...{ uid, gid: uid, username },
  principal: `${username}@${directory.realm}`,
});

test('the directory gives a ticket by which LDAP answers', async () => {
  const kept = await keeper.obtain(owner('user1'), PASSWORD, never);
  expect(kept.renewTill).toBeDefined();
  const env = {
    PATH: '/usr/bin:/bin',
    KRB5_CONFIG: directory.krb5ConfFile,
    KRB5CCNAME: `FILE:${runtime}/krb5/12001/krb5cc`,
  };
  // Samba lets nobody search without a bind.
  const search = ['-LLL', '-b', directory.baseDn, '(sAMAccountName=user1)', 'sAMAccountName'];
  const words = ['-Q', '-N', '-Y', 'GSSAPI', '-H', directory.ldapUrl, ...search];
  expect(await runCommand('ldapsearch', words, { env })).toContain('sAMAccountName: user1\n');
});

test.each(['USER1', 'User1'])('the name typed as %s is the same account', async (name) => {
  const kept = await keeper.obtain(owner(name), PASSWORD, never);
  expect(kept.principal.toLowerCase()).toBe(`user1@${directory.realm}`.toLowerCase());
});

test('a name with a space has a ticket', async () => {
  expect((await keeper.obtain(owner('user two', 12_002), PASSWORD, never)).endsAt.getTime()).toBeGreaterThan(
    Date.now(),
  );
});

test('a ticket is renewed by the directory for a start that needs more life than it has', async () => {
  const first = await keeper.obtain(owner('user1'), PASSWORD, never);
  await sleep(3000);
  const { ticket } = await keeper.prepare(owner('user1'), never);
  expect(ticket.endsAt.getTime()).toBeGreaterThan(first.endsAt.getTime());
  expect(ticket.renewTill).toEqual(first.renewTill);
});

test.each([
  ['a wrong password', 'user1', 'wrong', 'refused the password'],
  ['a disabled account', 'disabled', PASSWORD, 'disabled or locked'],
  ['an unknown account', 'nobody', PASSWORD, 'knows no nobody@'],
  ['a password that must be changed', 'must-change', PASSWORD, 'must be changed'],
  ['an expired account', 'expired', PASSWORD, 'expired'],
])('%s is refused with its reason', async (_, name, password, words) => {
  await expect(keeper.obtain(owner(name, 12_003), password, never)).rejects.toMatchObject({
    code: 'ticket-refused',
    message: expect.stringContaining(words),
  });
});
