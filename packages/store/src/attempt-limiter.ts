/** Attempts counted in the store's own database, by rate-limiter-flexible. */
import { createRequire } from 'node:module';
import type { AttemptLimiter } from '@berth/identity';
import type * as Limiters from 'rate-limiter-flexible';
import type { Connection } from './connection.ts';

/** The one limiter that is used: the package's own entry loads all of them, and takes 9 MB more. It has no types of its own. */
const RateLimiterSQLite = createRequire(import.meta.url)(
  'rate-limiter-flexible/lib/RateLimiterSQLite.js',
) as typeof Limiters.RateLimiterSQLite;

export interface AttemptLimits {
  /** Tells limiters apart: letters only. */
  readonly kind: string;
  /** At least 1. */
  readonly attempts: number;
  /** The window begins with the first attempt. */
  readonly seconds: number;
}

/** @param attempt wraps each access to the database, runs one at a time, and rejects with a StoreError where it fails */
export function attemptLimiter(
  connection: Connection,
  { kind, attempts, seconds }: AttemptLimits,
  attempt: <Result>(work: () => Promise<Result>) => Promise<Result>,
): AttemptLimiter {
  const limiter = new RateLimiterSQLite({
    ...{ storeClient: connection, storeType: 'better-sqlite3', tableName: 'attempts', tableCreated: true },
    ...{ keyPrefix: kind, points: attempts, duration: seconds },
  });
  return {
    take: (name) =>
      attempt(async () => {
        // Asked first: the limiter would count a refused attempt as well, and write to the disk for it.
        const window = await limiter.get(name);
        if (window !== null && window.consumedPoints >= attempts)
          return { taken: false, retryAfterSeconds: Math.max(1, Math.ceil(window.msBeforeNext / 1000)) };
        await limiter.consume(name);
        return { taken: true };
      }),
    giveBack: (name) =>
      attempt(async () => {
        // Where the window is over, there is nothing to give back: it would be one more attempt in the next.
        const window = await limiter.get(name);
        if (window !== null && window.consumedPoints > 0) await limiter.reward(name);
      }),
    forget: (name) => attempt(async () => void (await limiter.delete(name))),
  };
}
