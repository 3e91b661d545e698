/**
 * Ends TLS before a directory and goes on with TLS of its own, so that a test sees each LDAP request, counts it, and may
 * do something before it goes on.
 */
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type TLSSocket } from 'node:tls';
import { BerReader } from 'ldapts';
import { type Certificate, signCertificate } from '../stack/certificates.ts';

export type LdapOperation = 'bind' | 'unbind' | 'search' | 'read' | 'other';

export interface LdapTapOptions {
  /** Address of the directory; its port 636 is used. */
  readonly to: string;
  /** Signs its certificate. */
  readonly authority: Certificate;
  readonly folder: string;
}

export class LdapTap {
  readonly operations: LdapOperation[] = [];
  /** Called with each request before it goes on. */
  onRequest: (operation: LdapOperation) => Promise<void> = async () => undefined;
  readonly #server: Server;
  readonly #to: string;
  readonly #sockets = new Set<TLSSocket>();

  static async start({ to, authority, folder }: LdapTapOptions): Promise<LdapTap> {
    const { certificate, key } = await signCertificate(authority, folder, ['IP:127.0.0.1']);
    const server = createServer({ cert: await readFile(certificate), key: await readFile(key) });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new LdapTap(server, to);
  }

  private constructor(server: Server, to: string) {
    this.#server = server;
    this.#to = to;
    server.on('secureConnection', (client) => this.#take(client));
    server.on('tlsClientError', () => undefined);
  }

  get url(): string {
    return `ldaps://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Ends all connections; new ones are taken. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async remove(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #take(client: TLSSocket): void {
    // What is behind the tap is the test's own.
    const directory = connect({ host: this.#to, port: 636, rejectUnauthorized: false });
    for (const [socket, other] of [
      [client, directory],
      [directory, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.once('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    directory.on('data', (data) => client.write(data));
    this.#carry(client, directory).catch(() => undefined);
  }

  async #carry(client: TLSSocket, directory: TLSSocket): Promise<void> {
    let received = Buffer.alloc(0);
    for await (const piece of client.iterator({ destroyOnReturn: false })) {
      received = Buffer.concat([received, piece as Buffer]);
      for (let size = messageSize(received); size !== undefined; size = messageSize(received)) {
        const operation = operationOf(received.subarray(0, size));
        this.operations.push(operation);
        await this.onRequest(operation);
        directory.write(received.subarray(0, size));
        received = received.subarray(size);
      }
    }
  }
}

function messageSize(data: Buffer): number | undefined {
  const reader = new BerReader(data);
  if (reader.readSequence() === null || reader.remain < reader.length) return undefined;
  return reader.offset + reader.length;
}

function operationOf(message: Buffer): LdapOperation {
  const reader = new BerReader(message);
  reader.readSequence();
  reader.readInt();
  const tag = reader.readSequence();
  if (tag === 0x60) return 'bind';
  if (tag === 0x42) return 'unbind';
  if (tag !== 0x63) return 'other';
  reader.readString();
  return reader.readEnumeration() === 0 ? 'read' : 'search';
}
