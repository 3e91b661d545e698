/** Tickets for servers: what the spawner mounts, what the keeper renews for, and what users should know of theirs. */
import type { SiteKrb5Conf } from './container-krb5-conf.ts';
import { TicketError, type KeptTicket, type TicketKeeper, type TicketOwner } from '@berth/krb5-ccache';
import { SpawnError, type ServerAccount, type ServerView, type Spawner, type Tickets } from '@berth/spawner';

export interface ServerTicketsParts {
  readonly keeper: Pick<TicketKeeper, 'prepare'>;
  /** Whether a server starts without a ticket. */
  readonly start: 'required' | 'optional';
  readonly krb5Conf: Pick<SiteKrb5Conf, 'forContainers'>;
  readonly log: { warn(fields: object, message: string): void };
  readonly now: () => Date;
}

export function serverTickets(parts: ServerTicketsParts): Tickets {
  return {
    async prepare(server, account, signal) {
      const owner = ownerOf(account);
      if (owner === undefined) return undefined;
      try {
        const { ticket, folder } = await parts.keeper.prepare(owner, signal);
        const krb5Conf = await parts.krb5Conf.forContainers();
        return { folder, krb5Conf, notices: ticketNotices(ticket, parts.now()) };
      } catch (error) {
        if (!(error instanceof TicketError)) throw error;
        if (parts.start === 'required') throw new SpawnError(error.code, error.message, { cause: error });
        parts.log.warn({ key: server.user, code: error.code, reason: error.message }, 'starts without a ticket');
        return undefined;
      }
    },
  };
}

/** Undefined where the account has no principal. */
export function ownerOf({ uid, gid, principal }: ServerAccount): TicketOwner | undefined {
  if (principal === undefined) return undefined;
  return { uid, gid, principal, username: principal.replace(/@[^@]*$/, '') };
}

const live: ReadonlySet<ServerView['status']['state']> = new Set(['starting', 'running', 'stopping']);

/** Tells the keeper, now and at each change, whose servers there are. The returned function ends that. */
export function followUse(
  spawner: Pick<Spawner, 'list' | 'subscribe' | 'whenReady'>,
  keeper: Pick<TicketKeeper, 'inUse'>,
): () => void {
  let told: string | undefined;
  // Before the first look at what runs nobody knows, and a listener that throws hears no more.
  let ready = false;
  let ended = false;
  const tell = () => {
    const owners = new Map<number, TicketOwner>();
    for (const { account, status } of spawner.list()) {
      const owner = account && live.has(status.state) ? ownerOf(account) : undefined;
      if (owner !== undefined) owners.set(owner.uid, owner);
    }
    const now = JSON.stringify([...owners.values()]);
    if (now === told) return;
    told = now;
    keeper.inUse([...owners.values()]);
  };
  const first = async () => {
    await spawner.whenReady();
    ready = true;
    if (!ended) tell();
  };
  void first();
  const unsubscribe = spawner.subscribe((event) => {
    if (ready && event.type === 'server' && event.server.account !== undefined) tell();
  });
  return () => {
    ended = true;
    unsubscribe();
  };
}

const day = 86_400_000;

/** What a user should know of a ticket: that it ends soon for good, or that renewing it fails. */
export function ticketNotices(ticket: KeptTicket, now: Date): string[] {
  const last = ticket.renewTill !== undefined && ticket.renewTill > ticket.endsAt ? ticket.renewTill : ticket.endsAt;
  const notices: string[] = [];
  if (ticket.endsAt <= now) notices.push('Your Kerberos ticket has ended. Log out and in again to get another.');
  // A host's cache, or a keytab, brings another one by itself.
  else if (ticket.source === 'password' && last.getTime() - now.getTime() < day)
    notices.push(
      `Your Kerberos ticket ends at ${inUtc(last)} and can't be renewed beyond that. Log out and in again before.`,
    );
  if (ticket.problem !== undefined)
    notices.push(`Your Kerberos ticket can't be renewed at the moment: ${ticket.problem}`);
  return notices;
}

function inUtc(at: Date): string {
  return `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
