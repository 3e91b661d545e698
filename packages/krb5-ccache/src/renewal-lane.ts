/** One operation per user at a time, in the order of the calls; users don't wait for each other. */
export class Lanes {
  readonly #last = new Map<number, Promise<void>>();

  /** Does the work once those before it have ended. An abort while it waits ends the waiting, and the work is never begun. */
  run<T>(uid: number, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(uid) ?? Promise.resolve();
    let isGivenUp = false;
    const done = before.then(async () => {
      if (isGivenUp) return undefined as never;
      signal.throwIfAborted();
      return await work();
    });
    this.#remember(uid, done);
    return new Promise((resolve, reject) => {
      let hasBegun = false;
      void before.then(() => (hasBegun = true));
      const giveUp = (): void => {
        if (hasBegun) return;
        isGivenUp = true;
        reject(signal.reason);
      };
      if (signal.aborted) giveUp();
      signal.addEventListener('abort', giveUp, { once: true });
      done.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
    });
  }

  #remember(uid: number, done: Promise<unknown>): void {
    const settled: Promise<void> = done
      .catch(() => undefined)
      .then(() => {
        if (this.#last.get(uid) === settled) this.#last.delete(uid);
        return undefined;
      });
    this.#last.set(uid, settled);
  }

  /** Resolves when all that was asked for so far has ended. */
  async idle(): Promise<void> {
    while (this.#last.size > 0) await Promise.all(this.#last.values());
  }
}
