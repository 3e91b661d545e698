/** Copies of the database: made while it is in use, found again when it is lost. */
import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { StoreError } from '@berth/spawner';
import { connect } from './connection.ts';
import type { Connection } from './connection.ts';
import { makePrivateFile, readHeader, removeDatabase, sync } from './database-file.ts';
import { applicationId, schemaVersion } from './migrations.ts';

export interface Backup {
  readonly path: string;
  readonly bytes: number;
  readonly at: Date;
}

/** How many of the backups made before migrations are kept. Those that were asked for are never removed. */
export const migrationBackupsKept = 10;

export function backupFolder(folder: string): string {
  return join(folder, 'backups');
}

/**
 * Copies an open database to `<folder>/backups/berth-<time>.db`, or `berth-v<from>-<time>.db` ahead of a migration.
 * The copy is consistent, checked, 0600 and on the disk when this resolves; under its name there is never half of one.
 * Rejects with what SQLite or node:fs throws, or a StoreError where the copy can't be read.
 */
export async function makeBackup(connection: Connection, folder: string, at: Date, from?: number): Promise<Backup> {
  const target = backupFolder(folder);
  mkdirSync(target, { recursive: true, mode: 0o700 });
  const path = freePath(target, `berth-${from === undefined ? '' : `v${from}-`}${stamp(at)}`);
  const partial = `${path}.partial`;
  try {
    makePrivateFile(partial);
    await connection.backup(partial);
    check(partial);
    sync(partial);
    renameSync(partial, path);
    sync(target);
  } catch (error) {
    removeDatabase(partial);
    throw error;
  }
  return { path, bytes: statSync(path).size, at };
}

/** UTC without what file names can't have: 20260131T235959.123Z. */
function stamp(at: Date): string {
  return at.toISOString().replace(/[-:]/g, '');
}

function freePath(target: string, name: string): string {
  const taken = new Set(readdirSync(target));
  let free = `${name}.db`;
  for (let copy = 2; taken.has(free); copy++) free = `${name}-${copy}.db`;
  return join(target, free);
}

/** Takes the copy out of WAL mode, so that it is one file, and reads all of it. */
function check(copy: string): void {
  const connection = connect(copy);
  try {
    connection.pragma('journal_mode = DELETE');
    const verdict = connection.pragma('quick_check(1)', { simple: true });
    if (verdict !== 'ok')
      throw new StoreError('failed', `The backup came out damaged and was dropped: ${String(verdict)}`);
    if (schemaVersion(connection) === 0) throw new StoreError('failed', 'The backup came out empty and was dropped.');
  } finally {
    connection.close();
  }
}

/** Removes what a backup left that was killed in its middle. Only for the holder of the folder's lock. */
export function removePartialBackups(folder: string): void {
  for (const name of names(folder)) {
    if (/^berth-.*\.db\.partial(-journal|-wal|-shm)?$/.test(name))
      rmSync(join(backupFolder(folder), name), { force: true });
  }
}

/** Removes all but the newest of the backups made before migrations. */
export function pruneMigrationBackups(folder: string): void {
  const automatic = listed(folder).filter((backup) => backup.from !== undefined);
  for (const { name } of automatic.slice(migrationBackupsKept))
    rmSync(join(backupFolder(folder), name), { force: true });
}

/** The newest backup that a store of version `latest` can open. */
export function newestBackup(folder: string, latest: number): string | undefined {
  return listed(folder)
    .map(({ name }) => join(backupFolder(folder), name))
    .find((path) => isUsable(path, latest));
}

function isUsable(path: string, latest: number): boolean {
  try {
    const header = readHeader(path);
    return header?.applicationId === applicationId && header.userVersion >= 1 && header.userVersion <= latest;
  } catch {
    return false;
  }
}

/** Newest first. */
function listed(folder: string): { name: string; from: number | undefined }[] {
  return names(folder)
    .flatMap((name) => {
      const match = /^berth-(?:v(\d+)-)?(\d{8}T\d{6}\.\d{3}Z)(?:-(\d+))?\.db$/.exec(name);
      if (match === null) return [];
      const [, from, time = '', copy = '1'] = match;
      return [{ name, from: from === undefined ? undefined : Number(from), order: `${time} ${copy.padStart(9, '0')}` }];
    })
    .toSorted((a, b) => (a.order < b.order ? 1 : -1));
}

function names(folder: string): string[] {
  try {
    return readdirSync(backupFolder(folder));
  } catch {
    return [];
  }
}
