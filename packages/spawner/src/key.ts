/**
 * Keys: one documented function of (hub, user, server name); the contract states it under Keys, the Python adapter has
 * the same one, and both are held to test/vectors/keys.json.
 */
import { createHash } from 'node:crypto';
import type { ServerIdentity } from './server.ts';

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';
const slugLength = 20;
const hashLength = 16;

/** Lower-case base32 of RFC 4648 without padding. */
export function base32(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += alphabet[(value >>> bits) & 31];
    }
    value &= (1 << bits) - 1;
  }
  return bits > 0 ? text + alphabet[(value << (5 - bits)) & 31] : text;
}

/** ASCII letters and digits in lower case, each run of anything else one `-`, at most 20 characters, no `-` at an end. */
export function slug(text: string): string {
  return text
    .replace(/[A-Z]/g, (letter) => letter.toLowerCase())
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-/, '')
    .slice(0, slugLength)
    .replace(/-$/, '');
}

/** The server's key: 16 to 58 characters of [a-z0-9-], distinct for distinct identities, the same for ever. */
export function serverKey({ hub, user, serverName }: ServerIdentity): string {
  const hash = base32(createHash('sha256').update([hub, user, serverName].join('\0')).digest()).slice(0, hashLength);
  return [slug(user), slug(serverName), hash].filter((part) => part !== '').join('-');
}
