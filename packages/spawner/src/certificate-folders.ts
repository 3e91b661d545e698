/** Certificates on the host's tmpfs: the outer folder is root's alone; a container sees only its own inner one. */
import { chmod, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CertificateFolders } from './parts.ts';

/**
 * The inner folder and its files are readable to all, as the container's account isn't known by number; the outer
 * folder's 0700 keeps everybody else on the host away.
 */
export function certificateFolders(runtimeFolder: string): CertificateFolders {
  const outer = join(runtimeFolder, 'ssl');
  return {
    async write(serverKey, { key, certificate, authority }) {
      const folder = join(outer, serverKey);
      const fresh = `${folder}.new`;
      await mkdir(outer, { recursive: true, mode: 0o700 });
      await rm(fresh, { recursive: true, force: true });
      await mkdir(fresh);
      await Promise.all([
        writeFile(join(fresh, 'key.pem'), key),
        writeFile(join(fresh, 'cert.pem'), certificate),
        writeFile(join(fresh, 'ca.pem'), authority),
      ]);
      await Promise.all(['key.pem', 'cert.pem', 'ca.pem'].map((name) => chmod(join(fresh, name), 0o444)));
      await chmod(fresh, 0o555);
      await rm(folder, { recursive: true, force: true });
      await rename(fresh, folder);
      return folder;
    },
    remove: (serverKey) => rm(join(outer, serverKey), { recursive: true, force: true }),
  };
}
