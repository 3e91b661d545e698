/**
 * One writer per state folder. The lock is SQLite's own exclusive lock on a small database beside the real one: a POSIX
 * record lock, which the kernel drops when the process ends, by SIGKILL too.
 *
 * POSIX drops a process's locks on a file as soon as it closes any descriptor of that file, so lock.db and an open
 * berth.db are never opened through node:fs in this process.
 */
import { chmodSync, closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { StoreError } from '@berth/spawner';
import { connect } from './connection.ts';
import type { Connection } from './connection.ts';
import { errorCode, errorText, storeError } from './sqlite-errors.ts';

/** Held until released, until the process ends, or until nothing refers to it any more. */
export interface FolderLock {
  /** Absolute. */
  readonly folder: string;
  /** A second call does nothing. */
  release(): void;
}

/**
 * Locks a state folder, and makes it (0700) where it is missing. Throws a StoreError: `in-use`, `unreadable`,
 * `disk-full` or `failed`. Never waits.
 */
export function lockFolder(path: string): FolderLock {
  const folder = resolve(path);
  const file = join(folder, 'lock.db');
  makeFolder(folder, file);
  let connection: Connection | undefined;
  try {
    connection = connect(file, { busyMs: 0 });
    // Nothing is ever written to it, so it needs no journal file.
    connection.pragma('journal_mode = MEMORY');
    connection.exec('BEGIN EXCLUSIVE');
    writePid(folder);
  } catch (error) {
    connection?.close();
    if (errorCode(error).startsWith('SQLITE_BUSY')) throw inUse(folder, error);
    throw storeError(error, `locking ${file}`, folder);
  }
  return heldLock(folder, connection);
}

function makeFolder(folder: string, file: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    // Made here for its mode; exclusive, so that an existing one is not opened (see above).
    closeSync(openSync(file, 'wx', 0o600));
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return assertFolder(folder, error);
    throw unusable(folder, error);
  }
}

function assertFolder(folder: string, cause: unknown): void {
  try {
    chmodSync(join(folder, 'lock.db'), 0o600);
  } catch {
    throw unusable(folder, cause);
  }
}

function unusable(folder: string, error: unknown): StoreError {
  if (/^(ENOSPC|EDQUOT)$/.test(errorCode(error))) return storeError(error, 'making the state folder', folder);
  return new StoreError(
    'unreadable',
    `The state folder ${folder} can't be used (${errorText(error)}). Name a folder that this user may write to, or give it to them.`,
    { cause: error },
  );
}

function heldLock(folder: string, connection: Connection): FolderLock {
  let held = true;
  return {
    folder,
    release() {
      if (!held) return;
      held = false;
      rmSync(join(folder, 'pid'), { force: true });
      connection.close();
    },
  };
}

function writePid(folder: string): void {
  const file = join(folder, 'pid');
  rmSync(file, { force: true });
  writeFileSync(file, `${process.pid}\n`, { mode: 0o600, flag: 'wx' });
}

function inUse(folder: string, cause: unknown): StoreError {
  const pid = holder(folder);
  const who = pid === undefined ? 'another process' : `process ${pid}`;
  return new StoreError(
    'in-use',
    `The state folder ${folder} is in use by ${who}. One folder serves one Berth: stop that one, or name another folder.`,
    { cause },
  );
}

/** The pid that the holder wrote, where such a process lives. */
function holder(folder: string): number | undefined {
  try {
    const text = readFileSync(join(folder, 'pid'), 'utf8');
    return /^[1-9]\d{0,9}\n$/.test(text) && lives(Number(text)) ? Number(text) : undefined;
  } catch {
    return undefined;
  }
}

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}
