/**
 * A budget: the one deadline of a start, handed down through its steps. When it runs out, its signal aborts with a
 * sentence that names the step and its seconds.
 */
import { SpawnError } from './errors.ts';

export class Budget {
  readonly deadline: Date;
  readonly #controller = new AbortController();
  readonly #began = performance.now();
  readonly #timer: NodeJS.Timeout;
  #step = '';
  #stepBegan = performance.now();

  /** Ends at `deadline`, or earlier by `cancel`. */
  constructor(deadline: Date, now: Date) {
    this.deadline = deadline;
    this.#timer = setTimeout(() => this.#expire(), Math.max(0, deadline.getTime() - now.getTime()));
    this.#timer.unref();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get step(): string {
    return this.#step;
  }

  /** Names the step that now begins. Throws where the budget has ended. */
  enter(step: string): void {
    this.signal.throwIfAborted();
    this.#step = step;
    this.#stepBegan = performance.now();
  }

  cancel(reason: SpawnError): void {
    this.#controller.abort(reason);
  }

  /** Ends the timer; the signal stays as it is. */
  close(): void {
    clearTimeout(this.#timer);
  }

  #expire(): void {
    const total = seconds(performance.now() - this.#began);
    const here = seconds(performance.now() - this.#stepBegan);
    const message = `The server did not start within ${total} s: the step "${this.#step}" had taken ${here} s by then.`;
    this.#controller.abort(new SpawnError('start-timeout', message));
  }
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(milliseconds < 10_000 ? 1 : 0);
}
