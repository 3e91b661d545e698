/** The last events, numbered, for any number of readers. */
import type { SpawnerEvent } from './spawner.ts';

type Unnumbered<E> = E extends unknown ? Omit<E, 'id'> : never;
type Listener = (event: SpawnerEvent) => void;

export class EventLog {
  readonly #remembered: SpawnerEvent[] = [];
  readonly #listeners = new Set<Listener>();
  readonly #size: number;
  #last: number;

  /** Ids begin at the clock's microseconds, so that they grow across restarts as long as the clock doesn't jump back. */
  constructor(now: Date, size = 1000) {
    this.#last = now.getTime() * 1000;
    this.#size = size;
  }

  get lastId(): number {
    return this.#last;
  }

  append(event: Unnumbered<SpawnerEvent>): void {
    const numbered = { ...event, id: ++this.#last } as SpawnerEvent;
    this.#remembered.push(numbered);
    if (this.#remembered.length > this.#size * 2) this.#remembered.splice(0, this.#remembered.length - this.#size);
    for (const listener of this.#listeners) {
      try {
        listener(numbered);
      } catch {
        this.#listeners.delete(listener);
      }
    }
  }

  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The events behind `id`; undefined where some of them are forgotten, or `id` was never given here. */
  after(id: number): readonly SpawnerEvent[] | undefined {
    const first = this.#last - this.#remembered.length;
    if (id < first || id > this.#last) return undefined;
    return this.#remembered.slice(id - first);
  }
}
