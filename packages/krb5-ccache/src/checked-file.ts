/**
 * Reads a file that a user owns, in a folder where anyone may write, as root.
 *
 * Anyone may have put a link, a pipe or another's file under the name. So the name is looked at first (opening a device may
 * already do something), opened without following links and without waiting, and what counts is what the handle says.
 */
import { constants } from 'node:fs';
import type * as fsPromises from 'node:fs/promises';
import { dirname } from 'node:path';
import { TicketError } from './errors.ts';
import { MAXIMUM_CCACHE_BYTES } from './parse-ccache.ts';

/** What is needed of `node:fs/promises`. */
export type CheckedFileSystem = Pick<typeof fsPromises, 'lstat' | 'open' | 'realpath'>;

export interface FileRules {
  /** The only owner that is accepted, root being no exception. */
  readonly uid: number;
  readonly maximumBytes?: number;
}

/** Node adds O_CLOEXEC to every open. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

type Handle = Awaited<ReturnType<CheckedFileSystem['open']>>;
type Stats = Awaited<ReturnType<typeof stampedStat>>;

/**
 * The bytes of an absolute path. Never more than `maximumBytes` + 1 are read, never does it wait for a writer.
 * @throws TicketError `ticket-missing` where there is no such file; `ticket-unsafe` where it must not be trusted; `ticket-failed`.
 */
export async function readCheckedFile(path: string, rules: FileRules, fs: CheckedFileSystem): Promise<Uint8Array> {
  await checkFolders(path, rules.uid, fs);
  // A second look is due where someone wrote it meanwhile; a third would be a game.
  return (
    (await readOnce(path, rules, fs)) ?? (await readOnce(path, rules, fs)) ?? refuse(path, 'changed while being read')
  );
}

/** Undefined where it changed meanwhile. */
async function readOnce(path: string, rules: FileRules, fs: CheckedFileSystem): Promise<Uint8Array | undefined> {
  const { maximumBytes = MAXIMUM_CCACHE_BYTES } = rules;
  const named = await sentenced(path, () => fs.lstat(path, { bigint: true }));
  checkStats(path, named, rules.uid, maximumBytes);
  const handle = await sentenced(path, () => fs.open(path, FLAGS));
  try {
    const before = await stampedStat(handle);
    checkStats(path, before, rules.uid, maximumBytes);
    const bytes = await sentenced(path, () => readBounded(handle, Number(before.size)));
    const after = await stampedStat(handle);
    // A name put over the file shows as a changed ctime of the handle's inode: it lost its link.
    return bytes.length === Number(before.size) && after.nlink === 1n && sameStats(before, after) ? bytes : undefined;
  } finally {
    await handle.close();
  }
}

function stampedStat(handle: Handle) {
  return handle.stat({ bigint: true });
}

async function readBounded(handle: Handle, size: number): Promise<Uint8Array> {
  // One more, so that a file that has grown shows.
  const buffer = new Uint8Array(size + 1);
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

function checkStats(path: string, stats: Stats, uid: number, maximumBytes: number): void {
  if (stats.isSymbolicLink()) refuse(path, 'is a symbolic link; a ticket cache must be a regular file');
  if (!stats.isFile()) refuse(path, `is ${kindOf(stats)}; a ticket cache must be a regular file`);
  if (stats.uid !== BigInt(uid)) refuse(path, `belongs to uid ${stats.uid}; it must belong to uid ${uid}`);
  if ((stats.mode & 0o077n) !== 0n) {
    const mode = (stats.mode & 0o7777n).toString(8).padStart(4, '0');
    refuse(path, `has mode ${mode}: others may use it; it must have 0600`);
  }
  // 0 is a file that was just replaced; the second look shows the new one.
  if (stats.nlink > 1n) refuse(path, `has ${stats.nlink} names (hard links); it must have one`);
  if (stats.size > BigInt(maximumBytes))
    refuse(path, `has ${stats.size} bytes, more than the ${maximumBytes} that a ticket cache may have`);
}

/** No one but root and the user may put another folder or file in place on the way: owner, sticky bit, no links. */
async function checkFolders(path: string, uid: number, fs: CheckedFileSystem): Promise<void> {
  const parent = dirname(path);
  const real = await sentenced(parent, () => fs.realpath(parent));
  if (real !== parent) refuse(path, `lies behind a symbolic link: its folder is really ${real}`);
  for (let folder = parent; ; folder = dirname(folder)) {
    const stats = await sentenced(folder, () => fs.lstat(folder, { bigint: true }));
    if (!stats.isDirectory()) refuse(path, `lies in ${folder}, which is no folder`);
    if (stats.uid !== 0n && stats.uid !== BigInt(uid))
      refuse(path, `lies in ${folder}, which belongs to uid ${stats.uid}; it must belong to root or to uid ${uid}`);
    if ((stats.mode & 0o1002n) === 0o0002n)
      refuse(path, `lies in ${folder}, where anyone may replace it; that folder must have the sticky bit (chmod +t)`);
    if (folder === '/') return;
  }
}

function sameStats(a: Stats, b: Stats): boolean {
  return a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs && a.ino === b.ino && a.dev === b.dev;
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a folder';
  if (stats.isFIFO()) return 'a named pipe';
  if (stats.isSocket()) return 'a socket';
  return 'a device';
}

function refuse(path: string, why: string): never {
  throw new TicketError('ticket-unsafe', `${path} ${why}`);
}

/** Gives failures of the file system their sentence. */
async function sentenced<T>(path: string, attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    switch (code) {
      case 'ENOENT':
        throw new TicketError('ticket-missing', `${path} does not exist`, { cause });
      case 'ELOOP':
        throw new TicketError('ticket-unsafe', `${path} is a symbolic link; a ticket cache must be a regular file`, {
          cause,
        });
      case 'ENOTDIR':
        throw new TicketError('ticket-unsafe', `${path} lies in something that is no folder`, { cause });
      default:
        throw new TicketError('ticket-failed', `${path} can't be read (${code ?? 'unknown'})`, { cause });
    }
  }
}
