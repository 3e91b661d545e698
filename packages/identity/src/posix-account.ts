/** An account as the host knows it: what a process of the user runs as. */

export interface PosixAccount {
  /** As the name service writes it: `user1`, `BANK\user1`, `user1@corp.example.test`. */
  readonly name: string;
  /** 1 to 4,294,967,294. */
  readonly uid: number;
  readonly gid: number;
  /** Name of the group `gid`; absent or empty where the name service has none. */
  readonly groupName?: string;
  /** All groups the process is in beside `gid`; a group's name is empty where the name service has none. */
  readonly groups: readonly PosixGroup[];
  /** Absolute path on the host. */
  readonly home: string;
  readonly shell: string;
  /** Full name. */
  readonly gecos: string;
}

export interface PosixGroup {
  readonly gid: number;
  readonly name: string;
}
