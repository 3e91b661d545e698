import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { join } from 'node:path';
import { connect } from './connection.ts';
import { openStore } from './open-store.ts';
import { anyUser } from './testing/arbitraries.ts';
import { noon, storeErrorOf, temporaryFolder, user } from './testing/state-folder.ts';

test('any user comes back from a new process as it was saved', async () => {
  using folder = temporaryFolder();
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(anyUser, { selector: ({ name }) => name, maxLength: 4 }), async (users) => {
      const writer = await openStore({ folder: folder.path });
      for (const { name } of await writer.loadUsers()) await writer.removeUser(name);
      for (const one of users) await writer.saveUser(one);
      await writer.close();
      const reader = await openStore({ folder: folder.path });
      const loaded = await reader.loadUsers();
      await reader.close();
      expect(loaded).toHaveLength(users.length);
      expect(loaded).toEqual(expect.arrayContaining(users));
    }),
    { numRuns: 60 },
  );
}, 60_000);

test('a user is as it was saved last, and gone once removed; the others stay', async () => {
  using folder = temporaryFolder();
  const store = await openStore({ folder: folder.path });
  await store.saveUser(user());
  await store.saveUser(user({ name: 'user2', account: undefined, displayName: undefined }));
  const again = user({ sid: 'S-1-5-21-9-9-9-1001', admin: true, logins: [], groups: [] });
  await store.saveUser(again);
  expect(await store.loadUsers()).toStrictEqual([
    again,
    user({ name: 'user2', account: undefined, displayName: undefined }),
  ]);
  await store.removeUser('user1');
  await store.removeUser('nobody');
  expect((await store.loadUsers()).map(({ name }) => name)).toEqual(['user2']);
  await store.close();
});

test.each([
  ['no JSON', "details = '{'", 'details is not JSON'],
  ['another shape', "details = '[]'", 'details is no object'],
  ['a part missing', "details = '{}'", 'principal is no text'],
  ['neither admin nor not', "details = json_set(details, '$.admin', 'x')", 'admin is neither true nor false'],
  ['groups that are no list', "details = json_set(details, '$.groups', 'x')", 'groups is no list'],
  ['a login at no time', "details = json_set(details, '$.logins[0].at', 'x')", 'at is no whole number'],
  ['an account without a uid', "details = json_remove(details, '$.account.uid')", 'uid is no whole number'],
  ['half a number for a gid', "details = json_set(details, '$.account.gid', 0.5)", 'gid is no whole number'],
  ['a date beyond all dates', 'confirmed_at = 9000000000000000', 'confirmed_at is no date'],
])('a user row with %s is left out with a warning, kept, and the others load', async (_, change, reason) => {
  using folder = temporaryFolder();
  const warnings: string[] = [];
  const log = { info: () => undefined, warn: (text: string) => void warnings.push(text) };
  const store = await openStore({ folder: folder.path, log });
  await store.saveUser(user({ name: 'bad' }));
  await store.saveUser(user({ name: 'good' }));
  const other = connect(join(folder.path, 'berth.db'));
  other.exec(`UPDATE users SET ${change} WHERE name = 'bad'`);
  expect(await store.loadUsers()).toEqual([user({ name: 'good' })]);
  expect(warnings).toEqual([`The record of user "bad" can't be read and is left as it is: ${reason}.`]);
  await store.prune(new Date(8e15));
  expect(other.prepare("SELECT count(*) AS n FROM users WHERE name = 'bad'").get()).toEqual({ n: 1 });
  other.close();
  await store.saveUser(user({ name: 'bad' }));
  expect(await store.loadUsers()).toHaveLength(2);
  await store.close();
});

test.each([
  ['confirmed', { confirmedAt: new Date(NaN) }],
  ['logged in', { logins: [{ hub: 'default', at: new Date(NaN) }] }],
])('a user %s at no time at all is not written over the one before', async (_, change) => {
  using folder = temporaryFolder();
  const store = await openStore({ folder: folder.path, clock: () => noon });
  await store.saveUser(user());
  expect(await storeErrorOf(() => store.saveUser(user(change)))).toMatchObject({
    code: 'failed',
    message: expect.stringContaining('an invalid date'),
  });
  expect(await store.loadUsers()).toEqual([user()]);
  await store.close();
});
