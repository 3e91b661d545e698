/** A passwd and a group file for each pair of image and account, made once, in the runtime folder. */
import { composeAccountFiles, type PosixAccount } from '@berth/identity';
import type { ImageFiles } from '@berth/spawner';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface AccountFiles {
  /** Rejects with an IdentityError where the account can't be written into such files, or an EngineError. */
  prepare(
    account: PosixAccount,
    image: ImageFiles,
    signal: AbortSignal,
  ): Promise<{ readonly passwdFile: string; readonly groupFile: string }>;
}

const passwd = '/etc/passwd';
const group = '/etc/group';
const shells = '/etc/shells';

export function accountFiles(runtimeFolder: string): AccountFiles {
  const outer = join(runtimeFolder, 'accounts');
  /** What an image holds never changes: its id is its content. */
  const ofImage = new Map<string, Promise<ReadonlyMap<string, string>>>();

  const read = (image: ImageFiles, signal: AbortSignal) => {
    const known = ofImage.get(image.id);
    if (known !== undefined) return known;
    const reading = image.read([passwd, group, shells], signal);
    ofImage.set(image.id, reading);
    reading.catch(() => ofImage.delete(image.id));
    return reading;
  };

  return {
    async prepare(account, image, signal) {
      const identity = createHash('sha256')
        .update(JSON.stringify([image.id, account]))
        .digest('hex');
      const folder = join(outer, identity.slice(0, 32));
      const made = { passwdFile: join(folder, 'passwd'), groupFile: join(folder, 'group') };
      if (await exists(folder)) return made;
      const files = await read(image, signal);
      const own = { passwd: files.get(passwd) ?? '', group: files.get(group) ?? '' };
      const texts = composeAccountFiles(own, account, { shells: shellsIn(files.get(shells) ?? '') });
      await mkdir(outer, { recursive: true, mode: 0o711 });
      const fresh = `${folder}.${randomBytes(6).toString('hex')}`;
      try {
        await mkdir(fresh, { mode: 0o755 });
        await writeFile(join(fresh, 'passwd'), texts.passwd, { mode: 0o644 });
        await writeFile(join(fresh, 'group'), texts.group, { mode: 0o644 });
        await rename(fresh, folder);
      } catch (error) {
        await rm(fresh, { recursive: true, force: true });
        // Where somebody else was faster, what they made has the same content.
        if (!(await exists(folder))) throw error;
      }
      return made;
    },
  };
}

/** `/bin/sh` first: POSIX asks for it, and an image without /etc/shells has it all the same. */
function shellsIn(text: string): [string, ...string[]] {
  return ['/bin/sh', ...text.split('\n').filter((line) => line.startsWith('/'))];
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
