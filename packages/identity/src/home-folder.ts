/**
 * The user's home on the host, before a container mounts it. Only the last component is ever made, and only where none but root
 * could have put something in its way; what is there already is looked at, never changed.
 */
import { basename, dirname, join, normalize } from 'node:path';
import { IdentityError } from './errors.ts';
import type { FileState, HomeFiles } from './home-files.ts';
import type { PosixAccount } from './posix-account.ts';
import { shown } from './shown.ts';

export interface HomeRules {
  /** Folders under which homes lie, `/home`; links are followed. */
  readonly roots: readonly string[];
  /** Makes a home that is missing; never its parents. */
  readonly create: boolean;
  /** Of a home that is made; default 0700. */
  readonly mode?: number;
}

type Owner = Pick<PosixAccount, 'name' | 'uid' | 'gid' | 'home'>;

/**
 * @returns the home's real path, which is what a container mounts
 * @throws IdentityError `home-unsafe`
 */
export async function prepareHome(account: Owner, rules: HomeRules, files: HomeFiles): Promise<string> {
  checkPath(account);
  const parent = await files
    .realpath(dirname(account.home))
    .catch(
      refused(
        account,
        `its parent can't be found`,
        `Right would be to make ${shown(dirname(account.home))}, owned by root.`,
      ),
    );
  const home = join(parent, basename(account.home));
  await checkRoots(account, home, rules.roots, files);
  await checkParents(account, parent, files);
  const there = await look(account, home, files);
  if (there === undefined) {
    if (!rules.create)
      refuse(account, 'there is no such folder', 'Right would be to make it, owned by the user, or to let it be made.');
    await make(account, home, rules.mode ?? 0o700, files);
  }
  checkHome(account, there ?? (await look(account, home, files)));
  return home;
}

function refuse(account: Owner, reason: string, right: string, cause?: unknown): never {
  throw new IdentityError(
    'home-unsafe',
    `The home ${shown(account.home)} of ${shown(account.name)} can't be used: ${reason}. ${right}`,
    { cause },
  );
}

function refused(account: Owner, reason: string, right: string): (cause: unknown) => never {
  return (cause) => refuse(account, `${reason} (${codeOf(cause)})`, right, cause);
}

function checkPath(account: Owner): void {
  const { home } = account;
  const plain = home.startsWith('/') && normalize(home) === home && !home.endsWith('/') && !/\p{Cc}/u.test(home);
  if (!plain) refuse(account, 'it is no plain absolute path', 'Right would be one such as /home/user1.');
}

async function checkRoots(account: Owner, home: string, roots: readonly string[], files: HomeFiles): Promise<void> {
  const real = await Promise.all(roots.map((root) => files.realpath(root).catch(() => undefined)));
  const allowed = `Right would be a folder in ${roots.map(shown).join(', ') || 'one of the configured roots'}.`;
  if (real.includes(home)) refuse(account, 'it is itself the root of homes', allowed);
  const under = real.some((root) => root !== undefined && home.startsWith(root === '/' ? '/' : `${root}/`));
  if (!under) refuse(account, `it is ${shown(home)}, outside of all roots`, allowed);
}

/** Who can write to a folder above could swap what was looked at; a sticky one, such as /tmp, keeps root's folders safe. */
async function checkParents(account: Owner, parent: string, files: HomeFiles): Promise<void> {
  for (let folder = parent; ; folder = dirname(folder)) {
    const state = await files
      .state(folder)
      .catch(refused(account, `${shown(folder)} can't be read`, 'Right would be a folder of root.'));
    const sticky = folder !== parent && (state.mode & 0o1000) !== 0;
    if (state.kind !== 'folder' || state.uid !== 0 || ((state.mode & 0o022) !== 0 && !sticky)) {
      refuse(
        account,
        `others than root can write to ${shown(folder)}, or own it`,
        `Right would be that ${shown(folder)} is root's, and writable for root alone (0755).`,
      );
    }
    if (folder === '/') return;
  }
}

async function look(account: Owner, home: string, files: HomeFiles): Promise<FileState | undefined> {
  await files.wake(home);
  try {
    return await files.state(home);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    return refused(account, "it can't be read", 'Right would be a folder that root can see.')(error);
  }
}

function checkHome(account: Owner, state: FileState | undefined): void {
  const right = `Right would be a folder owned by uid ${account.uid}.`;
  if (state === undefined) return refuse(account, 'it was removed again', right);
  if (state.kind !== 'folder') refuse(account, `it is a ${state.kind}, no folder`, right);
  if (state.uid !== account.uid) refuse(account, `it is owned by uid ${state.uid}`, right);
}

/** Made under another name and renamed when whole: nobody ever sees a home that isn't its owner's yet. */
async function make(account: Owner, home: string, mode: number, files: HomeFiles): Promise<void> {
  const right = 'Right would be a file system on which root may make folders and give them away, with room left.';
  const fail = refused(account, "it can't be made", right);
  const draft = await files.makeDraft(dirname(home)).catch(fail);
  try {
    await files.giveAway(draft, account.uid, account.gid, mode);
    await files.rename(draft, home);
  } catch (error) {
    await files.removeEmpty(draft).catch(() => {});
    // Another start was quicker: what it made is looked at like any other.
    if (codeOf(error) !== 'ENOTEMPTY' && codeOf(error) !== 'EEXIST' && codeOf(error) !== 'ENOTDIR') fail(error);
  }
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : 'failed';
}
