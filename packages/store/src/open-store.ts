/** Opening a state folder: lock it, look at its database before anything writes to it, bring it up to date. */
import { chmodSync, existsSync, renameSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { StoreError } from '@berth/spawner';
import { makeBackup, pruneMigrationBackups, removePartialBackups } from './backup.ts';
import { connect } from './connection.ts';
import type { Connection } from './connection.ts';
import { companions, makePrivateFile, removeDatabase, sync } from './database-file.ts';
import { examine } from './examine.ts';
import { lockFolder } from './folder-lock.ts';
import type { FolderLock } from './folder-lock.ts';
import { migrate, migrations, schemaVersion } from './migrations.ts';
import type { Migration } from './migrations.ts';
import { SqliteStore } from './sqlite-store.ts';
import type { StoreLog } from './sqlite-store.ts';
import { errorText, isDiskFull, storeError } from './sqlite-errors.ts';

export interface OpenStore {
  /** The state folder; made (0700) where it is missing. */
  readonly folder: string;
  /** Names backups. */
  readonly clock?: () => Date;
  readonly log?: StoreLog;
  /** Where the caller has locked the folder already; the store releases it when it closes. */
  readonly lock?: FolderLock;
}

/**
 * Opens the database of a state folder, or makes one where there is none. Rejects with a StoreError: `in-use`;
 * `newer-version`, `damaged` or `unreadable` for a file that is left as it is; `disk-full`; `failed`.
 */
export function openStore(options: OpenStore): Promise<SqliteStore> {
  return openStoreWith(options, migrations);
}

/** For tests of migrations to come. */
export async function openStoreWith(
  { folder: path, clock = () => new Date(), log = silent, lock: given }: OpenStore,
  steps: readonly Migration[],
): Promise<SqliteStore> {
  const lock = given ?? lockFolder(path);
  const { folder } = lock;
  const file = join(folder, 'berth.db');
  let connection: Connection | undefined;
  try {
    warnOfMode(folder, log);
    removePartialBackups(folder);
    const found = examine(file, steps.length);
    if (found !== 'in-order') setLogAside(file, found, clock(), log);
    if (found === 'missing') await createDatabase(file, steps);
    if (found === 'restored') examine(file, steps.length);
    for (const suffix of ['', ...companions]) if (existsSync(file + suffix)) chmodSync(file + suffix, 0o600);
    connection = connectForService(file);
    await bringUpToDate(connection, folder, file, steps, clock, log);
    return new SqliteStore({ connection, file, lock, clock, log });
  } catch (error) {
    connection?.close();
    if (given === undefined) lock.release();
    throw storeError(error, `opening ${file}`, folder);
  }
}

const silent: StoreLog = { info: () => undefined, warn: () => undefined };

function warnOfMode(folder: string, log: StoreLog): void {
  const mode = statSync(folder).mode & 0o777;
  if ((mode & 0o077) === 0) return;
  log.warn(`The state folder ${folder} is open to others (mode 0${mode.toString(8)}). Make it 0700.`);
}

/**
 * A commit log without its database, or beside a restored backup, belongs to a file that is no longer there: SQLite
 * would replay it into the wrong one. It is kept under another name.
 */
function setLogAside(file: string, found: 'missing' | 'restored', at: Date, log: StoreLog): void {
  for (const suffix of companions) {
    if (!existsSync(file + suffix)) continue;
    const aside = `${file}.lost-${at.toISOString().replace(/[-:]/g, '')}${suffix}`;
    renameSync(file + suffix, aside);
    const why = found === 'missing' ? 'there is no database to it' : 'the database beside it is a restored backup';
    log.warn(`${file + suffix} was set aside as ${aside}: ${why}.`);
  }
}

/** Under another name until it is whole, so that a berth.db is never a half-made one. */
async function createDatabase(file: string, steps: readonly Migration[]): Promise<void> {
  const making = `${file}.new`;
  removeDatabase(making);
  try {
    makePrivateFile(making);
    const connection = connect(making);
    try {
      await migrate(connection, steps, async () => undefined);
      connection.pragma('journal_mode = WAL');
    } finally {
      connection.close();
    }
    sync(making);
    renameSync(making, file);
    sync(dirname(file));
  } catch (error) {
    removeDatabase(making);
    throw error;
  }
}

/** In WAL mode, each commit synced to the disk. */
export function connectForService(file: string): Connection {
  const connection = connect(file);
  connection.pragma('journal_mode = WAL');
  connection.pragma('synchronous = FULL');
  connection.pragma('foreign_keys = ON');
  connection.pragma('trusted_schema = OFF');
  connection.pragma('journal_size_limit = 67108864');
  return connection;
}

async function bringUpToDate(
  connection: Connection,
  folder: string,
  file: string,
  steps: readonly Migration[],
  clock: () => Date,
  log: StoreLog,
): Promise<void> {
  let step: Migration | undefined;
  let copy: string | undefined;
  try {
    await migrate(connection, steps, async (from, next) => {
      step = next;
      copy = (await makeBackup(connection, folder, clock(), from)).path;
      log.info(`${file} goes from version ${from} to ${from + 1} (${next.name}); as it was: ${copy}.`);
    });
  } catch (error) {
    const version = schemaVersion(connection);
    const full = isDiskFull(error, folder);
    throw new StoreError(
      full ? 'disk-full' : 'failed',
      `${file} could not be brought from version ${version} to ${version + 1}` +
        ` (${step?.name ?? 'reading its version'}; ${errorText(error)}). It is still of version ${version}` +
        `${copy === undefined ? '' : `, and a copy of it is ${copy}`}. ` +
        (full ? 'Free some space on its disk.' : 'Run the Berth that last wrote it, and report this.'),
      { cause: error },
    );
  }
  if (copy !== undefined) pruneMigrationBackups(folder);
}
