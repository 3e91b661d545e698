/** A look at a database file that changes nothing in it: in order, missing, or refused with what to do. */
import { accessSync, constants, existsSync, lstatSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { StoreError } from '@berth/spawner';
import type { StoreErrorCode } from '@berth/spawner';
import { backupFolder, newestBackup } from './backup.ts';
import { connect } from './connection.ts';
import { companions, readHeader } from './database-file.ts';
import { applicationId, schemaVersion } from './migrations.ts';
import { errorText, isDamage, isDiskFull, storeError } from './sqlite-errors.ts';

/** `restored`: in order, but with a commit log beside it that belonged to another file. */
export type Finding = 'missing' | 'in-order' | 'restored';

/** Throws a StoreError `damaged`, `newer-version`, `unreadable` or `disk-full`. `latest` is the version this store brings files to. */
export function examine(file: string, latest: number): Finding {
  if (lstatSync(file, { throwIfNoEntry: false }) === undefined) return 'missing';
  const refusal = new Refusal(file, latest);
  const header = openly(refusal, () => {
    if (!statSync(file).isFile()) throw refusal.of('unreadable', 'is no file');
    accessSync(file, constants.R_OK | constants.W_OK);
    return readHeader(file);
  });
  if (header === undefined) {
    throw refusal.of(
      'damaged',
      statSync(file).size === 0 ? 'is empty' : 'is no SQLite database, or has lost its beginning',
    );
  }
  if (header.applicationId !== applicationId) throw refusal.of('damaged', 'is the database of another program');
  // A backup is never in WAL mode and a database in service always is (see backup.ts and open-store.ts).
  const restored = !header.wal && (statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0;
  if (restored) return examineRestored(header.userVersion, latest, refusal);
  openly(refusal, () => examineContent(file, latest, refusal));
  return 'in-order';
}

/** Not opened here: that would replay the other file's log. The caller sets the log aside and examines again. */
function examineRestored(version: number, latest: number, refusal: Refusal): Finding {
  assertVersion(version, latest, refusal);
  return 'restored';
}

function examineContent(file: string, latest: number, refusal: Refusal): void {
  const strays = companions.map((suffix) => file + suffix).filter((companion) => !existsSync(companion));
  let accepted = false;
  // A rollback journal is there only where the switch to WAL mode was killed; a reader could not undo it.
  const connection = connect(file, { readOnly: !existsSync(`${file}-journal`) });
  try {
    assertVersion(schemaVersion(connection), latest, refusal);
    const verdict = String(connection.pragma('quick_check(1)', { simple: true }));
    if (verdict !== 'ok') throw refusal.of('damaged', `is damaged (${verdict.replace(/\s+/g, ' ').trim()})`);
    accepted = true;
  } finally {
    connection.close();
    // A reader makes an empty log and its index, and leaves them; a refused file is left without.
    if (!accepted) for (const stray of strays) rmSync(stray, { force: true });
  }
}

function assertVersion(version: number, latest: number, refusal: Refusal): void {
  if (version > latest) {
    throw refusal.of(
      'newer-version',
      `was written by a newer Berth (version ${version} of its form; this Berth knows ${latest})`,
    );
  }
  if (version < 1) throw refusal.of('damaged', 'has lost its version');
}

function openly<Result>(refusal: Refusal, look: () => Result): Result {
  try {
    return look();
  } catch (error) {
    if (error instanceof StoreError) throw error;
    if (isDiskFull(error, refusal.folder)) throw storeError(error, 'looking at the database', refusal.folder);
    if (isDamage(error)) throw refusal.of('damaged', `is damaged (${errorText(error)})`, error);
    throw refusal.of('unreadable', `can't be read (${errorText(error)})`, error);
  }
}

/** Says which file, what is wrong with it, and what to do. */
class Refusal {
  readonly folder: string;
  readonly #file: string;
  readonly #latest: number;

  constructor(file: string, latest: number) {
    this.folder = dirname(file);
    this.#file = file;
    this.#latest = latest;
  }

  of(code: StoreErrorCode, wrong: string, cause?: unknown): StoreError {
    return new StoreError(code, `${this.#file} ${wrong}. It was left as it is. ${this.#advice(code)}`, { cause });
  }

  #advice(code: StoreErrorCode): string {
    const newest = newestBackup(this.folder, this.#latest);
    const first = code === 'newer-version' ? 'Run the newer Berth, or' : 'Mend what is wrong with it, or';
    return newest === undefined
      ? `${first} move it away to begin with an empty database (no backup that fits is in ${backupFolder(this.folder)}).`
      : `${first} restore the newest backup: keep this file elsewhere, remove ${this.#file}-wal and ${this.#file}-shm, copy ${newest} to ${this.#file}.`;
  }
}
