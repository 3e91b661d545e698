/** Files of the state folder that are made once and kept: tokens, the label key, the instance's name. */
import { randomBytes } from 'node:crypto';
import { link, open, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';

/** Makes the file with mode 0600, whole and on the disk, or leaves an existing one as it is. Rejects with node:fs's errors. */
export async function ensurePrivateFile(path: string, content: () => string | Uint8Array): Promise<'made' | 'kept'> {
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  const handle = await open(draft, 'wx', 0o600);
  try {
    await handle.writeFile(content());
    await handle.sync();
    await link(draft, path);
    return 'made';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return 'kept';
    throw error;
  } finally {
    await handle.close();
    await unlink(draft);
  }
}

/** A state file that holds something else than the service put there. */
export class StateFileError extends Error {
  constructor(path: string, reason: string) {
    super(`${path} ${reason}`);
    this.name = 'StateFileError';
  }
}

const keyBytes = 32;

/** The key of the labels' signatures; made at first start. Without it a lost database can't be rebuilt from containers. */
export async function labelKey(state: string): Promise<Uint8Array> {
  const path = join(state, 'label.key');
  await ensurePrivateFile(path, () => randomBytes(keyBytes));
  const key = await readFile(path);
  if (key.length === keyBytes) return key;
  throw new StateFileError(path, `holds ${key.length} bytes instead of ${keyBytes}; put the original back`);
}

/** The name that this service's containers carry; made at first start. */
export async function instanceName(state: string): Promise<string> {
  const path = join(state, 'instance');
  await ensurePrivateFile(path, () => `${randomBytes(8).toString('hex')}\n`);
  const name = (await readFile(path, 'utf8')).trim();
  if (/^[a-z0-9-]{8,40}$/.test(name)) return name;
  throw new StateFileError(path, 'must hold 8 to 40 characters of a-z, 0-9 and -; put the original back');
}
