/** Container names: readable, safe, distinct among users, servers, hubs and services. */
import { createHash } from 'node:crypto';
import { base32, slug } from './key.ts';
import type { ServerIdentity } from './server.ts';

/** `prefix-user[-server]-hash`: at most 79 characters of [a-z0-9-] behind a prefix of 21. */
export function containerName(prefix: string, instance: string, server: ServerIdentity & { key: string }): string {
  const hash = base32(createHash('sha256').update(`${instance}\0${server.key}`).digest()).slice(0, 16);
  return [prefix, slug(server.user), slug(server.serverName), hash].filter((part) => part !== '').join('-');
}
