import { dataOf } from '@berth/client';
import type { Command } from 'commander';
import { printable } from '../printable.ts';
import { print, withService } from '../session.ts';
import type { Surroundings } from '../surroundings.ts';

export function addBackup(program: Command, surroundings: Surroundings): void {
  program
    .command('backup')
    .description("Write a consistent copy of the database on the service's host, while it runs.")
    .addHelpText('after', '\nWith --json the answer of /v1/backups.')
    .action(async (_options: unknown, command: Command) => {
      await withService(command, surroundings, async (session) => {
        const backup = await dataOf(session.client.POST('/v1/backups', { signal: session.signal }));
        print(session, backup, () => `Wrote ${printable(backup.path)} (${size(backup.bytes)}).\n`);
      });
    });
}

function size(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = bytes < 1024 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${power === 0 ? bytes : (bytes / 1024 ** power).toFixed(1)} ${units[power]}`;
}
