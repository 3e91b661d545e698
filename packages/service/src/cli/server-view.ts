/** Servers kept current by events, for `berth ps --watch`. */
import type { Event, Server } from '@berth/contract';

export interface View {
  /** Stopped servers stay in sight. */
  readonly all: boolean;
  /** Only this user's. */
  readonly user: string | undefined;
}

/** The servers after an event; those it doesn't concern are the same objects. */
export function apply(servers: ReadonlyMap<string, Server>, event: Event, view: View): ReadonlyMap<string, Server> {
  switch (event.type) {
    case 'snapshot': {
      // A snapshot leaves stopped servers out: those seen before are stopped now.
      const stopped = view.all ? [...servers.values()].filter(({ status }) => status.state === 'stopped') : [];
      return new Map(
        [...stopped, ...event.servers].filter((server) => shown(server, view)).map((each) => [each.key, each]),
      );
    }
    case 'server': {
      const next = new Map(servers);
      if (shown(event.server, view)) next.set(event.server.key, event.server);
      else next.delete(event.server.key);
      return next;
    }
    case 'progress': {
      const server = servers.get(event.key);
      if (server === undefined || server.generation !== event.generation) return servers;
      return new Map(servers).set(event.key, { ...server, progress: [...server.progress, event.progress] });
    }
  }
}

/** By hub, user and server name, as a person looks for them. */
export function sorted(servers: Iterable<Server>): Server[] {
  const order = ({ hub, user, serverName }: Server) => [hub, user, serverName].join('\0');
  return [...servers].toSorted((a, b) => (order(a) < order(b) ? -1 : 1));
}

function shown(server: Server, { all, user }: View): boolean {
  return (all || server.status.state !== 'stopped') && (user === undefined || server.user === user);
}
