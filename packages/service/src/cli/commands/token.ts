import type { Command } from 'commander';
import { hashToken, makeToken } from '../../tokens/token.ts';
import { printableJson } from '../printable.ts';
import type { GlobalOptions } from '../settings.ts';
import type { Surroundings } from '../surroundings.ts';

export function addToken(program: Command, { terminal }: Surroundings): void {
  program
    .command('token')
    .description(
      'Make a token: prints the token, and the `sha256:` line that a token file of the service may hold instead.',
    )
    .addHelpText('after', '\nNothing is sent or stored. With --json {"token", "line"}.')
    .action((_options: unknown, command: Command) => {
      const token = makeToken();
      const line = `sha256:${hashToken(token).toString('hex')}`;
      const { json } = command.optsWithGlobals<GlobalOptions>();
      terminal.out(json ? `${printableJson({ token, line }, 2)}\n` : `${token}\n${line}\n`);
    });
}
