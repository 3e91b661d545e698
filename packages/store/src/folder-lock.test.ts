import { expect, test } from '@jest/globals';
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lockFolder } from './folder-lock.ts';
import { openStore } from './open-store.ts';
import { storeErrorOf, temporaryFolder } from './testing/state-folder.ts';

test('a locked folder is refused with its name and the holder, until it is released', async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'state');
  const lock = lockFolder(path);
  expect(statSync(path).mode & 0o777).toBe(0o700);
  const error = await storeErrorOf(() => lockFolder(path));
  expect(error).toMatchObject({
    code: 'in-use',
    message: expect.stringContaining(`${path} is in use by process ${process.pid}`),
  });
  lock.release();
  lock.release();
  expect(existsSync(join(path, 'pid'))).toBe(false);
  lockFolder(path).release();
});

test.each([
  ['of a process that is gone', '2147483646\n'],
  ['that is garbage', 'root\n'],
  ['that is empty', ''],
])('a pid file %s names nobody', async (_, content) => {
  using folder = temporaryFolder();
  const lock = lockFolder(folder.path);
  writeFileSync(join(folder.path, 'pid'), content);
  expect((await storeErrorOf(() => lockFolder(folder.path))).message).toContain('in use by another process');
  lock.release();
});

test('a pid file that was left behind locks nothing', () => {
  using folder = temporaryFolder();
  writeFileSync(join(folder.path, 'pid'), `${process.pid}\n`);
  const lock = lockFolder(folder.path);
  expect(lock.folder).toBe(folder.path);
  lock.release();
});

test('a path that can be no folder is refused with a sentence', async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'file');
  writeFileSync(path, '');
  for (const impossible of [path, join(path, 'below')]) {
    const error = await storeErrorOf(() => openStore({ folder: impossible }));
    expect(error.code).toBe('unreadable');
    expect(error.message).toMatch(`The state folder ${impossible} can't be used`);
  }
});

test('a lock file that is something else is refused, not overwritten', async () => {
  using folder = temporaryFolder();
  mkdirSync(join(folder.path, 'lock.db'));
  expect((await storeErrorOf(() => lockFolder(folder.path))).message).toContain(join(folder.path, 'lock.db'));
});

test('a store takes over the lock that its caller holds, and gives it up when it closes', async () => {
  using folder = temporaryFolder();
  const lock = lockFolder(folder.path);
  const store = await openStore({ folder: folder.path, lock });
  expect((await storeErrorOf(() => openStore({ folder: folder.path }))).code).toBe('in-use');
  await store.close();
  lockFolder(folder.path).release();
});

test('a store that could not be opened leaves no lock', async () => {
  using folder = temporaryFolder();
  writeFileSync(join(folder.path, 'berth.db'), 'no database');
  for (const _pass of ['first', 'second']) {
    expect((await storeErrorOf(() => openStore({ folder: folder.path }))).code).toBe('damaged');
  }
});
