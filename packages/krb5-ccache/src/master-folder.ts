/** Folders that are the service's alone. */
import { constants } from 'node:fs';
import { chmod, lstat, mkdir, open } from 'node:fs/promises';
import { TicketError } from './errors.ts';
import { codeOf } from './wipe.ts';

/**
 * Makes the folder, or checks that it is a directory of `uid`, and gives it the mode. Its parent must be trusted. Rejects with a
 * TicketError: `ticket-unsafe`, `ticket-failed`.
 */
export async function ownFolder(path: string, mode: number, uid: number): Promise<void> {
  try {
    await mkdir(path, { mode });
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw failed(path, error);
  }
  const stat = await lstat(path);
  if (!stat.isDirectory()) throw unsafe(path, 'is no directory');
  if (stat.uid !== uid) throw unsafe(path, `belongs to uid ${stat.uid}, not to ${uid}`);
  // Also after mkdir, whose mode the umask cuts.
  if ((stat.mode & 0o7777) !== mode) await chmod(path, mode);
}

/** The folder that all others lie in: whoever may write to it could put folders of his own in their place. */
export async function runtimeFolder(path: string, uid: number): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o755 });
  } catch (error) {
    throw failed(path, error);
  }
  const stat = await lstat(path);
  if (!stat.isDirectory()) throw unsafe(path, 'is no directory');
  if (stat.uid !== uid) throw unsafe(path, `belongs to uid ${stat.uid}, not to ${uid}`);
  if ((stat.mode & 0o022) !== 0) throw unsafe(path, 'may be written to by others (chmod go-w)');
}

/** A regular file of `uid`, for nobody else, under one name; undefined where there is none. Rejects with `ticket-unsafe`, `ticket-failed`. */
export async function readOwnFile(path: string, uid: number, maxBytes: number): Promise<Buffer | undefined> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  let file;
  try {
    file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    if (codeOf(error) === 'ELOOP') throw unsafe(path, 'is a symbolic link');
    throw failed(path, error);
  }
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw unsafe(path, 'is no regular file');
    if (stat.uid !== uid) throw unsafe(path, `belongs to uid ${stat.uid}, not to ${uid}`);
    if ((stat.mode & 0o077) !== 0) throw unsafe(path, 'may be read or written by others (chmod 600)');
    if (stat.nlink !== 1) throw unsafe(path, 'has a second name (hard link)');
    if (stat.size > maxBytes) throw unsafe(path, `has ${stat.size} bytes; ${maxBytes} are the limit`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

export function unsafe(path: string, what: string): TicketError {
  return new TicketError('ticket-unsafe', `${path} ${what}; it isn't used.`);
}

export function failed(path: string, error: unknown): TicketError {
  return new TicketError('ticket-failed', `${path} can't be used (${codeOf(error) || String(error)}).`, {
    cause: error,
  });
}
