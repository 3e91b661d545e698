import { dataOf } from '@berth/client';
import type { Command } from 'commander';
import { between } from '../numbers.ts';
import { printableLine } from '../printable.ts';
import { print, withService } from '../session.ts';
import type { Surroundings } from '../surroundings.ts';
import { findServer } from '../target.ts';

interface Options {
  readonly tail: number;
}

export function addLogs(program: Command, surroundings: Surroundings): void {
  program
    .command('logs')
    .description("The last log lines of a server's container, or those kept when it ended.")
    .argument('<server>', 'KEY, USER or USER/SERVER')
    .option('-n, --tail <lines>', 'how many lines, from the end', between(1, 5000), 100)
    .addHelpText('after', '\nWith --json the answer of /v1/servers/{key}/logs, its lines as the program wrote them.')
    .action(async (target: string, { tail }: Options, command: Command) => {
      await withService(command, surroundings, async (session) => {
        const { key } = await findServer(session, target, [
          'starting',
          'running',
          'stopping',
          'exited',
          'failed',
          'stopped',
        ]);
        const params = { path: { key }, query: { tail } };
        const logs = await dataOf(session.client.GET('/v1/servers/{key}/logs', { params, signal: session.signal }));
        print(session, logs, () => logs.lines.map((line) => `${printableLine(line)}\n`).join(''));
      });
    });
}
