/** Servers as `berth ps` shows them. */
import type { Server, Status } from '@berth/contract';
import { age } from './age.ts';
import type { Terminal } from './surroundings.ts';
import { table, type Cell, type Colour } from './table.ts';

const colours: Partial<Record<Status['state'], Colour>> = { running: 'green', failed: 'red', exited: 'yellow' };

export function serverTable(servers: readonly Server[], now: Date, terminal: Terminal): string {
  if (servers.length === 0) return 'No servers.\n';
  const hubs = new Set(servers.map(({ hub }) => hub)).size > 1;
  const head = [...(hubs ? ['HUB'] : []), 'USER', 'SERVER', 'STATE', 'AGE', 'IMAGE', 'CONTAINER', 'NOTE'];
  const rows = servers.map((server) => [
    ...(hubs ? [server.hub] : []),
    server.user,
    server.serverName,
    { text: server.status.state, colour: colours[server.status.state] } satisfies Cell,
    age(since(server.status), now),
    server.image,
    server.container?.name ?? '',
    note(server, now),
  ]);
  return table(head, rows, terminal);
}

function since(status: Status): string {
  return status.state === 'exited' ? status.exit.at : status.since;
}

/** What one should know beyond the state; empty where all is well. */
export function note(server: Server, now: Date): string {
  return [
    story(server),
    server.drift.length > 0 ? `drift: ${server.drift.join(', ')}` : '',
    server.abandoned ? 'abandoned: no hub asks for it' : '',
    server.stale ? `stale: last seen ${age(server.observedAt, now)} ago` : '',
  ]
    .filter((part) => part !== '')
    .join('; ');
}

function story({ status, progress }: Server): string {
  switch (status.state) {
    case 'starting': {
      const last = progress.at(-1);
      return last === undefined ? status.step : `${last.percent}% ${last.message}`;
    }
    case 'exited':
      return status.exit.reason;
    case 'failed':
      return status.failure.message;
    case 'running':
    case 'stopping':
    case 'stopped':
      return '';
  }
}
