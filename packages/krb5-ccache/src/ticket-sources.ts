/** Where tickets come from: a password, a keytab, the host's cache, the ticket before. All reject with a TicketError or the signal's reason. */
import { TicketError } from './errors.ts';
import { findKeytab } from './keytab.ts';
import type { Kinit } from './kinit.ts';
import type { Master } from './master-store.ts';
import { checkedTicket, freshTicket } from './master-ticket.ts';
import { canRenew, isEnded } from './renewal.ts';
import type { TicketOwner } from './ticket-keeper.ts';
import type { TicketParts, TicketSettings } from './ticket-settings.ts';

export class TicketSources {
  readonly #settings: TicketSettings;
  readonly #parts: TicketParts;
  readonly #kinit: Kinit;

  constructor(settings: TicketSettings, parts: TicketParts, kinit: Kinit) {
    this.#settings = settings;
    this.#parts = parts;
    this.#kinit = kinit;
  }

  async byPassword(owner: TicketOwner, password: string, signal: AbortSignal): Promise<Master> {
    const bytes = await this.#kinit.byPassword(owner.principal, password, signal);
    return { owner, source: 'password', ...freshTicket(bytes, owner.principal, this.#parts.now()) };
  }

  /** Rejects with `ticket-missing` where the user has no keytab. */
  async byKeytab(owner: TicketOwner, signal: AbortSignal): Promise<Master> {
    const { keytabFolder } = this.#settings;
    const keytab = keytabFolder && (await findKeytab(keytabFolder, owner.username, this.#parts.uid));
    if (!keytab)
      throw new TicketError(
        'ticket-missing',
        `There is no keytab for ${owner.username} in ${keytabFolder ?? 'any folder'}.`,
      );
    const bytes = await this.#kinit.byKeytab(owner.principal, keytab, signal);
    return { owner, source: 'keytab', ...freshTicket(bytes, owner.principal, this.#parts.now()) };
  }

  /** A copy of what the host has, and it lives. */
  async byHost(owner: TicketOwner, signal: AbortSignal): Promise<Master> {
    const { hostTickets, now } = this.#parts;
    if (!hostTickets)
      throw new TicketError('ticket-missing', "The host's caches aren't configured as a source of tickets.");
    const { bytes, path } = await hostTickets.find(owner, signal);
    const ticket = checkedTicket(bytes, owner.principal, path);
    if (isEnded(ticket.view, now()))
      throw new TicketError(
        'ticket-ended',
        `The ticket of ${owner.principal} in ${path} ended at ${ticket.view.endsAt.toISOString()}.`,
      );
    return { owner, source: 'host', ...ticket };
  }

  /** The same ticket with a later end, by `kinit -R` on a copy. */
  async byRenewal({ owner, source, view, bytes: before }: Master, signal: AbortSignal): Promise<Master> {
    const now = this.#parts.now();
    if (isEnded(view, now)) throw new TicketError('ticket-ended', endedSentence(owner.principal, view.endsAt));
    if (!canRenew(view, now))
      throw new TicketError(
        'ticket-ended',
        view.renewTill === undefined
          ? `The ticket of ${owner.principal} is not renewable and ends at ${view.endsAt.toISOString()}: then a new login is needed.`
          : `The ticket of ${owner.principal} can be renewed until ${view.renewTill.toISOString()} only: then a new login is needed.`,
      );
    const bytes = await this.#kinit.renew(owner.principal, before, signal);
    const renewed = freshTicket(bytes, owner.principal, this.#parts.now());
    if (renewed.view.endsAt < view.endsAt)
      throw new TicketError(
        'ticket-refused',
        `The KDC renewed the ticket of ${owner.principal} to an earlier end than it had; the one before is kept.`,
      );
    return { owner, source, ...renewed };
  }
}

export function endedSentence(principal: string, endedAt: Date): string {
  return `The ticket of ${principal} ended at ${endedAt.toISOString()}: a new login is needed.`;
}
