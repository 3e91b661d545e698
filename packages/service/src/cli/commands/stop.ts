import { dataOf, events } from '@berth/client';
import type { Event, Server } from '@berth/contract';
import type { Command } from 'commander';
import { CommandFailed } from '../command-failed.ts';
import { exit } from '../exit-codes.ts';
import { printable } from '../printable.ts';
import { print, withService, type Session } from '../session.ts';
import type { Surroundings } from '../surroundings.ts';
import { findServer, title } from '../target.ts';

interface Options {
  readonly wait?: true;
}

export function addStop(program: Command, surroundings: Surroundings): void {
  program
    .command('stop')
    .description('Stop a server: gracefully first, then by force. Its user can start it again.')
    .argument('<server>', 'KEY, USER or USER/SERVER')
    .option('-w, --wait', 'return once it has ended')
    .addHelpText('after', '\nWith --json the server of /v1/servers/{key}, as it stands at the end.')
    .action(async (target: string, { wait }: Options, command: Command) => {
      await withService(command, surroundings, (session) => stop(session, target, wait ?? false));
    });
}

async function stop(session: Session, target: string, wait: boolean): Promise<void> {
  const { client, signal } = session;
  const { key } = await findServer(session, target);
  const params = { path: { key } };
  let server = await dataOf(client.DELETE('/v1/servers/{key}', { params, signal }));
  if (wait && live(server)) {
    await ended(session, server);
    server = await dataOf(client.GET('/v1/servers/{key}', { params, signal }));
  }
  const name = printable(title(server));
  print(session, server, () => (live(server) ? `${name} is stopping.\n` : `${name} has stopped.\n`));
}

function live({ status }: Server): boolean {
  return ['starting', 'running', 'stopping'].includes(status.state);
}

/** Resolves once the generation that was stopped has ended. @throws CommandFailed where a new one has started. */
async function ended({ client, signal }: Session, stopped: Server): Promise<void> {
  for await (const event of events(client, { signal })) {
    const server = inEvent(event, stopped.key);
    if (server === undefined) continue;
    if (server === 'gone' || !live(server)) return;
    if (server.generation > stopped.generation) {
      throw new CommandFailed(exit.found, `${title(stopped)} has stopped, and was started again since.`);
    }
  }
  signal.throwIfAborted();
}

/** A snapshot holds all servers but stopped ones. */
function inEvent(event: Event, key: string): Server | 'gone' | undefined {
  if (event.type === 'snapshot') return event.servers.find((server) => server.key === key) ?? 'gone';
  return event.type === 'server' && event.server.key === key ? event.server : undefined;
}
