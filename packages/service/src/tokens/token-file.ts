/** Token files on disk. */
import { readFile, stat } from 'node:fs/promises';
import { ensurePrivateFile } from '../state/private-file.ts';
import { makeToken, readTokens } from './token.ts';

export interface ReadTokenFile {
  readonly hashes: readonly Buffer[];
  /** Changes when the file does. */
  readonly stamp: string;
  /** True where others than its owner may read it. */
  readonly exposed: boolean;
}

/** A token file that can't be used; the message names the file and says why. */
export class TokenFileError extends Error {
  constructor(path: string, reason: string, options?: ErrorOptions) {
    super(`token file ${path} ${reason}`, options);
    this.name = 'TokenFileError';
  }
}

/** Makes the file with a new token, or leaves an existing one as it is. Rejects with a TokenFileError. */
export async function ensureTokenFile(path: string): Promise<'made' | 'kept'> {
  try {
    return await ensurePrivateFile(path, () => `${makeToken()}\n`);
  } catch (error) {
    throw new TokenFileError(path, `can't be made: ${String(error)}`, { cause: error });
  }
}

/** What distinguishes one content of the file from the next, without reading it. Rejects with a TokenFileError. */
export async function stampOf(path: string): Promise<{ stamp: string; exposed: boolean }> {
  try {
    const { mtimeMs, size, ino, mode, ctimeMs } = await stat(path);
    return { stamp: `${ino}:${size}:${mtimeMs}:${ctimeMs}`, exposed: (mode & 0o077) !== 0 };
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** Rejects with a TokenFileError. */
export async function readTokenFile(path: string): Promise<ReadTokenFile> {
  const { stamp, exposed } = await stampOf(path);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw unreadable(path, error);
  }
  const { hashes, fault } = readTokens(text);
  if (hashes === undefined) throw new TokenFileError(path, fault);
  return { hashes, stamp, exposed };
}

function unreadable(path: string, error: unknown): TokenFileError {
  if (hasCode(error, 'ENOENT')) return new TokenFileError(path, 'does not exist', { cause: error });
  if (hasCode(error, 'EISDIR')) return new TokenFileError(path, 'is a folder', { cause: error });
  return new TokenFileError(path, `can't be read: ${String(error)}`, { cause: error });
}

function hasCode(error: unknown, code: string): boolean {
  return (error as { code?: unknown } | undefined)?.code === code;
}
