/** One LDAP connection over a verified socket. Each operation ends: by its answer, its time limit, or the caller's abort. */
import type { TLSSocket } from 'node:tls';
import { Client, PresenceFilter, ResultCodeError } from 'ldapts';
import type { BindName } from './bind-name.ts';
import { Entry } from './entry.ts';
import type { LdapFilter } from './ldap-filter.ts';
import { LdapFault } from './ldap-fault.ts';
import type { ServerAddress } from './server-address.ts';

/** AD counts its attributes' names without case; ldapts gives buffers only for exactly these. */
const binaryAttributes = ['objectSid', 'tokenGroups'];

export class LdapConnection {
  readonly server: ServerAddress;
  readonly #socket: TLSSocket;
  readonly #client: Client;
  readonly #operationSeconds: number;

  constructor(socket: TLSSocket, server: ServerAddress, operationSeconds: number) {
    this.server = server;
    this.#socket = socket;
    this.#operationSeconds = operationSeconds;
    socket.on('error', () => undefined);
    let given = false;
    const createConnection = (): TLSSocket => {
      if (given || socket.readyState !== 'open') throw new LdapFault('network', `${server.url} closed the connection`);
      given = true;
      return socket;
    };
    // A URL of the ldap scheme without tlsOptions keeps ldapts from a second TLS over this one.
    this.#client = new Client({ url: 'ldap://verified-socket', createConnection });
  }

  get open(): boolean {
    return this.#socket.readyState === 'open';
  }

  /** When its certificate ends. */
  get certificateEnds(): Date {
    return new Date(this.#socket.getPeerCertificate().valid_to);
  }

  onClose(listener: () => void): void {
    if (this.#socket.closed) listener();
    else this.#socket.once('close', listener);
  }

  /** A simple bind. Rejects with LdapFault. */
  async bind(name: BindName, password: string, signal: AbortSignal): Promise<void> {
    // An empty password is an anonymous bind, and many servers answer success to it (RFC 4513, 5.1.2).
    if (password === '') throw new LdapFault('result', 'an empty password is not sent');
    await this.#operation('bind', signal, () => this.#client.bind(name, password));
  }

  /** One entry. Undefined where the server shows none of this name. */
  async read(dn: string, attributes: readonly string[], signal: AbortSignal): Promise<Entry | undefined> {
    const filter = new PresenceFilter({ attribute: 'objectClass' });
    const [entry] = await this.#search(dn, 'base', filter, attributes, 1, signal);
    return entry;
  }

  /** All entries below `base` that the filter names, up to `limit`. Referrals are not followed. */
  search(
    base: string,
    filter: LdapFilter,
    attributes: readonly string[],
    limit: number,
    signal: AbortSignal,
  ): Promise<readonly Entry[]> {
    return this.#search(base, 'sub', filter, attributes, limit, signal);
  }

  /** Says goodbye where there is somebody to say it to. The socket is gone in any case. */
  close(): void {
    if (this.open && this.#client.isConnected) {
      this.#socket.setTimeout(1000, () => this.#socket.destroy());
      this.#client.unbind().catch(() => undefined);
    } else this.destroy();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  async #search(
    base: string,
    scope: 'base' | 'sub',
    filter: LdapFilter,
    attributes: readonly string[],
    sizeLimit: number,
    signal: AbortSignal,
  ): Promise<readonly Entry[]> {
    const explicitBufferAttributes = binaryAttributes.filter((name) => attributes.includes(name));
    const timeLimit = Math.max(1, Math.ceil(this.#operationSeconds));
    const options = { scope, filter, attributes: [...attributes], explicitBufferAttributes, sizeLimit, timeLimit };
    const found = await this.#operation('search', signal, () => this.#client.search(base, options));
    return found.searchEntries.map((entry) => new Entry(entry));
  }

  #operation<T>(what: string, signal: AbortSignal, start: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const timer = setTimeout(() => {
        reject(
          new LdapFault('timeout', `${this.server.url} did not answer a ${what} within ${this.#operationSeconds} s`),
        );
        // A connection that owes an answer is no good for the next question.
        this.destroy();
      }, this.#operationSeconds * 1000);
      const abort = (): void => reject(signal.reason);
      signal.addEventListener('abort', abort, { once: true });
      start()
        .then(resolve, (error: unknown) => reject(this.#fault(what, error)))
        .finally(() => {
          clearTimeout(timer);
          signal.removeEventListener('abort', abort);
        });
    });
  }

  #fault(what: string, error: unknown): LdapFault {
    if (error instanceof LdapFault) return error;
    if (error instanceof ResultCodeError) {
      const diagnostic = plainText(error.message);
      const message = `${this.server.url} refused a ${what}: ${diagnostic}`;
      return new LdapFault('result', message, { resultCode: error.code, diagnostic });
    }
    // ldapts' other errors name the request's class, never its content.
    this.destroy();
    const why = this.#socket.errored?.message ?? 'the connection was closed';
    return new LdapFault('network', `${this.server.url} gave no answer to a ${what}: ${why}`);
  }
}

/** A server's words, fit for a log line. */
function plainText(text: string): string {
  return text
    .replace(/[\0-\x1f\x7f-\x9f]+/g, ' ')
    .trim()
    .slice(0, 300);
}
