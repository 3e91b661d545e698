/** What a keeper of tickets is told at its construction. */
import type { TicketOwner, TicketSource } from './ticket-keeper.ts';
import type { TicketTimers } from './renewal-alarm.ts';

export interface TicketSettings {
  /** Absolute, best on tmpfs: `/run/berth`. Masters and published tickets lie below it, on one file system. */
  readonly runtime: string;
  /** The site's krb5.conf, absolute. kinit reads it itself, with its includes, behind Berth's own settings. */
  readonly krb5Conf: string;
  /** In the order in which `prepare` tries them. */
  readonly sources: readonly TicketSource[];
  /** Holds `<username>.keytab`; needed for the source `keytab`. */
  readonly keytabFolder?: string;
  /** A container gets no ticket that ends sooner. */
  readonly minimumLifeSeconds: number;
  /** Asked of the KDC, which may give less. */
  readonly renewLifetimeSeconds: number;
  /** Asked of the KDC; without it, what krb5.conf and the KDC say. */
  readonly lifetimeSeconds?: number;
  /** Path of MIT's kinit: `/usr/bin/kinit`. */
  readonly kinit: string;
  /** How long one request may take, its wait for a place included. */
  readonly kinitSeconds: number;
  /** So many kinit processes at once. */
  readonly kinitAtOnce: number;
}

export interface TicketParts {
  readonly log: TicketLog;
  readonly now: () => Date;
  readonly timers: TicketTimers;
  /** From 0 to 1, as Math.random gives it: spreads the renewals of many users. */
  readonly random: () => number;
  /** Who runs the service: masters and folders must be this user's. */
  readonly uid: number;
  /** For the source `host`. */
  readonly hostTickets?: HostTickets;
}

/** Tickets that the host keeps for its users (PAM, SSSD, PBIS). */
export interface HostTickets {
  /** Bytes of a FILE ccache that passed its checks. Rejects with a TicketError; `ticket-missing` where there is none. */
  find(owner: TicketOwner, signal: AbortSignal): Promise<{ readonly bytes: Uint8Array; readonly path: string }>;
  /** Calls `changed` whenever the host's cache may have changed, until the returned function is called. */
  watch(owner: TicketOwner, changed: () => void): () => void;
}

export interface TicketLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** Throws a RangeError that names the setting. */
export function checkTicketSettings(settings: TicketSettings, parts: TicketParts): void {
  for (const key of ['runtime', 'krb5Conf', 'kinit'] as const)
    if (!settings[key].startsWith('/')) wrong(key, `is ${JSON.stringify(settings[key])}`, 'an absolute path');
  // KRB5_CONFIG is a list of files parted by colons.
  for (const key of ['runtime', 'krb5Conf'] as const)
    if (settings[key].includes(':')) wrong(key, `is ${JSON.stringify(settings[key])}`, 'a path without a colon');
  for (const key of ['minimumLifeSeconds', 'renewLifetimeSeconds', 'kinitSeconds', 'kinitAtOnce'] as const)
    if (!(settings[key] >= (key === 'minimumLifeSeconds' ? 0 : 1)))
      wrong(key, `is ${settings[key]}`, 'a number above 0');
  if (settings.sources.length === 0) wrong('sources', 'is empty', 'a list of password, keytab, host');
  if (settings.sources.includes('keytab') && settings.keytabFolder === undefined)
    wrong('keytabFolder', 'is missing', 'a folder, as sources names keytab');
  if (settings.sources.includes('host') && parts.hostTickets === undefined)
    wrong('hostTickets', 'is missing', 'given, as sources names host');
}

function wrong(key: string, what: string, right: string): never {
  throw new RangeError(`The ticket setting ${key} ${what}; it ought to be ${right}.`);
}
