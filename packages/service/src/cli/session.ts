/** What a command that asks the service works with. */
import type { Client } from '@berth/client';
import type { Command } from 'commander';
import { printableJson } from './printable.ts';
import { connect, settings, type GlobalOptions, type Settings } from './settings.ts';
import type { Surroundings } from './surroundings.ts';

export interface Session extends Surroundings {
  readonly client: Client;
  readonly settings: Settings;
}

/** Connects as the global options say, and closes the connection whatever `work` does. */
export async function withService<T>(
  command: Command,
  surroundings: Surroundings,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const chosen = settings(command.optsWithGlobals<GlobalOptions>(), surroundings.environment);
  const client = connect(chosen);
  try {
    return await work({ ...surroundings, client, settings: chosen });
  } finally {
    await client.close();
  }
}

/** With `--json` the value, as the contract has it; else the text. */
export function print(
  { terminal, settings: { json } }: Pick<Session, 'terminal' | 'settings'>,
  value: unknown,
  text: () => string,
): void {
  terminal.out(json ? `${printableJson(value, 2)}\n` : text());
}
