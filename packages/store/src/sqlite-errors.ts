/** What SQLite and the file system say, in the store's own words. */
import { statfsSync } from 'node:fs';
import { StoreError } from '@berth/spawner';

/**
 * The error's code: `SQLITE_...` from SQLite, `E...` from the file system. By shape, not by class: the class of a native
 * module's errors belongs to the realm that loaded it first.
 */
export function errorCode(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '';
}

export function errorText(error: unknown): string {
  const text =
    typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error);
  const code = errorCode(error);
  return code === '' || text.includes(code) ? text : `${code}: ${text}`;
}

export function isDamage(error: unknown): boolean {
  return /^SQLITE_(CORRUPT|NOTADB)/.test(errorCode(error));
}

/**
 * True where there is no room left. SQLite says SQLITE_FULL for its data, but only an input/output error where it could
 * not make or grow its journal or shared memory, so for those the file system is asked.
 */
export function isDiskFull(error: unknown, folder: string): boolean {
  const code = errorCode(error);
  if (/^(SQLITE_FULL|ENOSPC|EDQUOT)$/.test(code)) return true;
  return /^SQLITE_(IOERR|CANTOPEN)/.test(code) && hasNoRoom(folder);
}

function hasNoRoom(folder: string): boolean {
  try {
    const { bavail, bsize, files, ffree } = statfsSync(folder);
    return bavail * bsize < 65_536 || (files > 0 && ffree === 0);
  } catch {
    return false;
  }
}

/** A StoreError for anything thrown while `doing` (a few words, "saving a server") in the state folder. */
export function storeError(error: unknown, doing: string, folder: string): StoreError {
  if (error instanceof StoreError) return error;
  const detail = errorText(error);
  if (isDiskFull(error, folder)) {
    return new StoreError('disk-full', `The disk of ${folder} is full (${doing}; ${detail}). Free some space on it.`, {
      cause: error,
    });
  }
  if (isDamage(error)) {
    return new StoreError('damaged', `The database in ${folder} is damaged (${doing}; ${detail}). Restart Berth.`, {
      cause: error,
    });
  }
  if (errorCode(error).startsWith('SQLITE_BUSY')) {
    return new StoreError(
      'failed',
      `Another program holds the database in ${folder} (${doing}; ${detail}). Close it there.`,
      { cause: error },
    );
  }
  return new StoreError('failed', `The database in ${folder} failed (${doing}; ${detail}).`, { cause: error });
}
