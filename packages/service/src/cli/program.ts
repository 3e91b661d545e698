/** The command line `berth`: its commands, what they share, and how a failure ends it. */
import { Command } from 'commander';
import { addBackup } from './commands/backup.ts';
import { addDoctor } from './commands/doctor.ts';
import { addDrain } from './commands/drain.ts';
import { addExplain } from './commands/explain.ts';
import { addForget } from './commands/forget.ts';
import { addHistory } from './commands/history.ts';
import { addKdestroy } from './commands/kdestroy.ts';
import { addLogs } from './commands/logs.ts';
import { addPs } from './commands/ps.ts';
import { addServe } from './commands/serve.ts';
import { addStop } from './commands/stop.ts';
import { addToken } from './commands/token.ts';
import { addWhoami } from './commands/whoami.ts';
import { exit, meanings, type ExitCode } from './exit-codes.ts';
import { describe } from './failure.ts';
import { defaults } from './settings.ts';
import type { Surroundings } from './surroundings.ts';

/** @param words The command line behind the program's name. Never rejects. */
export async function run(words: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  try {
    await program(surroundings).parseAsync(words, { from: 'user' });
    return exit.ok;
  } catch (error) {
    const { exitCode, lines } = describe(error, surroundings.signal);
    surroundings.terminal.err(lines.map((line) => `${line}\n`).join(''));
    return exitCode;
  }
}

export function program(surroundings: Surroundings): Command {
  const { terminal } = surroundings;
  const berth = new Command('berth')
    .description('Notebook servers in Docker containers, for JupyterHub: run the service, and ask it.')
    .version(surroundings.version, '--version', 'show the version')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(text),
      writeErr: (text) => terminal.err(text),
      getOutHelpWidth: () => Math.min(terminal.columns ?? 100, 100),
      getErrHelpWidth: () => Math.min(terminal.columns ?? 100, 100),
      getOutHasColors: () => terminal.colour,
      getErrHasColors: () => terminal.colour,
    })
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(see --help)')
    .option('--url <url>', `the service: http, https or unix:///path; else BERTH_URL (default: ${defaults.url})`)
    .option(
      '--token-file <file>',
      'the file of the token; else BERTH_TOKEN_FILE, BERTH_TOKEN (default: <state>/admin.token)',
    )
    .option('--ca <file>', "with https: PEM of the authority that signed the service's certificate")
    .option('--state <dir>', `the state folder; else BERTH_STATE (default: ${defaults.state})`)
    .option('--runtime <dir>', 'the runtime folder', defaults.runtime)
    .option('--json', 'for scripts: what the REST API answers')
    .addHelpText('after', `\nExit codes:\n${exitTable()}`);
  for (const add of commands) add(berth, surroundings);
  return berth;
}

const commands = [
  ...[addServe, addPs, addLogs, addStop, addHistory],
  ...[addWhoami, addExplain, addKdestroy, addForget],
  ...[addDrain, addDoctor, addBackup, addToken],
];

function exitTable(): string {
  const names = Object.keys(exit) as (keyof typeof exit)[];
  return names.map((name) => `  ${String(exit[name]).padStart(3)}  ${meanings[name]}`).join('\n');
}
