import { dataOf } from '@berth/client';
import type { Drain } from '@berth/contract';
import { Argument, type Command } from 'commander';
import { printable } from '../printable.ts';
import { print, withService } from '../session.ts';
import type { Surroundings } from '../surroundings.ts';

interface Options {
  readonly message?: string;
}

export function addDrain(program: Command, surroundings: Surroundings): void {
  program
    .command('drain')
    .description('Refuse new starts, before maintenance, or accept them again. Running servers go on.')
    .addArgument(new Argument('<what>', 'what to do').choices(['on', 'off', 'status']))
    .option('-m, --message <text>', 'with on: what a user whose start is refused reads')
    .addHelpText('after', '\nKept across restarts of the service. With --json the answer of /v1/drain.')
    .action(async (what: 'on' | 'off' | 'status', { message }: Options, command: Command) => {
      if (message !== undefined && what !== 'on') command.error('error: --message goes with `drain on` only');
      await withService(command, surroundings, async (session) => {
        const { client, signal } = session;
        const body: Drain = { enabled: what === 'on', ...(message === undefined ? {} : { message }) };
        const drain = await dataOf(
          what === 'status' ? client.GET('/v1/drain', { signal }) : client.PUT('/v1/drain', { body, signal }),
        );
        print(session, drain, () => sentence(drain));
      });
    });
}

function sentence({ enabled, message }: Drain): string {
  if (!enabled) return 'Not draining: servers can be started.\n';
  const told = message ? ` Users are told: ${printable(message)}` : '';
  return `Draining: new starts are refused, running servers go on.${told}\n`;
}
