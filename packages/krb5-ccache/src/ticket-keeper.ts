/**
 * Keeps the tickets of users on this host: obtains, publishes to containers, renews while a server runs, wipes.
 * `createTicketKeeper` (create-ticket-keeper.ts) makes one.
 *
 * A master, root's alone, lies in `<runtime>/tickets/<uid>/krb5cc`; what containers mount is `<runtime>/krb5/<uid>/`, where a
 * copy is put by rename. Nothing found in that folder is trusted.
 */
import type { TicketView } from './ccache.ts';

export interface TicketKeeper {
  /** Takes up the masters that an earlier run left, and their renewal. Rejects with a TicketError where the folders can't be used. */
  open(): Promise<void>;
  /** Tickets stay; renewal ends. */
  close(): Promise<void>;

  /**
   * Gets a ticket by the password and keeps it in place of the one before; running servers of the user get it too. Rejects with a TicketError.
   */
  obtain(owner: TicketOwner, password: string, signal: AbortSignal): Promise<KeptTicket>;
  /**
   * Makes sure that the owner's folder holds a ticket that lives for `minimumLifeSeconds` more, and returns that folder for a container's
   * mount. By what there is: the kept ticket, renewed where that helps; the user's keytab; the host's own cache, after its checks.
   * Rejects with a TicketError: `ticket-missing` and `ticket-ended` ask for a new login.
   */
  prepare(owner: TicketOwner, signal: AbortSignal): Promise<PreparedTicket>;
  /** Which owners have servers now; the keeper renews for these. Called at each change, and once the first look at what runs is done. */
  inUse(owners: readonly TicketOwner[]): void;

  /** From memory; undefined where there is none. */
  view(uid: number): KeptTicket | undefined;
  /** From memory. */
  list(): readonly KeptTicket[];
  /** Destroys master and published ticket. Absent is success. */
  wipe(uid: number): Promise<void>;
  /** What isn't as it should be, one sentence each. */
  faults(): readonly string[];
  /** KDC, renewable tickets, keytabs, krb5.conf, tmpfs. Never rejects. */
  diagnose(signal: AbortSignal): AsyncIterable<TicketFinding>;
}

export interface TicketOwner {
  readonly uid: number;
  readonly gid: number;
  /** `user1@CORP.EXAMPLE.TEST`; a ticket of another principal is never kept for this owner. */
  readonly principal: string;
  /** For the tokens of default_ccache_name and for a keytab's name: `user1`. */
  readonly username: string;
}

export type TicketSource = 'password' | 'keytab' | 'host';

export interface KeptTicket extends TicketView {
  readonly uid: number;
  readonly source: TicketSource;
  /** When Berth renews it next, or looks for a fresher one; undefined while no server runs. */
  readonly nextRenewal: Date | undefined;
  /** Why the last renewal failed; undefined where it didn't. */
  readonly problem: string | undefined;
}

export interface PreparedTicket {
  readonly ticket: KeptTicket;
  /** On the host: `<runtime>/krb5/<uid>`. */
  readonly folder: string;
}

export interface TicketFinding {
  readonly part: 'kdc' | 'ticket' | 'keytab' | 'krb5.conf';
  readonly level: 'error' | 'warning' | 'ok';
  readonly finding: string;
  readonly mend?: string;
}
