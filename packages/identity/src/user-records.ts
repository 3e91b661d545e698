/**
 * What a login needs of a database. Names no vendor: SQLite implements it in @berth/store. A write has reached the disk
 * when its promise resolves.
 */
import type { PosixAccount } from './posix-account.ts';

/** A user whom a directory has let in; never a secret. */
export interface UserRecord {
  /** The hub's name for the user; unique. */
  readonly name: string;
  /** What the name is bound to. */
  readonly sid: string;
  /** `user1@CORP.EXAMPLE.TEST` */
  readonly principal: string;
  /** The name by which accounts and keytabs are looked up: `user1`. */
  readonly sAMAccountName: string;
  readonly displayName: string | undefined;
  readonly allowedBy: string;
  readonly admin: boolean;
  readonly groups: readonly string[];
  /** What the user's servers run as, as it was last looked up; undefined where none are configured. */
  readonly account: PosixAccount | undefined;
  /** The last login through each hub: a proof by password. */
  readonly logins: readonly { readonly hub: string; readonly at: Date }[];
  /** When the directory last said that the user may log in. */
  readonly confirmedAt: Date;
}

export interface UserRecords {
  /** What can't be read is left out, and stays in the database. */
  loadUsers(): Promise<UserRecord[]>;
  saveUser(record: UserRecord): Promise<void>;
  /** Absent is success. */
  removeUser(name: string): Promise<void>;
}

/** Counts attempts by name within windows of time, also across restarts. */
export interface AttemptLimiter {
  /** Counts one attempt, unless there were too many: then says after how many seconds the next one counts anew. */
  take(name: string): Promise<{ readonly taken: true } | { readonly taken: false; readonly retryAfterSeconds: number }>;
  /** Takes one attempt back: it was none. */
  giveBack(name: string): Promise<void>;
  /** Forgets all attempts of a name. */
  forget(name: string): Promise<void>;
}
