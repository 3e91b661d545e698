/** A user's Kerberos ticket as `berth whoami`, `berth explain` and `berth kdestroy` show it. */
import type { Ticket } from '@berth/contract';
import type { Row } from './account-rows.ts';
import { isPast, moment } from './moment.ts';
import type { Cell } from './table.ts';

const sources: Readonly<Record<Ticket['source'], string>> = {
  password: "by the login's password",
  keytab: "by the user's keytab",
  host: "copied from the host's cache",
};

/** What is urgent first: how long it lives, what is wrong, when it is renewed; then what it is. */
export function ticketRows(ticket: Ticket, now: Date): Row[] {
  const { principal, source, forwardable, problem } = ticket;
  return [
    ['ticket', life(ticket, now)],
    ...(problem === null ? [] : [['problem', { text: problem, colour: 'red' } satisfies Cell] as const]),
    ['renewal', renewal(ticket, now)],
    ['kind', `${principal}, ${sources[source] ?? source}, ${forwardable ? 'forwardable' : 'not forwardable'}`],
  ];
}

/** `user1@REALM, ends 2026-03-01 19:00 UTC, in 7 h, by the login's password`. */
export function ticketLine(ticket: Ticket | null, now: Date): string | Cell {
  if (ticket === null) return 'none';
  const { principal, source, problem } = ticket;
  const { text, colour } = life(ticket, now);
  const line = `${principal}, ${text}, ${sources[source] ?? source}`;
  return problem === null ? { text: line, colour } : { text: `${line}; not renewed: ${problem}`, colour: 'red' };
}

/** A ticket is dated by the KDC; clocks may differ by as much (clockskew in krb5.conf). */
const skewMs = 5 * 60_000;

function life({ startsAt, endsAt }: Ticket, now: Date): Cell {
  if (isPast(endsAt, now)) return { text: `ended ${moment(endsAt, now)}`, colour: 'red' };
  if (Date.parse(startsAt) > now.getTime() + skewMs) {
    return { text: `not valid before ${moment(startsAt, now)}; ends ${moment(endsAt, now)}`, colour: 'yellow' };
  }
  return { text: `ends ${moment(endsAt, now)}` };
}

function renewal({ endsAt, renewTill, nextRenewal, source }: Ticket, now: Date): Cell {
  const overdue = nextRenewal !== null && isPast(nextRenewal, now);
  const next =
    nextRenewal === null
      ? "none planned: none of the user's servers runs"
      : `${overdue ? 'due since' : 'next'} ${moment(nextRenewal, now)}`;
  const text = `${next}; ${isPast(endsAt, now) ? another[source] : limit(renewTill, endsAt, now)}`;
  return { text, colour: overdue ? 'yellow' : undefined };
}

function limit(renewTill: string | null, endsAt: string, now: Date): string {
  if (renewTill === null) return 'not renewable';
  if (Date.parse(renewTill) <= Date.parse(endsAt)) return 'not possible beyond its end';
  return `possible until ${moment(renewTill, now)}`;
}

/** A ticket that has ended is not renewed, whatever its renew-till. */
const another: Readonly<Record<Ticket['source'], string>> = {
  password: 'only a new login brings another ticket',
  keytab: 'the keytab brings another ticket',
  host: "another ticket has to appear in the host's cache",
};
