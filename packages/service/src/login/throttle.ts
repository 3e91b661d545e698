/**
 * How often somebody may try to log in: per account, so that the directory's own lock-out isn't reached from here, and per address
 * where trusted proxies are declared. Each attempt counts before it is made, so that many at once are no more than many in turn.
 */
import { foldName, parseAccountName, type AttemptLimiter } from '@berth/identity';
import { UserError } from './users.ts';

export interface ThrottleParts {
  readonly accounts: AttemptLimiter;
  readonly addresses: AttemptLimiter;
}

/** An attempt that was let through; `succeeded` or `undecided` is called once it is decided. */
export interface Admission {
  /** The account is known now: counts for it too, whichever of its names was typed. Rejects like `admit`. */
  known(sid: string): Promise<void>;
  /** The password was right. */
  succeeded(): Promise<void>;
  /** Nobody said whether it was: the attempt doesn't count. */
  undecided(): Promise<void>;
}

export class Throttle {
  readonly #parts: ThrottleParts;

  constructor(parts: ThrottleParts) {
    this.#parts = parts;
  }

  /** Rejects with UserError `login-throttled`, or a StoreError. */
  async admit(typed: string, address: string | undefined): Promise<Admission> {
    const { accounts, addresses } = this.#parts;
    const account = accountKey(typed);
    if (account !== undefined) await take(accounts, account, 'for this account');
    try {
      if (address !== undefined) await take(addresses, address, 'from this address');
    } catch (error) {
      if (account !== undefined) await accounts.giveBack(account);
      throw error;
    }
    let sid: string | undefined;
    return {
      async known(found) {
        if (sid !== undefined) return;
        await take(accounts, found, 'for this account');
        sid = found;
      },
      async succeeded() {
        for (const name of [account, sid]) if (name !== undefined) await accounts.forget(name);
        if (address !== undefined) await addresses.giveBack(address);
      },
      async undecided() {
        for (const name of [account, sid]) if (name !== undefined) await accounts.giveBack(name);
        if (address !== undefined) await addresses.giveBack(address);
      },
    };
  }
}

/** All spellings of one account are one: `user1`, `BANK\USER1`, `user1@corp.example.test`. Undefined: no account's name, so that no directory is asked. */
export function accountKey(typed: string): string | undefined {
  try {
    return foldName(parseAccountName(typed).name);
  } catch {
    return undefined;
  }
}

async function take(limiter: AttemptLimiter, name: string, whose: string): Promise<void> {
  const answer = await limiter.take(name);
  if (answer.taken) return;
  const { retryAfterSeconds } = answer;
  throw new UserError(
    'login-throttled',
    `Too many attempts to log in ${whose}. Try again in ${inWords(retryAfterSeconds)}.`,
    { retryAfterSeconds },
  );
}

function inWords(seconds: number): string {
  if (seconds < 90) return `${seconds} seconds`;
  return `${Math.ceil(seconds / 60)} minutes`;
}
