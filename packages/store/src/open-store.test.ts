import { expect, test } from '@jest/globals';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { migrations } from './migrations.ts';
import { connectForService, openStore } from './open-store.ts';
import {
  content,
  filled,
  noon,
  overwrite,
  record,
  sql,
  storeErrorOf,
  temporaryFolder,
} from './testing/state-folder.ts';

test.each<[string, string, RegExp, (file: string) => void]>([
  ['that is empty', 'damaged', /is empty/, (file) => truncateSync(file, 0)],
  ['that is something else', 'damaged', /is no SQLite database/, (file) => writeFileSync(file, 'x'.repeat(5000))],
  ['that is cut short in its header', 'damaged', /is no SQLite database/, (file) => truncateSync(file, 60)],
  ['that is cut short', 'damaged', /is damaged \(.+\)/, (file) => truncateSync(file, 8192)],
  ['with a page of noise', 'damaged', /is damaged \(.+\)/, (file) => overwrite(file, 4096, Buffer.alloc(4096, 0xa5))],
  ['with a page of zeros', 'damaged', /is damaged \(.+\)/, (file) => overwrite(file, 4096, Buffer.alloc(4096))],
  ['with a broken schema', 'damaged', /is damaged \(.+\)/, (file) => overwrite(file, 100, Buffer.alloc(300, 0xff))],
  [
    'of another program',
    'damaged',
    /is the database of another program/,
    (file) => sql(file, 'PRAGMA application_id = 7'),
  ],
  ['without a version', 'damaged', /has lost its version/, (file) => sql(file, 'PRAGMA user_version = 0')],
  [
    'of a newer Berth',
    'newer-version',
    new RegExp(
      `was written by a newer Berth \\(version 99 of its form; this Berth knows ${migrations.length}\\).*Run the newer Berth, or`,
    ),
    (file) => sql(file, 'PRAGMA user_version = 99'),
  ],
  ['that is a folder', 'unreadable', /can't be read|is no file/, (file) => (rmSync(file), mkdirSync(file))],
  [
    'that is a link to nothing',
    'unreadable',
    /can't be read \(ENOENT/,
    (file) => (rmSync(file), symlinkSync('x', file)),
  ],
])('a file %s is refused as %s, and left as it is', async (_, code, wrong, spoil) => {
  using folder = temporaryFolder();
  const { file, backup } = await filled(folder.path);
  spoil(file);
  const before = content(folder.path);
  for (const _pass of ['first', 'second']) {
    const error = await storeErrorOf(() => openStore({ folder: folder.path }));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(wrong);
    expect(error.message.startsWith(`${file} `)).toBe(true);
    expect(error.message).toContain(`copy ${backup} to ${file}`);
  }
  expect(content(folder.path)).toEqual(before);
});

test.each<[string, string, (file: string) => void]>([
  ['no header', 'damaged', (file) => overwrite(file, 0, Buffer.alloc(16))],
  ['pages of noise', 'damaged', (file) => overwrite(file, 40_960, Buffer.alloc(40_960, 0xa5))],
  ['a newer version', 'newer-version', (file) => overwrite(file, 60, Buffer.from([0, 0, 0, 9]))],
])('a file with %s is refused with its commit log left beside it', async (_, code, spoil) => {
  using folder = temporaryFolder();
  using crashed = temporaryFolder();
  const store = await openStore({ folder: folder.path });
  for (let i = 0; i < 300; i++) await store.saveServer(record({ key: `server-${i}` }));
  await store.close();
  const again = await openStore({ folder: folder.path });
  await again.setSetting('drain', 'yes');
  for (const name of ['berth.db', 'berth.db-wal']) copyFileSync(join(folder.path, name), join(crashed.path, name));
  await again.close();
  spoil(join(crashed.path, 'berth.db'));
  const before = content(crashed.path);
  expect(await storeErrorOf(() => openStore({ folder: crashed.path }))).toMatchObject({ code });
  expect(content(crashed.path)).toEqual(before);
});

test('each commit goes to the disk before it is acknowledged', async () => {
  using folder = temporaryFolder();
  const { file } = await filled(folder.path);
  const connection = connectForService(file);
  const pragmas = ['journal_mode', 'synchronous', 'foreign_keys'].map((name) =>
    connection.pragma(name, { simple: true }),
  );
  connection.close();
  // https://sqlite.org/pragma.html: synchronous 2 is FULL
  expect(pragmas).toEqual(['wal', 2, 1]);
});

test('a refusal without a backup says so', async () => {
  using folder = temporaryFolder();
  writeFileSync(join(folder.path, 'berth.db'), '');
  const { message } = await storeErrorOf(() => openStore({ folder: folder.path }));
  expect(message).toContain(`no backup that fits is in ${join(folder.path, 'backups')}`);
});

test('a commit log without its database is set aside, and a new database begins empty', async () => {
  using folder = temporaryFolder();
  using crashed = temporaryFolder();
  const store = await openStore({ folder: folder.path });
  await store.saveServer(record());
  copyFileSync(join(folder.path, 'berth.db-wal'), join(crashed.path, 'berth.db-wal'));
  await store.close();
  const warnings: string[] = [];
  const log = { info: () => undefined, warn: (text: string) => void warnings.push(text) };
  const fresh = await openStore({ folder: crashed.path, clock: () => noon, log });
  expect(await fresh.loadServers()).toEqual({ records: [], quarantined: [] });
  await fresh.close();
  expect(readdirSync(crashed.path)).toContain('berth.db.lost-20260304T120000.000Z-wal');
  expect(warnings).toEqual([expect.stringContaining('there is no database to it')]);
});

test('what was acknowledged before a crash is there after it', async () => {
  using folder = temporaryFolder();
  using crashed = temporaryFolder();
  const store = await openStore({ folder: folder.path });
  await store.saveServer(record());
  for (const name of ['berth.db', 'berth.db-wal', 'berth.db-shm']) {
    copyFileSync(join(folder.path, name), join(crashed.path, name));
  }
  await store.close();
  const again = await openStore({ folder: crashed.path });
  expect((await again.loadServers()).records).toEqual([record()]);
  await again.close();
});

test('a half-made new database and a half-made backup are cleared away', async () => {
  using folder = temporaryFolder();
  mkdirSync(join(folder.path, 'backups'));
  for (const name of ['berth.db.new', 'berth.db.new-journal', 'backups/berth-20260101T000000.000Z.db.partial']) {
    writeFileSync(join(folder.path, name), 'half');
  }
  writeFileSync(join(folder.path, 'backups', 'mine.db'), 'kept');
  await (await openStore({ folder: folder.path })).close();
  expect(readdirSync(folder.path).toSorted()).toEqual(['backups', 'berth.db', 'lock.db']);
  expect(readdirSync(join(folder.path, 'backups'))).toEqual(['mine.db']);
});

test('a state folder that others may enter is told to the operator', async () => {
  using folder = temporaryFolder();
  chmodSync(folder.path, 0o755);
  const warnings: string[] = [];
  const store = await openStore({
    folder: folder.path,
    log: { info: () => undefined, warn: (text) => warnings.push(text) },
  });
  await store.close();
  expect(warnings).toEqual([expect.stringContaining('mode 0755')]);
});
