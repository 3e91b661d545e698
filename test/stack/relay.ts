/**
 * A TCP relay with which a test stands between two that talk: containers reach a directory through it, which listens on a
 * loopback address, and it can be slow, silent or away where the directory itself isn't.
 *
 *     const relay = await Relay.start({ from: engine.bridgeAddress, to: directory.address, ports: [88, 389, 636] });
 *     const conf = krb5Conf([{ ...directory.krb5Realm, kdcs: [relay.address] }]);   // for containers
 *
 * Two of them before one directory are two domain controllers.
 */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { Transform } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { freeAddress } from './free-address.ts';

export interface RelayOptions {
  /** Where it listens. Default: a free loopback address. */
  readonly from?: string;
  /** The address that it leads to. */
  readonly to: string;
  /** The same on both sides, or one for each. */
  readonly ports: readonly (number | { readonly from: number; readonly to: number })[];
}

type Conduct = { readonly kind: 'pass'; readonly delay: number } | { readonly kind: 'stall' };

export class Relay {
  readonly address: string;
  readonly #to: string;
  readonly #ports: readonly { readonly from: number; readonly to: number }[];
  readonly #sockets = new Set<Socket>();
  #servers: Server[] = [];
  #conduct: Conduct = { kind: 'pass', delay: 0 };
  #changed: PromiseWithResolvers<void> = Promise.withResolvers();
  #taken = 0;

  static async start({ from, to, ports }: RelayOptions): Promise<Relay> {
    const pairs = ports.map((port) => (typeof port === 'number' ? { from: port, to: port } : port));
    const relay = new Relay(from ?? (await freeAddress(pairs.map((pair) => pair.from))), to, pairs);
    await relay.accept();
    return relay;
  }

  private constructor(address: string, to: string, ports: readonly { readonly from: number; readonly to: number }[]) {
    this.address = address;
    this.#to = to;
    this.#ports = ports;
  }

  /** How many connections it has taken so far. */
  get taken(): number {
    return this.#taken;
  }

  /** Everything passes at once, also what was held back. The start. */
  pass(): void {
    this.#behave({ kind: 'pass', delay: 0 });
  }

  /** Each piece of an answer comes so much later. */
  delay(milliseconds: number): void {
    this.#behave({ kind: 'pass', delay: milliseconds });
  }

  /** Connections are taken and stay open, and nothing passes either way. */
  stall(): void {
    this.#behave({ kind: 'stall' });
  }

  /** Ends the connections that there are; new ones are taken. */
  cut(): void {
    // One that was ended can't be reset any more: libuv would spin over it for ever.
    for (const socket of this.#sockets)
      if (socket.writableEnded) socket.destroy();
      else socket.resetAndDestroy();
  }

  /** Ends the connections that there are, and refuses new ones until `accept`. */
  async refuse(): Promise<void> {
    const closed = this.#servers.map(async (server) => new Promise((resolve) => server.close(resolve)));
    this.#servers = [];
    this.cut();
    await Promise.all(closed);
  }

  /** Takes connections again. */
  async accept(): Promise<void> {
    if (this.#servers.length > 0) return;
    for (const { from, to } of this.#ports) {
      const server = createServer({ allowHalfOpen: true }, (client) => this.#take(client, to));
      this.#servers.push(server);
      server.listen(from, this.address);
      await once(server, 'listening');
    }
  }

  async remove(): Promise<void> {
    await this.refuse();
  }

  #behave(conduct: Conduct): void {
    this.#conduct = conduct;
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  #take(client: Socket, port: number): void {
    this.#taken++;
    const server = connect({ host: this.#to, port, allowHalfOpen: true });
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => {}); // Its close says enough.
      socket.once('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    client.pipe(this.#gate(false)).pipe(server);
    server.pipe(this.#gate(true)).pipe(client);
  }

  /** What comes in, and the end too, goes out once it may. */
  #gate(isAnswer: boolean): Transform {
    const permitted = (then: () => void) => void this.#permission(isAnswer).then(then);
    return new Transform({
      transform: (piece, _encoding, done) => permitted(() => done(null, piece)),
      flush: (done) => permitted(done),
    });
  }

  async #permission(isAnswer: boolean): Promise<void> {
    while (this.#conduct.kind === 'stall') await this.#changed.promise;
    if (isAnswer && this.#conduct.delay > 0) await sleep(this.#conduct.delay);
  }
}
