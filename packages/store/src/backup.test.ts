import { expect, test } from '@jest/globals';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { connect } from './connection.ts';
import { migrations } from './migrations.ts';
import { openStore } from './open-store.ts';
import {
  entry,
  filled,
  noon,
  overwrite,
  record,
  select,
  sql,
  storeErrorOf,
  temporaryFolder,
} from './testing/state-folder.ts';

test('a restored backup that was cut off in the middle of a write is undone to what it was', async () => {
  using folder = temporaryFolder();
  using crashed = temporaryFolder();
  const { file, backup } = await filled(folder.path);
  copyFileSync(backup, file);
  const writer = connect(file);
  writer.exec('PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN IMMEDIATE');
  const insert = writer.prepare("INSERT INTO settings VALUES (?, 'x')");
  for (let i = 0; i < 5000; i++) insert.run(`setting-${i}`);
  for (const name of ['berth.db', 'berth.db-journal']) copyFileSync(join(folder.path, name), join(crashed.path, name));
  writer.exec('ROLLBACK');
  writer.close();
  expect(statSync(join(crashed.path, 'berth.db')).size).toBeGreaterThan(statSync(backup).size);
  const store = await openStore({ folder: crashed.path });
  expect((await store.loadServers()).records).toEqual([record()]);
  expect(await store.getSetting('setting-1')).toBeUndefined();
  await store.close();
});

test('a refusal names the newest backup that this Berth can open', async () => {
  using folder = temporaryFolder();
  const { file, backup } = await filled(folder.path);
  const backups = join(folder.path, 'backups');
  const newer = join(backups, 'berth-20990101T000000.000Z.db');
  copyFileSync(backup, newer);
  sql(newer, `PRAGMA user_version = ${migrations.length + 1}`);
  writeFileSync(join(backups, 'berth-20990102T000000.000Z.db'), 'no database');
  copyFileSync(backup, join(backups, 'berth-v1-20200101T000000.000Z.db'));
  sql(file, `PRAGMA user_version = ${migrations.length + 1}`);
  expect((await storeErrorOf(() => openStore({ folder: folder.path }))).message).toContain(`copy ${backup} to`);
});

test.each<[string, (file: string) => void]>([
  [
    'as the README says',
    (file) => [file, `${file}-wal`, `${file}-shm`].forEach((path) => rmSync(path, { force: true })),
  ],
  ["with the old file's commit log forgotten beside it", (file) => rmSync(file)],
])('after the database is lost, a backup restored %s has the data', async (_, clear) => {
  using folder = temporaryFolder();
  using crashed = temporaryFolder();
  const file = join(crashed.path, 'berth.db');
  const store = await openStore({ folder: folder.path });
  await store.endServer(record({ key: 'kept' }), entry({ key: 'kept' }));
  await store.setSetting('drain', 'yes');
  const { path: backup } = await store.backup();
  await store.purgeServer('kept');
  for (let i = 0; i < 50; i++) await store.saveServer(record({ key: `later-${i}` }));
  cpSync(folder.path, crashed.path, { recursive: true });
  await store.close();
  clear(file);
  copyFileSync(join(crashed.path, 'backups', backup.split('/').at(-1) ?? ''), file);
  chmodSync(file, 0o644);
  for (const _pass of ['first', 'second']) {
    const restored = await openStore({ folder: crashed.path });
    expect(await restored.loadServers()).toEqual({ records: [record({ key: 'kept' })], quarantined: [] });
    expect((await restored.listHistory({ limit: 10 })).items).toEqual([entry({ key: 'kept' })]);
    expect(await restored.getSetting('drain')).toBe('yes');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await restored.close();
  }
});

test('a damaged backup that was restored beside the old commit log is refused too', async () => {
  using folder = temporaryFolder();
  const { file, backup } = await filled(folder.path);
  copyFileSync(backup, file);
  writeFileSync(`${file}-wal`, 'of another file');
  overwrite(file, 4096, Buffer.alloc(4096, 0xa5));
  const restored = readFileSync(file);
  expect((await storeErrorOf(() => openStore({ folder: folder.path }))).code).toBe('damaged');
  expect(readFileSync(file).equals(restored)).toBe(true);
});

test('backups of one moment have names of their own, and writes go on while they are made', async () => {
  using folder = temporaryFolder();
  const store = await openStore({ folder: folder.path, clock: () => noon });
  for (let i = 0; i < 300; i++) {
    await store.endServer(record({ key: `before-${i}` }), entry({ generation: i, logTail: ['x'.repeat(8000)] }));
  }
  const under = [store.backup(), store.backup()];
  let finished = false;
  void Promise.allSettled(under).then(() => (finished = true));
  let meanwhile = 0;
  while (!finished) {
    await store.saveServer(record({ key: `meanwhile-${meanwhile++}` }));
    await new Promise(setImmediate);
  }
  const made = await Promise.all(under);
  expect(meanwhile).toBeGreaterThan(2);
  expect(made.map(({ path }) => path.split('/').at(-1))).toEqual([
    'berth-20260304T120000.000Z.db',
    'berth-20260304T120000.000Z-2.db',
  ]);
  expect(readdirSync(join(folder.path, 'backups'))).toHaveLength(2);
  for (const { path, bytes, at } of made) {
    expect(at).toEqual(noon);
    expect(bytes).toBe(statSync(path).size);
    expect(select(path, "SELECT count(*) AS n FROM servers WHERE key LIKE 'before-%'")).toEqual([{ n: 300 }]);
    expect(select(path, 'SELECT count(*) AS n FROM history')).toEqual([{ n: 300 }]);
  }
  await store.close();
});

test('closing waits for the backup under way', async () => {
  using folder = temporaryFolder();
  const store = await openStore({ folder: folder.path });
  await store.saveServer(record());
  const backup = store.backup();
  await store.close();
  expect(select((await backup).path, 'SELECT count(*) AS n FROM servers')).toEqual([{ n: 1 }]);
});

test('a backup that cannot be made leaves nothing, and the next one is made', async () => {
  using folder = temporaryFolder();
  const store = await openStore({ folder: folder.path });
  const backups = join(folder.path, 'backups');
  writeFileSync(backups, 'in the way');
  expect((await storeErrorOf(() => store.backup())).message).toContain('making a backup');
  renameSync(backups, `${backups}.moved`);
  expect((await store.backup()).bytes).toBeGreaterThan(0);
  await store.close();
});
