/** An alarm at a time of the wall clock. */

export interface TicketTimers {
  /** Runs once after so many milliseconds, unless the returned function is called first. */
  after(milliseconds: number, run: () => void): () => void;
}

/** Node's own; they don't keep the process alive. */
export const nodeTimers: TicketTimers = {
  after(milliseconds, run) {
    const timer = setTimeout(run, milliseconds).unref();
    return () => clearTimeout(timer);
  },
};

// Timers run by a clock that stops while the machine sleeps and can't count beyond 24.8 days: looked at anew in between.
const LOOK_MS = 600_000;

/** Runs once when `now()` has reached the time; returns what cancels it. */
export function alarmAt(time: Date, now: () => Date, timers: TicketTimers, run: () => void): () => void {
  const wait = (): (() => void) => {
    const left = time.getTime() - now().getTime();
    return timers.after(Math.min(Math.max(0, left), LOOK_MS), () => {
      if (time.getTime() <= now().getTime()) run();
      else cancel = wait();
    });
  };
  let cancel = wait();
  return () => cancel();
}
