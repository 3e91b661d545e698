/** Who servers run as, and by which ticket. The service plugs both in; without them servers run as their image's user. */
import type { ServerIdentity } from './server.ts';

export interface Accounts {
  /**
   * The account of a server's user, looked up and checked now; undefined: the server runs as its image's user. Rejects with a SpawnError.
   *
   * @param image what the account's passwd and group entries are added to
   */
  prepare(server: ServerIdentity, image: ImageFiles, signal: AbortSignal): Promise<ContainerAccount | undefined>;
}

export interface ImageFiles {
  /** Content id, `sha256:...`. */
  readonly id: string;
  /** Texts of files in the image, by absolute path; those that it doesn't have are left out. Rejects with an EngineError. */
  read(paths: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, string>>;
}

/** An account as a container needs it. Paths are the host's. */
export interface ContainerAccount extends ServerAccount {
  /** Supplementary groups. */
  readonly groups: readonly number[];
  /** The home's path in the container. */
  readonly home: string;
  /** The folder on the host that is mounted there; undefined: none is. */
  readonly homeFolder: string | undefined;
  /** Files that take the place of the image's /etc/passwd and /etc/group, read-only. */
  readonly passwdFile: string;
  readonly groupFile: string;
  /** Sockets of the host's name service, passed through at the same path. */
  readonly sockets: readonly string[];
}

/** What is kept of a server's account: enough to renew its ticket after any restart. */
export interface ServerAccount {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** `user1@CORP.EXAMPLE.TEST`, where there is Kerberos. */
  readonly principal?: string;
}

export interface Tickets {
  /** A ticket that lives long enough, in a folder for the container; undefined: the server starts without. Rejects with a SpawnError. */
  prepare(server: ServerIdentity, account: ServerAccount, signal: AbortSignal): Promise<MountedTicket | undefined>;
}

export interface MountedTicket {
  /** Folder on the host that the user's container may write to; it holds `krb5cc`. */
  readonly folder: string;
  /** A krb5.conf on the host, for containers. */
  readonly krb5Conf: string;
  /** What the user should know, each a sentence. */
  readonly notices: readonly string[];
}
