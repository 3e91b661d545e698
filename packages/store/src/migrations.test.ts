import { expect, test } from '@jest/globals';
import { copyFileSync, existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from './connection.ts';
import { applicationId, migrate, migrations } from './migrations.ts';
import { openStore, openStoreWith } from './open-store.ts';
import { entry, filled, noon, record, select, storeErrorOf, temporaryFolder, user } from './testing/state-folder.ts';

const now = migrations.length;
const next = { name: 'colours', sql: "ALTER TABLE servers ADD COLUMN colour TEXT NOT NULL DEFAULT 'grey'" };
const broken = { name: 'a mistake', sql: 'CREATE TABLE half (a) STRICT; ALTER TABLE nobody ADD COLUMN a' };

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
  const copy = join(folder.path, 'backups', `berth-v${now}-20260304T120000.000Z.db`);
  expect(infos).toEqual([`${file} goes from version ${now} to ${now + 1} (colours); as it was: ${copy}.`]);
  expect(select(file, 'SELECT colour FROM servers')).toEqual([{ colour: 'grey' }]);
  expect(statSync(copy).mode & 0o777).toBe(0o600);

  expect(await storeErrorOf(() => openStore({ folder: folder.path }))).toMatchObject({ code: 'newer-version' });
  copyFileSync(copy, file);
  const old = await openStore({ folder: folder.path });
  expect((await old.loadServers()).records).toEqual([record()]);
  await old.close();
});

test('a database of the first form, written by the first Berth, opens with its servers and history, and a backup of it as it was', async () => {
  using folder = temporaryFolder();
  const file = await firstForm(folder.path);
  const infos: string[] = [];
  const log = { info: (text: string) => void infos.push(text), warn: () => undefined };
  for (const _pass of ['migrating', 'nothing left to do']) {
    const store = await openStore({ folder: folder.path, clock: () => noon, log });
    expect(await store.loadServers()).toEqual({ records: [record()], quarantined: [] });
    expect(await store.listHistory({ limit: 10 })).toEqual({ items: [entry()], next: null });
    expect(await store.getSetting('drain')).toBe('{"enabled":true}');
    expect(await store.loadUsers()).toEqual([]);
    await store.close();
  }
  const copy = join(folder.path, 'backups', 'berth-v1-20260304T120000.000Z.db');
  expect(infos[0]).toBe(`${file} goes from version 1 to 2 (users, attempts, accounts of servers); as it was: ${copy}.`);
  expect(select(file, 'PRAGMA user_version')).toEqual([{ user_version: now }]);
  expect(select(copy, 'PRAGMA user_version')).toEqual([{ user_version: 1 }]);
  expect(select(copy, "SELECT name FROM sqlite_schema WHERE name IN ('users', 'attempts')")).toEqual([]);

  const store = await openStore({ folder: folder.path });
  await store.saveServer(record({ account: { name: 'user1', uid: 70_001, gid: 70_000 } }));
  await store.saveUser(user());
  expect(await store.loadUsers()).toEqual([user()]);
  await store.close();
});

test('a new database goes through all steps without a backup', async () => {
  using folder = temporaryFolder();
  const store = await openStoreWith({ folder: folder.path }, [...migrations, next]);
  await store.close();
  expect(existsSync(join(folder.path, 'backups'))).toBe(false);
  expect(select(join(folder.path, 'berth.db'), 'PRAGMA user_version')).toEqual([{ user_version: now + 1 }]);
});

test('a failing migration leaves the version before it, whole, and says so', async () => {
  using folder = temporaryFolder();
  const { file } = await filled(folder.path);
  const error = await storeErrorOf(() =>
    openStoreWith({ folder: folder.path, clock: () => noon }, [...migrations, next, broken]),
  );
  expect(error.code).toBe('failed');
  expect(error.message).toContain(`${file} could not be brought from version ${now + 1} to ${now + 2} (a mistake; `);
  expect(error.message).toContain(`It is still of version ${now + 1}, and a copy of it is `);
  expect(error.message).toContain(`berth-v${now + 1}-20260304T120000.000Z.db`);
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
    `berth-v${now}-20260304T120000.000Z.db`,
  ]);
});

/** A closed state folder as the first Berth left it: its columns are written out here, whatever later ones are called. */
async function firstForm(folder: string): Promise<string> {
  const file = join(folder, 'berth.db');
  const connection = connect(file, { create: true });
  await migrate(connection, migrations.slice(0, 1), async () => undefined);
  connection.pragma('journal_mode = WAL');
  const { key, hub, user: name, serverName, generation, image, port, configDigest } = record();
  const at = noon.getTime();
  const status = JSON.stringify({ state: 'running', since: at, url: 'http://10.0.0.2:8888' });
  connection
    .prepare(
      `INSERT INTO servers (key, hub, user, server_name, generation, state, since, status, image, port, tls, config_digest,
        requested_at, asked_at, observed_at) VALUES (?, ?, ?, ?, ?, 'running', ?, ?, ?, ?, 0, ?, ?, ?, ?)`,
    )
    .run(key, hub, name, serverName, generation, at, status, image, port, configDigest, at, at, at);
  connection
    .prepare(
      `INSERT INTO history (key, hub, user, server_name, generation, image, requested_at, ended_at, outcome, log_tail)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'stopped', '["first","last"]')`,
    )
    .run(key, hub, name, serverName, generation, image, at, at);
  connection.prepare('INSERT INTO settings VALUES (?, ?)').run('drain', '{"enabled":true}');
  expect(connection.pragma('application_id', { simple: true })).toBe(applicationId);
  connection.close();
  return file;
}
