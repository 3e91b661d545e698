/** When a ticket is renewed: pure functions of the ticket and the time. */
import type { TicketView } from './ccache.ts';
import type { TicketSource } from './ticket-keeper.ts';

export function isEnded(ticket: TicketView, now: Date): boolean {
  return ticket.endsAt <= now;
}

export function remainingSeconds(ticket: TicketView, now: Date): number {
  return Math.floor((ticket.endsAt.getTime() - now.getTime()) / 1000);
}

/** Whether `kinit -R` gives a longer life than there is. */
export function canRenew(ticket: TicketView, now: Date): boolean {
  return ticket.renewTill !== undefined && !isEnded(ticket, now) && ticket.renewTill > ticket.endsAt;
}

/**
 * When to try next, after so many failures in a row; undefined where nothing would come of it: a password's ticket that has ended, or can
 * have no later end, can't come back by itself.
 */
export function nextRenewal(
  source: TicketSource,
  ticket: TicketView,
  failures: number,
  now: Date,
  random: number,
): Date | undefined {
  if (source === 'password' && !canRenew(ticket, now)) return undefined;
  return failures === 0 ? renewalTime(source, ticket, now, random) : retryTime(ticket, failures, now, random);
}

/**
 * In the third quarter of what is left, spread by `random` (0 to 1), so that a thousand logins of one morning aren't renewed in one
 * minute. A host's ticket is looked at later, as the host renews its own and that one is better.
 */
function renewalTime(source: TicketSource, ticket: TicketView, now: Date, random: number): Date {
  const remaining = Math.max(0, ticket.endsAt.getTime() - now.getTime());
  return new Date(now.getTime() + remaining * ((source === 'host' ? 0.65 : 0.5) + 0.2 * random));
}

const FIRST_RETRY_MS = 10_000;
const LAST_RETRY_MS = 300_000;

/** After the n-th failure in a row (from 1): at longer and longer intervals, yet several times before the ticket ends. */
function retryTime(ticket: TicketView, failures: number, now: Date, random: number): Date {
  const backoff = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 10)) * (0.75 + 0.5 * random);
  const remaining = ticket.endsAt.getTime() - now.getTime();
  return new Date(now.getTime() + (remaining > 0 ? Math.min(backoff, Math.max(1000, remaining / 4)) : backoff));
}
