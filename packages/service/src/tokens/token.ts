/**
 * Bearer tokens: how they are made, and how a token file is read. Only their hashes stay in memory; a token holds 256
 * bits of chance, so a plain SHA-256 of it can't be turned back.
 */
import { createHash, randomBytes } from 'node:crypto';

const shortest = 32;

/** `berth_` and 32 random bytes in base64url. */
export function makeToken(): string {
  return `berth_${randomBytes(32).toString('base64url')}`;
}

export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token, 'utf8').digest();
}

/** What a token file holds: hashes, or the sentence that says why it is refused. */
export type TokenFileContent =
  | { readonly hashes: readonly Buffer[]; readonly fault?: undefined }
  | { readonly hashes?: undefined; readonly fault: string };

/**
 * A token file has one token a line, several while tokens are being exchanged: the token itself, of at least 32
 * characters, or `sha256:` and its SHA-256 in hex. Empty lines and those that begin with `#` don't count.
 */
export function readTokens(text: string): TokenFileContent {
  const hashes: Buffer[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const hash = readLine(line);
    if (typeof hash === 'string') return { fault: `line ${index + 1} ${hash}` };
    hashes.push(hash);
  }
  return hashes.length === 0 ? { fault: 'holds no token' } : { hashes };
}

function readLine(line: string): Buffer | string {
  if (line.startsWith('sha256:')) {
    const hex = line.slice('sha256:'.length);
    return /^[0-9a-f]{64}$/i.test(hex) ? Buffer.from(hex, 'hex') : 'must have 64 hexadecimal digits after sha256:';
  }
  if (!/^[\x21-\x7e]+$/.test(line)) return 'holds a blank or another character that a token may not have';
  if (line.length < shortest) return `holds a token of ${line.length} characters; at least ${shortest} are needed`;
  return hashToken(line);
}
