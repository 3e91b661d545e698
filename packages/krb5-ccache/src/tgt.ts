/** The ticket-granting ticket of a cache: the one that all others are got by. */
import { type Ccache, type Credential, type TicketView, ticketFlags } from './ccache.ts';
import { principalText, samePrincipal, shownPrincipal } from './ccache-principal.ts';
import { TicketError } from './errors.ts';

/** Set on a postdated ticket that the KDC has not validated yet (RFC 4120, section 5.3). */
const INVALID = 0x0100_0000;

/**
 * What the cache's TGT says: `krbtgt/REALM@REALM` for the cache's own principal; of several the one that ends last. Tickets
 * for other realms, of other clients, and configuration entries have no say. Whether it has ended is the caller's question.
 * @throws TicketError `ticket-missing`
 */
export function viewTgt(cache: Ccache): TicketView {
  const tickets = cache.credentials.filter((credential) => !isConfiguration(credential));
  const found = tickets
    .filter((credential) => isTgt(credential, cache))
    .reduce<Credential | undefined>((best, next) => (best && best.endTime >= next.endTime ? best : next), undefined);
  if (found === undefined) throw new TicketError('ticket-missing', whyNone(cache, tickets));
  return {
    principal: principalText(cache.principal),
    startsAt: dateOf(startOf(found)),
    endsAt: dateOf(found.endTime),
    renewTill: found.flags & ticketFlags.renewable && found.renewTill > 0 ? dateOf(found.renewTill) : undefined,
    forwardable: (found.flags & ticketFlags.forwardable) !== 0,
  };
}

function isConfiguration({ server }: Credential): boolean {
  return server.realm === 'X-CACHECONF:' && server.components[0] === 'krb5_ccache_conf_data';
}

function isTgt({ client, server, endTime, flags, ticket }: Credential, { principal }: Ccache): boolean {
  const { realm } = principal;
  return (
    samePrincipal(server, { nameType: 2, realm, components: ['krbtgt', realm] }) &&
    samePrincipal(client, principal) &&
    // MIT removes a credential from a file by an end at 0.
    endTime > 0 &&
    ticket.length > 0 &&
    (flags & INVALID) === 0
  );
}

function whyNone({ principal }: Ccache, tickets: readonly Credential[]): string {
  const name = shownPrincipal(principal);
  if (tickets.length === 0) return `the ticket cache of ${name} holds no ticket, as a failed kinit leaves it`;
  const stranger = tickets.find(({ client }) => !samePrincipal(client, principal));
  const held = stranger === undefined ? '' : `, but a ticket of ${shownPrincipal(stranger.client)}`;
  return `the ticket cache of ${name} holds no usable ticket-granting ticket of its principal${held}`;
}

/** A KDC may leave the start out; then it is the time of the login (RFC 4120, section 5.3). */
function startOf({ startTime, authTime }: Credential): number {
  return startTime === 0 ? authTime : startTime;
}

function dateOf(seconds: number): Date {
  return new Date(seconds * 1000);
}
