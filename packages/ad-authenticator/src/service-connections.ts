/**
 * The service account's connections: one to each server that is in use, which is one as long as the first works. Kept
 * open, shared by all who ask, bound anew when it breaks.
 */
import { createHash } from 'node:crypto';
import { DirectoryError } from './ad-authenticator.ts';
import { bindName } from './bind-name.ts';
import type { LdapConnection } from './ldap-connection.ts';
import { LdapFault, resultCodes } from './ldap-fault.ts';
import { refusalOfBind } from './refusals.ts';
import type { ServerAddress } from './server-address.ts';
import type { ServiceAccount } from './settings.ts';
import { waitFor } from './wait-for.ts';

/** Below AD's own limit of 15 minutes (MaxConnIdleTime), and of most firewalls. In milliseconds. */
const idle = 300_000;
/** How long a password that was refused isn't sent again: the service account must not be locked by us. In milliseconds. */
const holdOff = 60_000;

export interface ServiceConnectionsOptions {
  readonly account: ServiceAccount;
  /** Not bound yet. */
  readonly open: (server: ServerAddress) => Promise<LdapConnection>;
  readonly now: () => Date;
}

interface Held {
  readonly opening: Promise<LdapConnection>;
  timer: NodeJS.Timeout | undefined;
}

export class ServiceConnections {
  readonly #options: ServiceConnectionsOptions;
  readonly #held = new Map<string, Held>();
  #refused: { readonly digest: string; readonly until: number; readonly error: DirectoryError } | undefined;

  constructor(options: ServiceConnectionsOptions) {
    this.#options = options;
  }

  /**
   * Does the work on the server's connection. One that was open before and turns out to be broken is replaced once.
   * Rejects with what the work rejects with, LdapFault, or DirectoryError where the account is refused.
   */
  async use<T>(
    server: ServerAddress,
    signal: AbortSignal,
    work: (connection: LdapConnection) => Promise<T>,
  ): Promise<T> {
    const before = this.#held.get(server.url);
    const held = before ?? this.#open(server);
    try {
      return await work(await waitFor(held.opening, signal));
    } catch (error) {
      if (!isBroken(error)) throw error;
      this.#drop(server, held);
      if (before === undefined) throw error;
      return await this.use(server, signal, work);
    } finally {
      this.#restartIdle(server, held);
    }
  }

  close(): void {
    for (const held of this.#held.values()) closeHeld(held);
    this.#held.clear();
  }

  #open(server: ServerAddress): Held {
    const held: Held = { opening: this.#bound(server), timer: undefined };
    this.#held.set(server.url, held);
    held.opening.then(
      (connection) => connection.onClose(() => this.#drop(server, held)),
      () => this.#drop(server, held),
    );
    return held;
  }

  async #bound(server: ServerAddress): Promise<LdapConnection> {
    const { account, open, now } = this.#options;
    const password = await account.password().catch((cause: unknown) => {
      const why = `the password of the service account ${account.name} can't be read: check its password file`;
      throw new DirectoryError('directory-refused', why, { cause });
    });
    const digest = createHash('sha256').update(password).digest('hex');
    if (this.#refused?.digest === digest && this.#refused.until > now().getTime()) throw this.#refused.error;
    const connection = await open(server);
    try {
      await connection.bind(bindName(account.name), password, new AbortController().signal);
      this.#refused = undefined;
      return connection;
    } catch (error) {
      connection.destroy();
      if (!(error instanceof LdapFault) || error.resultCode !== resultCodes.invalidCredentials) throw error;
      const refusal = serviceRefused(account.name, server, error);
      this.#refused = { digest, until: now().getTime() + holdOff, error: refusal };
      throw refusal;
    }
  }

  #drop(server: ServerAddress, held: Held): void {
    if (this.#held.get(server.url) === held) this.#held.delete(server.url);
    closeHeld(held);
  }

  #restartIdle(server: ServerAddress, held: Held): void {
    clearTimeout(held.timer);
    if (this.#held.get(server.url) !== held) return;
    held.timer = setTimeout(() => this.#drop(server, held), idle);
    held.timer.unref();
  }
}

function closeHeld(held: Held): void {
  clearTimeout(held.timer);
  held.opening.then(
    (connection) => connection.close(),
    () => undefined,
  );
}

/** operationsError is what AD answers to a search on a connection that isn't bound. */
function isBroken(error: unknown): boolean {
  return error instanceof LdapFault && (error.kind === 'network' || error.resultCode === resultCodes.operationsError);
}

function serviceRefused(name: string, server: ServerAddress, fault: LdapFault): DirectoryError {
  const state = refusalOfBind(fault);
  const why = state === 'credentials-wrong' ? 'its name or password is wrong' : `its state is ${state}`;
  return new DirectoryError(
    'directory-refused',
    `${server.url} refuses the service account ${name}: ${why}. Check the service account's name and its password file`,
    { cause: fault },
  );
}
