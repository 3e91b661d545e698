import { all, events } from '@berth/client';
import type { Event, Server, StateName } from '@berth/contract';
import type { Command } from 'commander';
import { printable, printableJson } from '../printable.ts';
import { serverTable } from '../server-table.ts';
import { apply, sorted, type View } from '../server-view.ts';
import { print, withService, type Session } from '../session.ts';
import type { Surroundings } from '../surroundings.ts';

interface Options {
  readonly all?: true;
  readonly user?: string;
  readonly watch?: true;
}

const everyState: readonly StateName[] = ['starting', 'running', 'stopping', 'exited', 'failed', 'stopped'];

export function addPs(program: Command, surroundings: Surroundings): void {
  program
    .command('ps')
    .description('Which servers there are, and what is the matter with them.')
    .option('-a, --all', 'also those that were stopped')
    .option('-u, --user <name>', "only this user's, by the hub's name for them")
    .option('-w, --watch', 'stay, and show changes as they happen')
    .addHelpText(
      'after',
      '\nWith --json an array of the servers of /v1/servers; with --watch --json one event of /v1/events a line.',
    )
    .action(async (options: Options, command: Command) => {
      await withService(command, surroundings, (session) => ps(session, options));
    });
}

async function ps(session: Session, options: Options): Promise<void> {
  const view: View = { all: options.all ?? false, user: options.user };
  if (options.watch && session.settings.json) return watchJson(session, view);
  const servers = await list(session, view);
  if (options.watch) return watch(session, view, servers);
  print(session, servers, () => serverTable(servers, session.now(), session.terminal));
}

async function list({ client, signal }: Session, { all: everything, user }: View): Promise<Server[]> {
  const query = {
    limit: 1000,
    ...(everything ? { state: [...everyState] } : {}),
    ...(user === undefined ? {} : { user }),
  };
  const servers: Server[] = [];
  const page = all((cursor) => client.GET('/v1/servers', { params: { query: { ...query, ...cursor } }, signal }));
  for await (const server of page) servers.push(server);
  return sorted(servers);
}

const redrawMs = 100;
/** Ages go on where nothing else does. */
const idleRedrawMs = 10_000;

async function watch(session: Session, view: View, first: readonly Server[]): Promise<void> {
  const { client, terminal, now, signal } = session;
  let servers: ReadonlyMap<string, Server> = new Map(first.map((server) => [server.key, server]));
  let trouble = '';
  let shown = '';
  let drawnAt = 0;
  let dirty = false;
  const draw = () => {
    dirty = false;
    drawnAt = performance.now();
    const text = serverTable(sorted(servers.values()), now(), terminal) + trouble;
    if (terminal.interactive) terminal.out(`\u001b[H\u001b[2J\u001b[3J${text}`);
    else if (text !== shown) terminal.out(shown === '' ? text : `\n${text}`);
    shown = text;
  };
  const timer = setInterval(() => {
    if (dirty || (terminal.interactive && performance.now() - drawnAt > idleRedrawMs)) draw();
  }, redrawMs);
  const onDisconnect = (error: Error) => {
    trouble = `Not connected: ${printable(error.message)}\n`;
    dirty = true;
  };
  draw();
  try {
    for await (const event of events(client, { signal, onDisconnect })) {
      servers = apply(servers, event, view);
      trouble = '';
      dirty = true;
    }
  } finally {
    clearInterval(timer);
    if (dirty) draw();
  }
}

async function watchJson({ client, terminal, signal }: Session, { user }: View): Promise<void> {
  const keys = new Set<string>();
  const onDisconnect = (error: Error) => terminal.err(`berth: ${printable(error.message)}\n`);
  for await (const event of events(client, { signal, onDisconnect })) {
    const seen = user === undefined ? event : ofUser(event, user, keys);
    if (seen !== undefined) terminal.out(`${printableJson(seen)}\n`);
  }
}

/** @param keys Of the user's servers seen so far; progress names only a key. */
function ofUser(event: Event, user: string, keys: Set<string>): Event | undefined {
  if (event.type === 'progress') return keys.has(event.key) ? event : undefined;
  const servers = (event.type === 'snapshot' ? event.servers : [event.server]).filter((server) => server.user === user);
  for (const { key } of servers) keys.add(key);
  if (event.type === 'snapshot') return { ...event, servers };
  return servers.length > 0 ? event : undefined;
}
