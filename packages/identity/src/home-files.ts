/** What `prepareHome` asks of a file system; each rejects with the system's error, which has a `code`. */
import { constants } from 'node:fs';
import { lstat, mkdtemp, open, realpath, rename, rmdir } from 'node:fs/promises';
import { join } from 'node:path';

export interface HomeFiles {
  realpath(path: string): Promise<string>;
  /** Of the entry itself: a link isn't followed. */
  state(path: string): Promise<FileState>;
  /** Lets an automounter mount what lies there; never rejects. */
  wake(path: string): Promise<void>;
  /** A new empty folder in `parent`, root's alone, under a name that no home has. */
  makeDraft(parent: string): Promise<string>;
  giveAway(folder: string, uid: number, gid: number, mode: number): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  removeEmpty(folder: string): Promise<void>;
}

export interface FileState {
  readonly kind: 'folder' | 'link' | 'file';
  readonly uid: number;
  /** Permission bits, the sticky one included. */
  readonly mode: number;
}

const asFolder = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

export const hostHomeFiles: HomeFiles = {
  realpath: (path) => realpath(path),
  async state(path) {
    const found = await lstat(path);
    const kind = found.isDirectory() ? 'folder' : found.isSymbolicLink() ? 'link' : 'file';
    return { kind, uid: found.uid, mode: found.mode & 0o7777 };
  },
  async wake(path) {
    // lstat alone doesn't make autofs mount. A root that NFS squashes may not open the home: that is no fault.
    const folder = await open(path, asFolder | constants.O_NONBLOCK).catch(() => undefined);
    await folder?.close();
  },
  makeDraft: (parent) => mkdtemp(join(parent, '.berth-home-')),
  async giveAway(path, uid, gid, mode) {
    const folder = await open(path, asFolder);
    try {
      await folder.chown(uid, gid);
      await folder.chmod(mode);
    } finally {
      await folder.close();
    }
  },
  rename: (from, to) => rename(from, to),
  removeEmpty: (folder) => rmdir(folder),
};
