/**
 * Somebody with a server while others do something: asks for servers, follows the event stream, has servers started and
 * stopped, and notes how long each took.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { TokenHolder, type WireServer } from '../security/token-holder.ts';

export interface OnlookerOptions {
  readonly url: string;
  /** Of the hub named `default`. */
  readonly token: string;
  /** Whose servers run, and are asked for. */
  readonly polled: readonly string[];
  /** Whose servers are started and stopped again, one after the other. */
  readonly started: readonly string[];
  /** Laid over the body of each start. */
  readonly start?: object;
}

/** Milliseconds. */
export interface Seen {
  /** GET /healthz. */
  readonly health: number[];
  /** GET of a server. */
  readonly polls: number[];
  /** From a start's request to its first event in the stream. */
  readonly events: number[];
  /** From a start's request to the event that says that the server runs. */
  readonly starts: number[];
}

const everyMs = 20;
const restMs = 50;

export class Onlooker {
  readonly #options: OnlookerOptions;
  readonly #hub: TokenHolder;

  constructor(options: OnlookerOptions) {
    this.#options = options;
    this.#hub = new TokenHolder(options, options.token, 'default');
  }

  /** Looks on until `until` resolves; rejects where an answer is not what it should be. */
  async look(until: Promise<unknown>): Promise<Seen> {
    const seen: Seen = { health: [], polls: [], events: [], starts: [] };
    let over = false;
    const end = until.finally(() => (over = true));
    const isOver = () => over;
    const stream = await this.#follow();
    try {
      await Promise.all([
        this.#health(seen.health, isOver),
        this.#poll(seen.polls, isOver),
        this.#start(seen, stream, isOver),
        end,
      ]);
    } finally {
      over = true;
      stream.close();
    }
    return seen;
  }

  async #health(found: number[], isOver: () => boolean): Promise<void> {
    await byTheClock(isOver, () =>
      taken(found, async () => {
        const answer = await fetch(`${this.#options.url}/healthz`);
        if (answer.status !== 200) throw new Error(`GET /healthz: ${answer.status}`);
        await answer.arrayBuffer();
      }),
    );
  }

  async #poll(found: number[], isOver: () => boolean): Promise<void> {
    const { polled } = this.#options;
    let turn = 0;
    await byTheClock(isOver, () => {
      const user = polled[turn++ % polled.length] ?? '';
      return taken(found, async () => {
        const { status } = await this.#hub.server(user);
        if (status?.state !== 'running') throw new Error(`the server of ${user} is ${JSON.stringify(status)}`);
      });
    });
  }

  async #start(seen: Seen, stream: Stream, isOver: () => boolean): Promise<void> {
    const { started, start = {} } = this.#options;
    for (let turn = 0; !isOver(); turn++) {
      const user = started[turn % started.length] ?? '';
      const key = this.#hub.key(user);
      const ask = async (what: Promise<{ readonly status: number; readonly text: string }>) => {
        const { status, text } = await what;
        if (status !== 202) throw new Error(`${user}: ${status} ${text}`);
      };
      const first = stream.next(key, ({ state }) => state === 'starting');
      const running = stream.next(key, ({ state }) => state !== 'starting');
      await Promise.all([
        taken(seen.events, () => first),
        taken(seen.starts, async () => {
          const status = await running;
          if (status.state !== 'running') throw new Error(`the start of ${user} came to ${JSON.stringify(status)}`);
        }),
        ask(this.#hub.put(user, '', start)),
      ]);
      const gone = stream.next(key, ({ state }) => state !== 'stopping' && state !== 'running');
      await ask(this.#hub.send('DELETE', `/v1/servers/${key}`));
      await gone;
      await sleep(restMs);
    }
  }

  async #follow(): Promise<Stream> {
    const stop = new AbortController();
    const answer = await fetch(`${this.#options.url}/v1/events`, {
      headers: { authorization: `Bearer ${this.#options.token}` },
      signal: stop.signal,
    });
    if (!answer.ok || answer.body === null) throw new Error(`GET /v1/events: ${answer.status}`);
    return new Stream(answer.body.pipeThrough(new TextDecoderStream()), stop);
  }
}

type Status = WireServer['status'];

interface Waiter {
  readonly key: string;
  readonly wanted: (status: Status) => boolean;
  readonly found: PromiseWithResolvers<Status>;
}

class Stream {
  readonly #stop: AbortController;
  #waiting: Waiter[] = [];
  #broken: { readonly by: unknown } | undefined;

  constructor(pieces: ReadableStream<string>, stop: AbortController) {
    this.#stop = stop;
    this.#read(pieces).catch((error: unknown) => {
      this.#broken = { by: error };
      for (const { found } of this.#waiting) found.reject(error);
    });
  }

  /** The next state of the server that is wanted. */
  next(key: string, wanted: Waiter['wanted']): Promise<Status> {
    const found = Promise.withResolvers<Status>();
    found.promise.catch(() => undefined);
    if (this.#broken !== undefined) found.reject(this.#broken.by);
    this.#waiting.push({ key, wanted, found });
    return found.promise;
  }

  close(): void {
    this.#stop.abort();
  }

  async #read(pieces: ReadableStream<string>): Promise<void> {
    let text = '';
    for await (const piece of pieces) {
      const events = (text + piece).split('\n\n');
      text = events.pop() ?? '';
      for (const event of events) {
        const data = /^data: (.*)$/m.exec(event)?.[1];
        if (data === undefined) continue;
        const { type, server } = JSON.parse(data) as { type: string; server: WireServer };
        if (type === 'server') this.#tell(server);
      }
    }
    throw new Error('the event stream ended');
  }

  #tell({ key, status }: WireServer): void {
    const told = this.#waiting.filter((waiter) => waiter.key === key && waiter.wanted(status));
    this.#waiting = this.#waiting.filter((waiter) => !told.includes(waiter));
    for (const { found } of told) found.resolve(status);
  }
}

async function taken(found: number[], work: () => Promise<unknown>): Promise<void> {
  const began = performance.now();
  await work();
  found.push(performance.now() - began);
}

/** Does the work again and again, one at a time, begun at most every 20 ms; rejects with the first failure. */
async function byTheClock(isOver: () => boolean, work: () => Promise<void>): Promise<void> {
  while (!isOver()) {
    const next = sleep(everyMs);
    await work();
    await next;
  }
}
