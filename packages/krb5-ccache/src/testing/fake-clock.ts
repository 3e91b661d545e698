import type { TicketTimers } from '../renewal-alarm.ts';

/** A clock that stands until it is moved, and the timers that go by it. */
export class FakeClock {
  #now: number;
  #timers: { readonly at: number; readonly run: () => void }[] = [];

  constructor(start: Date) {
    this.#now = start.getTime();
  }

  readonly now = (): Date => new Date(this.#now);

  readonly timers: TicketTimers = {
    after: (milliseconds, run) => {
      // As Node's own: what it can't count runs at once.
      const timer = { at: this.#now + (milliseconds > 0x7fff_ffff ? 1 : milliseconds), run };
      this.#timers.push(timer);
      return () => void (this.#timers = this.#timers.filter((other) => other !== timer));
    },
  };

  get waiting(): number {
    return this.#timers.length;
  }

  /** Runs what is due on the way, in its order. */
  advance(seconds: number): void {
    const end = this.#now + seconds * 1000;
    for (;;) {
      const next = this.#timers.toSorted((a, b) => a.at - b.at)[0];
      if (!next || next.at > end) break;
      this.#timers = this.#timers.filter((other) => other !== next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
    }
    this.#now = end;
  }
}
