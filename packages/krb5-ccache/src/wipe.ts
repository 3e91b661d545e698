/** Files that held a ticket: overwritten, then removed. */
import { constants } from 'node:fs';
import { open, readdir, rm, unlink } from 'node:fs/promises';
import { join } from 'node:path';

/** `obstacle`: a directory of that name, which is left alone. */
export type Wiped = 'wiped' | 'absent' | 'obstacle';

// A ccache is a few KiB. What is longer was not written by us, and overwriting it all would be work on demand.
const OVERWRITE_LIMIT = 1 << 20;

/**
 * Overwrites the file where it is a regular one of `uid`, and removes the name. A link is removed, not followed; a FIFO or device is never waited for.
 */
export async function wipeFile(path: string, uid: number): Promise<Wiped> {
  await overwrite(path, uid);
  try {
    await unlink(path);
    return 'wiped';
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT') return 'absent';
    if (code === 'EISDIR' || code === 'EPERM') return 'obstacle';
    throw error;
  }
}

/** For a folder that is ours alone. Absent is success. */
export async function wipeFolder(path: string, uid: number): Promise<void> {
  const names = await readdir(path).catch(() => []);
  for (const name of names) await overwrite(join(path, name), uid);
  await rm(path, { recursive: true, force: true });
}

async function overwrite(path: string, uid: number): Promise<void> {
  const { O_WRONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const file = await open(path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK).catch(() => undefined);
  if (!file) return;
  try {
    const stat = await file.stat();
    if (stat.isFile() && stat.uid === uid)
      await file.write(Buffer.alloc(Math.min(stat.size, OVERWRITE_LIMIT)), { position: 0 });
  } catch {
    // A full or broken file system must not keep the name from going.
  } finally {
    await file.close();
  }
}

export function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}
