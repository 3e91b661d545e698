/** An LDAP server that misbehaves on demand: real TCP, real TLS, a directory in memory. */
import { createServer, type Server, type Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import { BerReader, BerWriter, type Filter } from 'ldapts';
import { certificate, privateKey } from './certificate.ts';
import { type DirectoryEntry, findEntries } from './directory-entries.ts';
import { readFilter } from './read-filter.ts';

export interface LdapRequest {
  readonly operation: 'bind' | 'search' | 'unbind' | 'extended' | 'other';
  /** Of the connection, from 1. */
  readonly connection: number;
  /** It came through TLS. */
  readonly secure: boolean;
  /** Of a bind: the name. Of a search: its base. */
  readonly dn: string;
  readonly password: string;
  readonly scope: 'base' | 'one' | 'sub';
  readonly filter: string;
  readonly attributes: readonly string[];
}

export type Reaction =
  | {
      readonly result: number;
      readonly diagnostic?: string;
      readonly entries?: readonly DirectoryEntry[];
      readonly referrals?: readonly string[];
    }
  /** Never answers. */
  | 'stall'
  /** Ends the connection. */
  | 'cut'
  /** Answers with what is no LDAP. */
  | 'garbage';

export interface LdapServerOptions {
  readonly entries?: readonly DirectoryEntry[];
  /** Default: implicit. */
  readonly tls?: 'implicit' | 'starttls';
  /** In place of what a server in order would do, which is what `undefined` leaves it at. */
  readonly react?: (request: LdapRequest) => Reaction | undefined;
}

/** Sent in one piece with the answer to StartTLS. */
export const startTlsOid = '1.3.6.1.4.1.1466.20037';

const tags = { bind: 0x60, unbind: 0x42, search: 0x63, extended: 0x77 } as const;

export class LdapServer {
  readonly requests: LdapRequest[] = [];
  entries: readonly DirectoryEntry[];
  react: (request: LdapRequest) => Reaction | undefined;
  /** What came through a handshake that took an earlier session up again. */
  resumedSessions = 0;
  readonly #server: Server;
  readonly #implicit: boolean;
  readonly #sockets = new Set<Socket>();
  #connections = 0;

  static async start(options: LdapServerOptions = {}): Promise<LdapServer> {
    const server = new LdapServer(options);
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  private constructor({ entries = [], tls = 'implicit', react = () => undefined }: LdapServerOptions) {
    this.entries = entries;
    this.react = react;
    this.#implicit = tls === 'implicit';
    this.#server = createServer((socket) => this.#serve(socket));
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' ? (address?.port ?? 0) : 0;
  }

  get url(): string {
    return `${this.#implicit ? 'ldaps' : 'ldap'}://127.0.0.1:${this.port}`;
  }

  get openConnections(): number {
    return this.#sockets.size;
  }

  /** How many requests of each kind came so far, goodbyes apart. */
  count(operation: LdapRequest['operation']): number {
    return this.requests.filter((request) => request.operation === operation).length;
  }

  /** Ends all connections; the server goes on. */
  cutAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async stop(): Promise<void> {
    this.cutAll();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(socket: Socket): void {
    const connection = ++this.#connections;
    socket.setNoDelay(true);
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket)).on('error', () => undefined);
    if (this.#implicit) this.#secure(socket, connection);
    else this.#read(socket, connection, false);
  }

  #secure(socket: Socket, connection: number): void {
    const secured = new TLSSocket(socket, { isServer: true, secureContext });
    secured.on('error', () => undefined);
    secured.on('secure', () => {
      if (secured.isSessionReused()) this.resumedSessions++;
    });
    this.#read(secured, connection, true);
  }

  #read(socket: Socket, connection: number, secure: boolean): void {
    let received = Buffer.alloc(0);
    const read = (data: Buffer): void => {
      received = Buffer.concat([received, data]);
      for (;;) {
        const reader = new BerReader(received);
        if (reader.readSequence() === null || reader.remain < reader.length) return;
        const end = reader.offset + reader.length;
        const message = new BerReader(received.subarray(reader.offset, end));
        received = received.subarray(end);
        const id = message.readInt() ?? 0;
        const request = parse(message, connection, secure);
        this.requests.push(request);
        if (request.operation === 'extended' && this.#startTls(socket, id, request)) {
          socket.removeListener('data', read);
          return;
        }
        this.#answer(socket, id, request);
      }
    };
    socket.on('data', read);
  }

  #startTls(socket: Socket, id: number, request: LdapRequest): boolean {
    if (this.react(request) !== undefined) return false;
    socket.write(result(id, 0x78, 0, ''), () => this.#secure(socket, request.connection));
    return true;
  }

  #answer(socket: Socket, id: number, request: LdapRequest): void {
    const reaction = this.react(request) ?? this.#inOrder(request);
    if (reaction === 'stall' || request.operation === 'unbind') return;
    if (reaction === 'cut') return void socket.destroy();
    if (reaction === 'garbage') return void socket.write('HTTP/1.1 400 Bad Request\r\n\r\n');
    const wanted = request.attributes.map((name) => name.toLowerCase());
    for (const entry of reaction.entries ?? []) socket.write(searchEntry(id, entry, wanted));
    for (const url of reaction.referrals ?? []) socket.write(searchReference(id, url));
    const tag = { bind: 0x61, search: 0x65, extended: 0x78, unbind: 0, other: 0x78 }[request.operation];
    socket.write(result(id, tag, reaction.result, reaction.diagnostic ?? ''));
  }

  #inOrder(request: LdapRequest): Exclude<Reaction, string> {
    if (request.operation === 'bind') {
      const name = request.dn.toLowerCase();
      const right = this.entries.some(
        ({ dn, bindNames = [], password }) =>
          [dn, ...bindNames].some((own) => own.toLowerCase() === name) && password === request.password,
      );
      return right ? { result: 0 } : { result: 49, diagnostic: wrongPassword };
    }
    if (request.operation !== 'search') return { result: 2 };
    const filter = filters.get(request);
    const entries = filter === undefined ? [] : findEntries(this.entries, request.dn, request.scope, filter);
    return entries.length === 0 && request.scope === 'base' ? { result: 32 } : { result: 0, entries };
  }
}

/** As AD answers it. */
export const wrongPassword = refusedWith('52e');

export function refusedWith(data: string): string {
  return `80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data ${data}, v4563`;
}

const secureContext = createSecureContext({ cert: certificate, key: privateKey });
const filters = new WeakMap<LdapRequest, Filter>();

function parse(message: BerReader, connection: number, secure: boolean): LdapRequest {
  const tag = message.readSequence();
  const empty = { connection, secure, dn: '', password: '', scope: 'base', filter: '', attributes: [] } as const;
  if (tag === tags.bind) {
    message.readInt();
    const dn = message.readString() ?? '';
    const simple = message.peek() === 0x80;
    return { ...empty, operation: 'bind', dn, password: simple ? (message.readString(0x80) ?? '') : 'SASL' };
  }
  if (tag === tags.unbind) return { ...empty, operation: 'unbind' };
  if (tag === tags.extended) return { ...empty, operation: 'extended', dn: message.readString(0x80) ?? '' };
  if (tag !== tags.search) return { ...empty, operation: 'other' };
  const dn = message.readString() ?? '';
  const scope = (['base', 'one', 'sub'] as const)[message.readEnumeration() ?? 0] ?? 'sub';
  message.readEnumeration();
  message.readInt();
  message.readInt();
  message.readBoolean();
  const filter = readFilter(message);
  const attributes: string[] = [];
  message.readSequence();
  while (message.remain > 0 && message.peek() === 0x04) attributes.push(message.readString() ?? '');
  const request: LdapRequest = { ...empty, operation: 'search', dn, scope, filter: filter.toString(), attributes };
  filters.set(request, filter);
  return request;
}

function message(id: number, tag: number, write: (writer: BerWriter) => void): Buffer {
  const writer = new BerWriter();
  writer.startSequence();
  writer.writeInt(id);
  writer.startSequence(tag);
  write(writer);
  writer.endSequence();
  writer.endSequence();
  return writer.buffer;
}

function result(id: number, tag: number, code: number, diagnostic: string): Buffer {
  return message(id, tag, (writer) => {
    writer.writeEnumeration(code);
    writer.writeString('');
    writer.writeString(diagnostic);
  });
}

function searchEntry(id: number, entry: DirectoryEntry, wanted: readonly string[]): Buffer {
  return message(id, 0x64, (writer) => {
    writer.writeString(entry.dn);
    writer.startSequence();
    for (const [name, values] of Object.entries(entry.attributes)) {
      if (!wanted.includes(name.toLowerCase())) continue;
      writer.startSequence();
      writer.writeString(name);
      writer.startSequence(0x31);
      for (const value of values) writer.writeBuffer(Buffer.from(value as string), 0x04);
      writer.endSequence();
      writer.endSequence();
    }
    writer.endSequence();
  });
}

function searchReference(id: number, url: string): Buffer {
  return message(id, 0x73, (writer) => writer.writeString(url));
}
