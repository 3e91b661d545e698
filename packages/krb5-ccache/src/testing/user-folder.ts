/** Files of a user on this host. As root the user is another; without root it is whoever runs the tests. */
import { chmodSync, chownSync, mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TicketOwner } from '../ticket-keeper.ts';

const isRoot = process.getuid?.() === 0;

/** Whose caches are looked for; with root a uid that no account has. */
export const uid = isRoot ? 424_242 : (process.getuid?.() ?? 0);
/** Some uid that is another's. */
export const otherUid = uid + 1;

export const owner: TicketOwner = { uid, gid: uid, principal: 'user1@CORP.EXAMPLE.TEST', username: 'user1' };

/** A folder like /tmp (sticky, anyone may write) within one that is nobody else's; gone with the test's scope. */
export function sharedFolder(): { readonly path: string } & Disposable {
  const root = mkdtempSync(join(realpathSync(tmpdir()), 'berth-cache-'));
  chmodSync(root, 0o711);
  const path = join(root, 'tmp');
  mkdirSync(path);
  chmodSync(path, 0o1777);
  return { path, [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }) };
}

/** The real file system, with root as the owner of all folders; so it is anyway where root runs the tests. */
export const rootsFolders = {
  ...fs,
  lstat: async (path: string) => {
    const stats = await fs.lstat(path, { bigint: true });
    return stats.isDirectory() ? Object.assign(stats, { uid: 0n }) : stats;
  },
} as unknown as typeof fs;

/** The user's, with mode 0600. */
export function put(path: string, bytes: Uint8Array | string, change: { uid?: number; mode?: number } = {}): string {
  writeFileSync(path, bytes);
  chmodSync(path, change.mode ?? 0o600);
  own(path, change.uid ?? uid);
  return path;
}

/** By another name first, as PBIS and kinit do it. */
export function replace(path: string, bytes: Uint8Array): void {
  renameSync(put(`${path}.new`, bytes), path);
}

export function own(path: string, user = uid): void {
  if (isRoot) chownSync(path, user, user);
}
