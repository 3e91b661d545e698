/** Is this cache the ticket of that principal? */
import type { TicketView } from './ccache.ts';
import { TicketError } from './errors.ts';
import { parseCcache } from './parse-ccache.ts';
import { viewTgt } from './tgt.ts';

export interface CheckedTicket {
  readonly bytes: Uint8Array;
  readonly view: TicketView;
}

/**
 * Throws a TicketError `ticket-unsafe` where the cache can't be read, holds no TGT, or is another principal's. The KDC decides on the case of a
 * name (Active Directory ignores it); a realm has one case.
 */
export function checkedTicket(bytes: Uint8Array, principal: string, where: string): CheckedTicket {
  const view = viewTgt(parseCcache(bytes));
  if (!isSameOwner(view.principal, principal))
    throw new TicketError(
      'ticket-unsafe',
      `${where} holds a ticket of ${view.principal}, not of ${principal}; it isn't used.`,
    );
  return { bytes, view };
}

/** The same, for a ticket that was just obtained: it must have life left. */
export function freshTicket(bytes: Uint8Array, principal: string, now: Date): CheckedTicket {
  const ticket = checkedTicket(bytes, principal, 'What kinit wrote');
  if (ticket.view.endsAt <= now || ticket.view.endsAt <= ticket.view.startsAt)
    throw new TicketError(
      'ticket-refused',
      `The KDC gave ${principal} a ticket that ended at ${ticket.view.endsAt.toISOString()}: compare the host's clock with the KDC's.`,
    );
  return ticket;
}

export function isSameOwner(one: string, other: string): boolean {
  const [first, second] = [parts(one), parts(other)];
  return first.realm === second.realm && first.name.toLowerCase() === second.name.toLowerCase();
}

function parts(principal: string): { readonly name: string; readonly realm: string } {
  const at = principal.lastIndexOf('@');
  return { name: principal.slice(0, at), realm: principal.slice(at + 1) };
}
