import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { chmod, link, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findKeytab, keytabName } from './keytab.ts';

const uid = process.getuid?.() ?? 0;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keytabs-'));
  await writeFile(join(folder, 'user1.keytab'), 'keys', { mode: 0o600 });
});
afterEach(() => rm(folder, { recursive: true }));

test('a keytab is found by the name of its user', async () => {
  expect(await findKeytab(folder, 'user1', uid)).toBe(join(folder, 'user1.keytab'));
  expect(await findKeytab(folder, 'user2', uid)).toBeUndefined();
});

test.each(['', '.', '..', '../user1', '.hidden', 'a/b', 'a..b', '-x', 'a\0b', 'a\nb', 'x'.repeat(201)])(
  'the name %j leads to no keytab',
  async (name) => {
    expect(keytabName(name)).toBeUndefined();
    await expect(findKeytab(folder, name, uid)).rejects.toMatchObject({ code: 'ticket-unsafe' });
  },
);

test.each(['user1', 'anna.berg', 'bank\\user1', 'domain^users', 'Ирина', 'user one'])('the name %j does', (name) => {
  expect(keytabName(name)).toBe(`${name}.keytab`);
});

test.each([
  ['readable by others', () => chmod(join(folder, 'user1.keytab'), 0o640), 'chmod 600'],
  ['with a second name', () => link(join(folder, 'user1.keytab'), join(folder, 'other')), 'hard link'],
  ['in a folder where others may write', () => chmod(folder, 0o770), 'chmod go-w'],
])('a keytab %s is refused', async (_, spoil, words) => {
  await spoil();
  await expect(findKeytab(folder, 'user1', uid)).rejects.toMatchObject({
    code: 'ticket-unsafe',
    message: expect.stringContaining(words),
  });
});

test('a link and a directory in place of a keytab are refused', async () => {
  await symlink('user1.keytab', join(folder, 'user2.keytab'));
  await mkdir(join(folder, 'user3.keytab'));
  await expect(findKeytab(folder, 'user2', uid)).rejects.toMatchObject({ code: 'ticket-unsafe' });
  await expect(findKeytab(folder, 'user3', uid)).rejects.toMatchObject({ code: 'ticket-unsafe' });
});

test('a keytab of another owner is refused', async () => {
  await expect(findKeytab(folder, 'user1', uid + 1)).rejects.toMatchObject({ code: 'ticket-unsafe' });
});
