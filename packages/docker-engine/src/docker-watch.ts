/**
 * Following Docker's events for as long as it takes.
 *
 * A stream replays at most 256 events, some streams stay open and go mute, and a daemon that restarts has forgotten all: so each
 * connection counts as a gap, and there is a new one every few minutes.
 */
import type { EngineObserver, EngineWatch } from '@berth/spawner';
import { delay } from './abortable.ts';
import type { DockerConnection } from './docker-connection.ts';
import { dialStream } from './docker-dial.ts';
import { toEngineError } from './docker-errors.ts';
import { ACTIONS, readEvent } from './docker-events.ts';
import { readJsonLines } from './json-lines.ts';

export interface WatchOptions {
  /** A stream is made anew after so many seconds. */
  readonly refreshSeconds: number;
  readonly now: () => Date;
  readonly log: (message: string) => void;
}

const FIRST_DELAY = 100;
const LAST_DELAY = 5000;

export class DockerWatch implements EngineWatch {
  readonly #connection: DockerConnection;
  readonly #label: string;
  readonly #observer: EngineObserver;
  readonly #options: WatchOptions;
  readonly #closed = new AbortController();
  #down = false;
  #failures = 0;

  constructor(connection: DockerConnection, label: string, observer: EngineObserver, options: WatchOptions) {
    this.#connection = connection;
    this.#label = label;
    this.#observer = observer;
    this.#options = options;
    void this.#run();
  }

  close(): void {
    this.#closed.abort();
  }

  async #run(): Promise<void> {
    const closed = this.#closed.signal;
    while (!closed.aborted) {
      const refresh = new AbortController();
      const timer = setTimeout(() => refresh.abort(), this.#options.refreshSeconds * 1000);
      try {
        await this.#follow(AbortSignal.any([closed, refresh.signal]));
        // Ended by Docker, which it does when it ends itself: who answers next may be another version.
        this.#connection.forget();
      } catch (error) {
        if (!closed.aborted && !refresh.signal.aborted) this.#lost(error);
      } finally {
        clearTimeout(timer);
      }
      if (!refresh.signal.aborted) await this.#pause();
    }
  }

  /** One stream, to its end. Rejects where there was none, where it broke, and when the signal ends it. */
  async #follow(signal: AbortSignal): Promise<void> {
    // Docker answers a moment before it subscribes (moby, system_routes.go, getEvents); `since` covers that moment.
    const query = {
      since: (this.#options.now().getTime() / 1000).toFixed(3),
      filters: JSON.stringify({ type: ['container'], event: ACTIONS, label: [this.#label] }),
    };
    const stream = await this.#connection.call({ name: 'events', subject: 'engine', signal }, (docker, abortSignal) =>
      dialStream(docker, '/events', query, abortSignal),
    );
    if (stream === undefined) return;
    this.#failures = 0;
    this.#down = false;
    this.#tell(() => this.#observer.onGap());
    await readJsonLines(
      stream,
      (value) => {
        const event = signal.aborted ? undefined : readEvent(value);
        if (event !== undefined) this.#tell(() => this.#observer.onEvent(event));
      },
      () => this.#garbled(signal),
    );
  }

  #garbled(signal: AbortSignal): void {
    if (signal.aborted) return;
    this.#options.log("Docker's event stream: a line that can't be read was skipped");
    this.#tell(() => this.#observer.onGap());
  }

  #lost(error: unknown): void {
    this.#connection.forget();
    this.#failures++;
    const reason = toEngineError(error, 'engine', this.#connection.socketPath).message;
    // A stream that breaks, and is there again at once, is a gap and no outage.
    if (this.#down || this.#failures < 2) return;
    this.#down = true;
    this.#options.log(`Docker's event stream: ${reason}`);
    this.#tell(() => this.#observer.onDown(reason));
  }

  /** Up to 5 s, doubling; a random part of it, so that many services of one host don't knock together. */
  async #pause(): Promise<void> {
    const most = Math.min(LAST_DELAY, FIRST_DELAY * 2 ** Math.min(this.#failures, 10));
    await delay(most / 2 + (Math.random() * most) / 2, this.#closed.signal).catch(() => undefined);
  }

  /** An observer that throws is its own problem, not the stream's. */
  #tell(tell: () => void): void {
    if (this.#closed.signal.aborted) return;
    try {
      tell();
    } catch (error) {
      this.#options.log(`an observer of Docker's events failed: ${String(error)}`);
    }
  }
}
