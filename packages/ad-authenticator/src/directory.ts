/** The directory as a whole: its servers, tried in turn, and what is known of it. */
import pLimit from 'p-limit';
import { DirectoryError, LoginRefused } from './ad-authenticator.ts';
import { dial, type DialOptions } from './dial.ts';
import { type DomainNames, readDomainNames } from './domain-names.ts';
import { LdapConnection } from './ldap-connection.ts';
import { LdapFault, mayFailOver } from './ldap-fault.ts';
import { directoryError, noServer } from './outcome.ts';
import type { AdLog } from './parts.ts';
import type { ServerAddress } from './server-address.ts';
import type { Servers } from './servers.ts';
import { ServiceConnections } from './service-connections.ts';
import type { AdSettings } from './settings.ts';
import { waitFor } from './wait-for.ts';

/**
 * What a whole class does when its lecture begins: fifty handshakes and binds in one moment keep the event loop, and a directory, from
 * everybody else. So many at once lose no time, as each has its pauses.
 */
const atOnce = 8;

export interface DirectoryParts {
  readonly settings: AdSettings;
  readonly servers: Servers;
  readonly dialOptions: () => DialOptions;
  readonly now: () => Date;
  readonly log: AdLog;
}

export class Directory {
  readonly servers: Servers;
  readonly #parts: DirectoryParts;
  readonly #service: ServiceConnections | undefined;
  readonly #turns = pLimit(atOnce);
  #names: Promise<DomainNames> | undefined;
  #knownNames: DomainNames | undefined;

  constructor(parts: DirectoryParts) {
    this.#parts = parts;
    this.servers = parts.servers;
    const account = parts.settings.serviceAccount;
    const open = (server: ServerAddress) => this.open(server, new AbortController().signal);
    this.#service = account === undefined ? undefined : new ServiceConnections({ account, open, now: parts.now });
  }

  /** Undefined: there is no service account. */
  get service(): ServiceConnections | undefined {
    return this.#service;
  }

  /** Undefined: nobody has read them yet. */
  get knownNames(): DomainNames | undefined {
    return this.#knownNames;
  }

  /** A connection of the caller's own, not bound. The caller closes it. */
  async open(server: ServerAddress, signal: AbortSignal): Promise<LdapConnection> {
    const socket = await dial(server, this.#parts.dialOptions(), signal);
    return new LdapConnection(socket, server, this.#parts.settings.operationSeconds);
  }

  /** Read once, by a connection that is bound. */
  names(connection: LdapConnection, signal: AbortSignal): Promise<DomainNames> {
    if (this.#names === undefined) {
      // Others may wait for it too: it ends by its own time limit.
      const reading = readDomainNames(connection, this.#parts.settings, new AbortController().signal);
      reading.then(
        (names) => (this.#knownNames = names),
        () => (this.#names = undefined),
      );
      this.#names = reading;
    }
    return waitFor(this.#names, signal);
  }

  /**
   * Does the work on one server after the other until one can, in its turn. Rejects with DirectoryError, LoginRefused, or the
   * reason that the caller's signal was aborted with. The limit of a login holds for the wait and the work together.
   */
  async onSomeServer<T>(
    caller: AbortSignal,
    work: (server: ServerAddress, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    caller.throwIfAborted();
    const { loginSeconds } = this.#parts.settings;
    const deadline = AbortSignal.timeout(loginSeconds * 1000);
    const signal = AbortSignal.any([caller, deadline]);
    const { promise: turn, resolve: begin } = Promise.withResolvers<void>();
    const done = this.#turns(() => {
      begin();
      return signal.aborted ? Promise.reject(signal.reason) : this.#serverByServer(caller, signal, work);
    });
    try {
      await waitFor(turn, signal);
    } catch (error) {
      done.catch(() => undefined);
      if (caller.aborted) throw error;
      throw new DirectoryError(
        'directory-timeout',
        `more than ${atOnce} logins were before this one, and it had no turn within ${loginSeconds} s`,
      );
    }
    return done;
  }

  async #serverByServer<T>(
    caller: AbortSignal,
    signal: AbortSignal,
    work: (server: ServerAddress, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const { loginSeconds } = this.#parts.settings;
    const faults: LdapFault[] = [];
    for (const server of await this.servers.inOrder()) {
      try {
        const result = await work(server, signal);
        this.servers.worked(server);
        return result;
      } catch (error) {
        const cut = signal.aborted && error === signal.reason;
        if (cut && caller.aborted) throw error;
        if (error instanceof LoginRefused) this.servers.worked(server);
        const fault = cut
          ? new LdapFault('timeout', `${server.url} was still at work when the ${loginSeconds} s of a login were over`)
          : error;
        if (!mayFailOver(fault)) throw fault instanceof LdapFault ? directoryError(fault) : fault;
        this.servers.failed(server, fault);
        this.#parts.log.warn({ server: server.url, fault: fault.kind }, fault.message);
        faults.push(fault);
        if (cut) break;
      }
    }
    throw noServer(faults);
  }

  /** The same by the service account's connection. */
  async byService<T>(
    caller: AbortSignal,
    work: (connection: LdapConnection, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const service = this.#service;
    if (service === undefined)
      throw new DirectoryError(
        'no-service-account',
        'there is no service account to look accounts up with: set `serviceAccount`',
      );
    return await this.onSomeServer(caller, (server, signal) =>
      service.use(server, signal, (connection) => work(connection, signal)),
    );
  }

  close(): void {
    this.#service?.close();
  }
}
