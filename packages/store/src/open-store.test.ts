import { expect, test } from '@jest/globals';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { connect } from './connection.ts';
import { migrations } from './migrations.ts';
import { connectForService, openStore, openStoreWith } from './open-store.ts';
import { entry, noon, record, storeErrorOf, temporaryFolder } from './testing/state-folder.ts';

const next = { name: 'colours', sql: "ALTER TABLE servers ADD COLUMN colour TEXT NOT NULL DEFAULT 'grey'" };
const broken = { name: 'a mistake', sql: 'CREATE TABLE half (a) STRICT; ALTER TABLE nobody ADD COLUMN a' };

/** A closed state folder with one server, one history entry and one backup of both. */
async function filled(path: string): Promise<{ file: string; backup: string }> {
  const store = await openStore({ folder: path, clock: () => noon });
  await store.endServer(record(), entry());
  const { path: backup } = await store.backup();
  await store.close();
  return { file: join(path, 'berth.db'), backup };
}

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
    /was written by a newer Berth \(version 99 of its form; this Berth knows 1\).*Run the newer Berth, or/,
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

test('a refusal names the newest backup that this Berth can open', async () => {
  using folder = temporaryFolder();
  const { file, backup } = await filled(folder.path);
  const backups = join(folder.path, 'backups');
  const newer = join(backups, 'berth-20990101T000000.000Z.db');
  copyFileSync(backup, newer);
  sql(newer, 'PRAGMA user_version = 2');
  writeFileSync(join(backups, 'berth-20990102T000000.000Z.db'), 'no database');
  copyFileSync(backup, join(backups, 'berth-v1-20200101T000000.000Z.db'));
  sql(file, 'PRAGMA user_version = 2');
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

test('a migration keeps the data, and a backup of the form before', async () => {
  using folder = temporaryFolder();
  const { file } = await filled(folder.path);
  const infos: string[] = [];
  const log = { info: (text: string) => void infos.push(text), warn: () => undefined };
  for (const _pass of ['migrating', 'nothing left to do']) {
    const store = await openStoreWith({ folder: folder.path, clock: () => noon, log }, [...migrations, next]);
    expect((await store.loadServers()).records).toEqual([record()]);
    await store.close();
  }
  const copy = join(folder.path, 'backups', 'berth-v1-20260304T120000.000Z.db');
  expect(infos).toEqual([`${file} goes from version 1 to 2 (colours); as it was: ${copy}.`]);
  expect(select(file, 'SELECT colour FROM servers')).toEqual([{ colour: 'grey' }]);
  expect(statSync(copy).mode & 0o777).toBe(0o600);

  expect(await storeErrorOf(() => openStore({ folder: folder.path }))).toMatchObject({ code: 'newer-version' });
  copyFileSync(copy, file);
  const old = await openStore({ folder: folder.path });
  expect((await old.loadServers()).records).toEqual([record()]);
  await old.close();
});

test('a new database goes through all steps without a backup', async () => {
  using folder = temporaryFolder();
  const store = await openStoreWith({ folder: folder.path }, [...migrations, next]);
  await store.close();
  expect(existsSync(join(folder.path, 'backups'))).toBe(false);
  expect(select(join(folder.path, 'berth.db'), 'PRAGMA user_version')).toEqual([{ user_version: 2 }]);
});

test('a failing migration leaves the version before it, whole, and says so', async () => {
  using folder = temporaryFolder();
  const { file } = await filled(folder.path);
  const error = await storeErrorOf(() =>
    openStoreWith({ folder: folder.path, clock: () => noon }, [...migrations, next, broken]),
  );
  expect(error.code).toBe('failed');
  expect(error.message).toContain(`${file} could not be brought from version 2 to 3 (a mistake; `);
  expect(error.message).toContain('It is still of version 2, and a copy of it is ');
  expect(error.message).toContain('berth-v2-20260304T120000.000Z.db');
  expect(select(file, "SELECT name FROM sqlite_schema WHERE name = 'half'")).toEqual([]);
  const store = await openStoreWith({ folder: folder.path }, [...migrations, next]);
  expect((await store.loadServers()).records).toEqual([record()]);
  await store.close();
});

test('a new database whose steps fail is not left behind', async () => {
  using folder = temporaryFolder();
  await storeErrorOf(() => openStoreWith({ folder: folder.path }, [...migrations, broken]));
  expect(readdirSync(folder.path)).toEqual(['lock.db']);
});

test('ten backups from before migrations are kept, and all that were asked for', async () => {
  using folder = temporaryFolder();
  const { backup } = await filled(folder.path);
  const backups = join(folder.path, 'backups');
  for (let day = 10; day < 25; day++) {
    copyFileSync(backup, join(backups, `berth-v1-202501${day}T000000.000Z.db`));
    copyFileSync(backup, join(backups, `berth-202501${day}T000000.000Z.db`));
  }
  await (await openStoreWith({ folder: folder.path, clock: () => noon }, [...migrations, next])).close();
  const names = readdirSync(backups);
  expect(names.filter((name) => !name.includes('-v'))).toHaveLength(16);
  expect(names.filter((name) => name.includes('-v'))).toEqual([
    ...Array.from({ length: 9 }, (_, index) => `berth-v1-202501${index + 16}T000000.000Z.db`),
    'berth-v1-20260304T120000.000Z.db',
  ]);
});

test('backups of one moment have names of their own, and writes go on while they are made', async () => {
  using folder = temporaryFolder();
  const store = await openStore({ folder: folder.path, clock: () => noon });
  for (let i = 0; i < 300; i++) {
    await store.endServer(record({ key: `before-${i}` }), entry({ generation: i, logTail: ['x'.repeat(8000)] }));
  }
  const under = [store.backup(), store.backup()];
  let finished = false;
  void Promise.all(under).then(() => (finished = true));
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

function content(folder: string): Record<string, string> {
  const files = readdirSync(folder, { withFileTypes: true }).filter((item) => item.isFile() && item.name !== 'lock.db');
  return Object.fromEntries(files.map(({ name }) => [name, readFileSync(join(folder, name), 'base64')]));
}

function overwrite(file: string, position: number, bytes: Buffer): void {
  const all = readFileSync(file);
  bytes.copy(all, position);
  writeFileSync(file, all);
}

function sql(file: string, statement: string): void {
  const connection = connect(file);
  connection.exec(statement);
  connection.close();
}

function select(file: string, query: string): unknown[] {
  const connection = connect(file);
  try {
    return connection.prepare(query).all();
  } finally {
    connection.close();
  }
}
