#!/usr/bin/env node
/** Where `berth` meets the process: the one file that reads its environment, streams and signals. */
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { run } from './program.ts';

const ending = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  // A second signal doesn't wait for an orderly end.
  process.on(name, () => (ending.signal.aborted ? process.exit(130) : ending.abort()));
}
// `berth logs user1 | head` is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 70));

const { stdout, stderr, env } = process;
const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};
process.exitCode = await run(process.argv.slice(2), {
  version,
  terminal: {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    interactive: stdout.isTTY,
    colour: stdout.isTTY && !env['NO_COLOR'] && env['TERM'] !== 'dumb',
    get columns() {
      return stdout.isTTY ? stdout.columns : undefined;
    },
  },
  environment: env,
  now: () => new Date(),
  signal: ending.signal,
  async serve(options) {
    // The service waits most of its life: 50 MB less in memory count for more than the speed of its few loops. Maglev,
    // V8's middle compiler, takes the half of them; TurboFan stays for what is hot.
    for (const flag of ['--optimize-for-size', '--no-maglev']) setFlagsFromString(flag);
    return (await import('../serve.ts')).serve(options);
  },
});
