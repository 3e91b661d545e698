import { all } from '@berth/client';
import type { HistoryEntry } from '@berth/contract';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { age } from '../age.ts';
import { between } from '../numbers.ts';
import { printableLine } from '../printable.ts';
import { print, withService, type Session } from '../session.ts';
import type { Surroundings, Terminal } from '../surroundings.ts';
import { table, type Cell } from '../table.ts';
import { findEnded } from '../target.ts';

interface Options {
  readonly user?: string;
  readonly limit: number;
  readonly logs?: string;
}

export function addHistory(program: Command, surroundings: Surroundings): void {
  program
    .command('history')
    .description('Servers that ended, newest first: when, how and why.')
    .option('-u, --user <name>', "only this user's, by the hub's name for them")
    .option('-n, --limit <count>', 'at most this many', between(1, 100_000), 50)
    .addOption(
      new Option('--logs <server>', "instead, the last log lines of a server's last run: KEY, USER or USER/SERVER")
        .argParser(named)
        .conflicts('user'),
    )
    .addHelpText('after', '\nWith --json an array of the entries of /v1/history; with --logs --json that one entry.')
    .action(async (options: Options, command: Command) => {
      await withService(command, surroundings, async (session) => {
        if (options.logs !== undefined) return lastLines(session, options.logs);
        const entries = await list(session, options);
        print(session, entries, () => historyTable(entries, session.now(), session.terminal));
      });
    });
}

function named(target: string): string {
  if (target === '') throw new InvalidArgumentError('It must name a server.');
  return target;
}

async function lastLines(session: Session, target: string): Promise<void> {
  const entry = await findEnded(session, target);
  print(session, entry, () => entry.logTail.map((line) => `${printableLine(line)}\n`).join(''));
}

async function list({ client, signal }: Session, { user, limit }: Options): Promise<HistoryEntry[]> {
  const query = { limit: Math.min(limit, 500), ...(user === undefined ? {} : { user }) };
  const entries: HistoryEntry[] = [];
  const pages = all((cursor) => client.GET('/v1/history', { params: { query: { ...query, ...cursor } }, signal }));
  for await (const entry of pages) {
    entries.push(entry);
    if (entries.length === limit) break;
  }
  return entries;
}

function historyTable(entries: readonly HistoryEntry[], now: Date, terminal: Terminal): string {
  if (entries.length === 0) return 'No server has ended yet.\n';
  const hubs = new Set(entries.map(({ hub }) => hub)).size > 1;
  const head = [...(hubs ? ['HUB'] : []), 'USER', 'SERVER', 'ENDED', 'RAN', 'OUTCOME', 'EXIT', 'OOM', 'REASON'];
  const rows = entries.map((entry) => {
    const exit = entry.exit ?? entry.failure?.exit;
    return [
      ...(hubs ? [entry.hub] : []),
      entry.user,
      entry.serverName,
      `${age(entry.endedAt, now)} ago`,
      entry.runningAt === undefined ? '' : age(entry.runningAt, new Date(entry.endedAt)),
      outcome(entry),
      exit?.code?.toString() ?? '',
      exit?.oomKilled ? 'yes' : '',
      entry.failure?.message ?? exit?.reason ?? '',
    ];
  });
  return table(head, rows, terminal);
}

function outcome({ outcome: text }: HistoryEntry): Cell {
  return { text, colour: text === 'failed' ? 'red' : text === 'stopped' ? undefined : 'yellow' };
}
