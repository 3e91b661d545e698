/**
 * The published tickets: `<runtime>/krb5/<uid>/krb5cc`, which containers mount with its folder.
 *
 * The folder is the user's, and a container may write to it: whatever lies there may have been put there to make a process of root
 * read, write or remove something else. So a ticket is made ready where only the service gets, and then takes the name by rename,
 * which replaces a link or a FIFO without opening it. Above the folder nobody but the service may write, so it stays where it is.
 */
import { randomBytes } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { lstat, mkdir, open, readdir, rename, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { TicketError } from './errors.ts';
import { failed, ownFolder } from './master-folder.ts';
import type { TicketOwner } from './ticket-keeper.ts';
import { codeOf, wipeFile, wipeFolder } from './wipe.ts';

// Who runs in the container can make the directory again between our two renames; he only harms himself.
const OBSTACLES = 5;

export class Publications {
  readonly #folder: string;
  readonly #uid: number;

  constructor(folder: string, uid: number) {
    this.#folder = folder;
    this.#uid = uid;
  }

  /** What a container of this user mounts. Its inode stays the same as long as anything runs. */
  folderOf(uid: number): string {
    return join(this.#folder, String(uid));
  }

  /** Makes the folders and removes what a killed run left half done. */
  async open(): Promise<void> {
    await ownFolder(this.#folder, 0o711, this.#uid);
    await ownFolder(this.#staging, 0o700, this.#uid);
    for (const name of await readdir(this.#staging)) await wipeFolder(join(this.#staging, name), this.#uid);
  }

  /** Puts the ticket into the owner's folder. Returns what was in the way, one sentence each. Rejects with a TicketError. */
  async publish(owner: TicketOwner, bytes: Uint8Array): Promise<readonly string[]> {
    const folder = this.folderOf(owner.uid);
    const staged = join(this.#staging, randomBytes(12).toString('hex'));
    const obstacles: string[] = [];
    try {
      await this.#userFolder(folder, owner);
      await writeFor(owner, staged, bytes);
      obstacles.push(...(await planted(join(folder, 'krb5cc'), owner.uid)));
      while (!(await renamed(staged, join(folder, 'krb5cc')))) {
        if (obstacles.length >= OBSTACLES)
          throw new TicketError(
            'ticket-unsafe',
            `${folder}/krb5cc is made a directory again and again by user ${owner.uid}.`,
          );
        const aside = `krb5cc.obstacle-${randomBytes(6).toString('hex')}`;
        await rename(join(folder, 'krb5cc'), join(folder, aside));
        obstacles.push(`${folder}/krb5cc was a directory and is now ${aside}: its user put it there.`);
      }
      return obstacles;
    } catch (error) {
      await wipeFile(staged, owner.uid).catch(() => undefined);
      throw error instanceof TicketError ? error : failed(join(folder, 'krb5cc'), error);
    }
  }

  /** Overwrites and removes the ticket; the folder goes too where it is empty and nothing has it mounted. Absent is success. */
  async withdraw(uid: number, isMounted: boolean): Promise<void> {
    const folder = this.folderOf(uid);
    try {
      const stat = await lstat(folder).catch(() => undefined);
      if (!stat?.isDirectory()) return;
      await wipeFile(join(folder, 'krb5cc'), uid);
      if (!isMounted) await rmdir(folder).catch(() => undefined);
    } catch (error) {
      throw failed(join(folder, 'krb5cc'), error);
    }
  }

  get #staging(): string {
    return join(this.#folder, '.staging');
  }

  async #userFolder(path: string, { uid, gid }: TicketOwner): Promise<void> {
    await mkdir(path, { mode: 0o700 }).catch((error) => {
      if (codeOf(error) !== 'EEXIST') throw error;
    });
    const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW).catch(
      (error) => {
        throw codeOf(error) === 'ENOTDIR' || codeOf(error) === 'ELOOP' ? unsafe(path, 'is no directory') : error;
      },
    );
    try {
      const stat = await folder.stat();
      // The service's own is one that a killed run made and didn't get to hand over.
      if (stat.uid !== uid && stat.uid !== this.#uid) throw unsafe(path, `belongs to uid ${stat.uid}, not to ${uid}`);
      if (stat.uid !== uid || stat.gid !== gid) await folder.chown(uid, gid);
      if ((stat.mode & 0o7777) !== 0o700) await folder.chmod(0o700);
    } finally {
      await folder.close();
    }
  }
}

async function writeFor({ uid, gid }: TicketOwner, path: string, bytes: Uint8Array): Promise<void> {
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const file = await open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  try {
    await file.writeFile(bytes);
    await file.chown(uid, gid);
  } finally {
    await file.close();
  }
}

/** What will be replaced though no program that renews tickets makes it; only for the sentence, so it may have changed since. */
async function planted(path: string, uid: number): Promise<string[]> {
  const there = await lstat(path).catch(() => undefined);
  const kind = there && oddity(there, uid);
  return kind === undefined ? [] : [`${path} was ${kind} and was replaced: its user put it there.`];
}

/** Undefined for a plain file of the user, and for a directory, which is told when it is moved aside. */
function oddity(there: Stats, uid: number): string | undefined {
  if (there.isDirectory()) return undefined;
  if (there.isSymbolicLink()) return 'a symbolic link';
  if (there.isFIFO()) return 'a FIFO';
  if (!there.isFile()) return 'no plain file';
  if (there.nlink > 1) return 'a file of several names';
  return there.uid === uid ? undefined : `a file of uid ${there.uid}`;
}

/** False: a directory has the name. */
async function renamed(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EISDIR' || codeOf(error) === 'EEXIST' || codeOf(error) === 'ENOTEMPTY') return false;
    throw error;
  }
}

function unsafe(path: string, what: string): TicketError {
  return new TicketError('ticket-unsafe', `${path} ${what}; remove it, and Berth makes it anew.`);
}
