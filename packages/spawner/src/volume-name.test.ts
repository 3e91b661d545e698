import { expect, test } from '@jest/globals';
import { volumeName } from './volume-name.ts';

/** The right-hand sides are what DockerSpawner 14.0.0 makes of the same template and names. */
test.each([
  ['jupyterhub-user-{username}', 'user1', '', 'jupyterhub-user-user1'],
  ['jupyterhub-user-{username}', 'bank\\user1', '', 'jupyterhub-user-bank-5cuser1'],
  ['jupyterhub-user-{username}', 'User-1', '', 'jupyterhub-user--55ser-2d1'],
  ['jupyterhub-user-{username}', 'ана', '', 'jupyterhub-user--d0-b0-d0-bd-d0-b0'],
  ['jupyterhub-user-{username}', 'a b', '', 'jupyterhub-user-a-20b'],
  ['jupyterhub-user-{username}', 'a\tb', '', 'jupyterhub-user-a-9b'],
  ['{username}--{servername}', 'x', 'My Lab', 'x--my-20lab'],
  ['/home/{username}', '../x', '', '/home/-2e-2e-2fx'],
  ['v-{legacy_username}', 'bank\\User-1', '', 'v-bank_5CUser-1'],
  ['v-{legacy_username}', 'a_b', '', 'v-a_5Fb'],
])('%s for %s / "%s" is %s', (template, user, serverName, name) => {
  expect(volumeName(template, { user, serverName })).toBe(name);
});

test('a field that is none is named, with those there are', () => {
  expect(() => volumeName('{usrname}', { user: 'x', serverName: '' })).toThrow(
    '{usrname} is not one of {username}, {servername}, {legacy_username}, {legacy_servername} in "{usrname}"',
  );
});

test('a name of up to 255 bytes stays as it is; a longer one ends in a hash, distinct and always the same', () => {
  const named = (user: string) => volumeName('v-{username}', { user, serverName: '' });
  expect(named('a'.repeat(253))).toBe(`v-${'a'.repeat(253)}`);
  const long = named('a'.repeat(254));
  expect(long).toMatch(/^v-a{236}-[a-z2-7]{16}$/);
  expect(named('a'.repeat(254))).toBe(long);
  expect(named('a'.repeat(255))).not.toBe(long);
  expect(named('ана'.repeat(80))).toHaveLength(255);
});

test('in a path each folder is shortened by itself', () => {
  const path = volumeName('/données/{username}/{servername}', { user: 'ж'.repeat(100), serverName: 'x' });
  expect(path).toMatch(/^\/données\/[a-z0-9-]{255}\/x$/);
});
