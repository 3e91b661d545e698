import type { Command } from 'commander';
import { printableJson } from '../printable.ts';
import { settings, type GlobalOptions } from '../settings.ts';
import { startFailure } from '../start-failure.ts';
import type { Surroundings } from '../surroundings.ts';

interface Options {
  readonly config?: string;
}

export function addServe(program: Command, surroundings: Surroundings): void {
  program
    .command('serve')
    .description('Run the service, until it is told to end (SIGTERM, SIGINT). Servers run on.')
    .option('-c, --config <file>', 'the configuration; default: berth.yaml in the state folder, where there is one')
    .addHelpText(
      'after',
      '\nWithout configuration it listens on http://127.0.0.1:8550 and on hub.sock in the runtime folder,\nuses the local Docker, and makes hub.token and admin.token in the state folder.\nExits with 78 where starting again would not help, with 69 where it may.',
    )
    .action(async (options: Options, command: Command) => {
      await serve(surroundings, command.optsWithGlobals<GlobalOptions>(), options.config);
    });
}

async function serve(surroundings: Surroundings, globals: GlobalOptions, configFile: string | undefined) {
  const { terminal, environment, signal } = surroundings;
  const { state, runtime, json } = settings(globals, environment);
  const service = await surroundings
    .serve({ state, runtime, ...(configFile === undefined ? {} : { configFile }) })
    .catch((error: unknown) => {
      throw startFailure(error);
    });
  try {
    const { addresses } = service;
    terminal.out(json ? `${printableJson({ addresses })}\n` : `berth listens on ${addresses.join(' and ')}\n`);
    await aborted(signal);
  } finally {
    await service.close();
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((done) => signal.addEventListener('abort', done, { once: true }));
}
