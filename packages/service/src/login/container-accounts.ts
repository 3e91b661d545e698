/** What the spawner asks before it makes a container: as which account a user's servers run. */
import { hostHomeFiles, IdentityError, prepareHome, type PosixAccount, type UserRecord } from '@berth/identity';
import { SpawnError, type Accounts, type ContainerAccount, type ImageFiles, type ServerIdentity } from '@berth/spawner';
import type { AccountFinder } from './account-finder.ts';
import type { AccountFiles } from './account-files.ts';
import type { KnownUsers } from './known-users.ts';
import { isWithinGrace } from './refresh.ts';

export interface ContainerAccountsParts {
  /** Undefined: the hub's word is all there is, and accounts come from the name service. */
  readonly directory: { readonly graceSeconds: number } | undefined;
  readonly known: KnownUsers;
  /** Undefined: servers run as their image's user. */
  readonly finder: AccountFinder | undefined;
  readonly files: AccountFiles;
  readonly home: { readonly roots: readonly string[]; readonly create: boolean; readonly mount: boolean };
  readonly sockets: readonly string[];
  /** Realm of principals where no directory says them; undefined: no Kerberos. */
  readonly realm: (() => Promise<string | undefined>) | undefined;
  readonly now: () => Date;
}

export function containerAccounts(parts: ContainerAccountsParts): Accounts {
  return {
    async prepare(server, image, signal) {
      const user = parts.directory && provedUser(server, parts.directory.graceSeconds, parts);
      if (parts.finder === undefined) return undefined;
      try {
        const account = user?.account ?? (await parts.finder.ofHubUser(server.user, signal));
        const principal = user?.principal ?? (await principalOf(account, parts));
        return await containerAccount(account, principal, image, parts, signal);
      } catch (error) {
        if (error instanceof IdentityError) throw new SpawnError(error.code, error.message, { cause: error });
        throw error;
      }
    },
  };
}

/** The user's record, where the user has logged in through this hub, and the directory's last yes still holds. */
export function provedUser(
  { hub, user: name }: ServerIdentity,
  graceSeconds: number,
  { known, now }: Pick<ContainerAccountsParts, 'known' | 'now'>,
): UserRecord {
  const user = known.get(name);
  if (user === undefined || !user.logins.some((login) => login.hub === hub))
    throw new SpawnError(
      'login-required',
      `${name} has not logged in through this hub by password. Log out and in again.`,
    );
  if (!isWithinGrace(user, graceSeconds, now()))
    throw new SpawnError(
      'login-required',
      'The directory has not confirmed your account for too long. Log out and in again.',
    );
  return user;
}

async function principalOf({ name }: PosixAccount, { realm }: ContainerAccountsParts): Promise<string | undefined> {
  const of = await realm?.();
  return of === undefined ? undefined : `${loginName(name)}@${of}`;
}

/** `user1` of `BANK\user1` and of `user1@corp.example.test`. */
function loginName(name: string): string {
  return name.replace(/^.*\\/, '').replace(/@.*$/, '');
}

async function containerAccount(
  account: PosixAccount,
  principal: string | undefined,
  image: ImageFiles,
  { files, home, sockets }: ContainerAccountsParts,
  signal: AbortSignal,
): Promise<ContainerAccount> {
  const homeFolder = home.mount ? await prepareHome(account, home, hostHomeFiles) : undefined;
  const { passwdFile, groupFile } = await files.prepare(account, image, signal);
  return {
    name: account.name,
    uid: account.uid,
    gid: account.gid,
    groups: account.groups.map(({ gid }) => gid),
    home: account.home,
    homeFolder,
    ...{ passwdFile, groupFile, sockets },
    ...(principal === undefined ? {} : { principal }),
  };
}
