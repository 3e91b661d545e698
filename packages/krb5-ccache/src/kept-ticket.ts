/** One kept ticket, and what goes on for it. */
import { TicketError } from './errors.ts';
import type { Master } from './master-store.ts';
import type { KeptTicket, TicketOwner } from './ticket-keeper.ts';
import { endedSentence } from './ticket-sources.ts';

export class Kept {
  readonly master: Omit<Master, 'bytes'>;
  /** In a row. */
  failures = 0;
  problem: string | undefined;
  nextRenewal: Date | undefined;
  /** Aborted when another ticket takes this one's place, or none. */
  readonly gone = new AbortController();
  #cancelAlarm = (): void => undefined;
  #stopWatching: (() => void) | undefined;

  constructor({ owner, source, view }: Master) {
    this.master = { owner, source, view };
  }

  /** In place of the alarm before. */
  setAlarm(cancel: (() => void) | undefined): void {
    this.#cancelAlarm();
    this.#cancelAlarm = cancel ?? (() => undefined);
  }

  /** Begins to watch where that isn't done yet. */
  watch(begin: () => () => void): void {
    this.#stopWatching ??= begin();
  }

  unwatch(): void {
    this.#stopWatching?.();
    this.#stopWatching = undefined;
  }

  /** Nothing more happens for it. */
  end(): void {
    this.setAlarm(undefined);
    this.unwatch();
    this.gone.abort(
      new TicketError('ticket-missing', `The ticket of ${this.master.owner.principal} was replaced or wiped.`),
    );
  }

  shown(): KeptTicket {
    const { owner, source, view } = this.master;
    return { ...view, uid: owner.uid, source, nextRenewal: this.nextRenewal, problem: this.problem };
  }
}

export function sentenceOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : String(error);
}

/** Of several reasons the one that a person can do most about: a fault before an end, an end before nothing there. */
export function mainReason(
  reasons: readonly TicketError[],
  owner: TicketOwner,
  endedAt: Date | undefined,
): TicketError {
  const fault = reasons.find(({ code }) => code !== 'ticket-missing' && code !== 'ticket-ended');
  const ended = reasons.find(({ code }) => code === 'ticket-ended');
  const reason = fault ?? ended;
  if (reason) return reason;
  if (endedAt) return new TicketError('ticket-ended', endedSentence(owner.principal, endedAt));
  const why = reasons.map(({ message }) => message).join(' ');
  return new TicketError('ticket-missing', `There is no ticket of ${owner.principal}: log in again. ${why}`);
}
