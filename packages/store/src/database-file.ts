/** SQLite files as files: their header (https://sqlite.org/fileformat2.html, 1.3), their companions, their way to the disk. */
import { closeSync, fsyncSync, openSync, readSync, rmSync } from 'node:fs';

export interface DatabaseHeader {
  readonly applicationId: number;
  readonly userVersion: number;
  /** False in a backup: only a database in service is in WAL mode. */
  readonly wal: boolean;
}

/** What SQLite keeps beside a database: the log of commits not yet in it, the index of that log, a rollback journal. */
export const companions = ['-wal', '-shm', '-journal'] as const;

/**
 * The header, or undefined where the file doesn't begin with one. Throws what node:fs throws. Not for a file that this
 * process has open through SQLite (see folder-lock.ts).
 */
export function readHeader(file: string): DatabaseHeader | undefined {
  const header = Buffer.alloc(100);
  const descriptor = openSync(file, 'r');
  try {
    if (readSync(descriptor, header, 0, header.length, 0) < header.length) return undefined;
  } finally {
    closeSync(descriptor);
  }
  if (header.toString('latin1', 0, 16) !== 'SQLite format 3\0') return undefined;
  return {
    applicationId: header.readInt32BE(68),
    userVersion: header.readInt32BE(60),
    wal: header[18] === 2 || header[19] === 2,
  };
}

/** Makes an empty file, 0600, which SQLite takes for an empty database and whose mode its companions get. */
export function makePrivateFile(file: string): void {
  closeSync(openSync(file, 'wx', 0o600));
}

export function removeDatabase(file: string): void {
  for (const suffix of ['', ...companions]) rmSync(file + suffix, { force: true });
}

/** Waits until a file's content, or a folder's entries, are on the disk. */
export function sync(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
