import { ClientMisconfigured, createClient, dataOf, ServiceUnreachable, type Client } from '@berth/client';
import type { Diagnosis } from '@berth/contract';
import type { Command } from 'commander';
import { CommandFailed } from '../command-failed.ts';
import { exit, type ExitCode } from '../exit-codes.ts';
import { obstacles } from '../obstacles.ts';
import { print, withService, type Session } from '../session.ts';
import { settings, type GlobalOptions, type Settings } from '../settings.ts';
import type { Surroundings, Terminal } from '../surroundings.ts';
import { table, type Cell } from '../table.ts';
import { looseMode } from '../token-file.ts';

type Finding = Diagnosis['items'][number];

export function addDoctor(program: Command, surroundings: Surroundings): void {
  program
    .command('doctor')
    .description('Try each part, from this command line to Docker, and say what to change.')
    .addHelpText(
      'after',
      '\nExits with 1 where an error is found, with 69 where the service could not be asked.\nWith --json an array of the findings of /v1/doctor.',
    )
    .action(async (_options: unknown, command: Command) => {
      const chosen = settings(command.optsWithGlobals<GlobalOptions>(), surroundings.environment);
      const { findings, exitCode } = await diagnose(command, surroundings, chosen);
      print({ ...surroundings, settings: chosen }, findings, () => report(findings, surroundings.terminal));
      // The findings have said why.
      if (exitCode !== exit.ok) throw new CommandFailed(exitCode, '');
    });
}

async function diagnose(command: Command, surroundings: Surroundings, chosen: Settings) {
  try {
    const { items } = await withService(command, surroundings, ask);
    const findings = [...local(chosen), ...items];
    return { findings, exitCode: findings.some(({ level }) => level === 'error') ? exit.found : exit.ok };
  } catch (error) {
    const unasked =
      error instanceof ServiceUnreachable || error instanceof ClientMisconfigured || error instanceof CommandFailed;
    if (!unasked || surroundings.signal.aborted) throw error;
    const reach = error instanceof CommandFailed ? await reachable(chosen, surroundings.signal) : [];
    return { findings: [...obstacles(error, chosen), ...reach], exitCode: exit.unavailable satisfies ExitCode };
  }
}

async function ask({ client, signal }: Session): Promise<Diagnosis> {
  return dataOf(client.GET('/v1/doctor', { signal }));
}

/** Without a token one can still see whether the service runs: a missing token file often means that it never did. */
async function reachable(settings: Settings, signal: AbortSignal): Promise<Finding[]> {
  const { url } = settings;
  if (URL.parse(url)?.protocol === 'https:') return [];
  let client: Client | undefined;
  try {
    client = createClient({ url });
    await client.GET('/healthz', { signal });
    return [{ part: 'service', level: 'ok', finding: `A service answers at ${url}.` }];
  } catch (error) {
    if (error instanceof ServiceUnreachable || error instanceof ClientMisconfigured) return obstacles(error, settings);
    throw error;
  } finally {
    await client?.close();
  }
}

/** What only this side can see, once the token has been read. */
function local({ token }: Settings): Finding[] {
  const loose = 'file' in token ? looseMode(token.file) : undefined;
  if (loose === undefined) return [];
  return [{ part: 'token', level: 'warning', finding: loose, mend: 'chmod 0600 it, and make a new token.' }];
}

const marks = {
  error: { text: '✗', colour: 'red' },
  warning: { text: '!', colour: 'yellow' },
  ok: { text: '✓', colour: 'green' },
} as const satisfies Record<Finding['level'], Cell>;

function report(findings: readonly Finding[], terminal: Terminal): string {
  const rows = findings.map(({ part, level, finding, mend }): (string | Cell)[] => [
    marks[level],
    part,
    { text: finding, below: mend === undefined ? undefined : `→ ${mend}` },
  ]);
  const count = (level: Finding['level']) => findings.filter((each) => each.level === level).length;
  const plural = (number: number, noun: string) => `${number} ${noun}${number === 1 ? '' : 's'}`;
  const sum = `${plural(count('error'), 'error')}, ${plural(count('warning'), 'warning')}, ${count('ok')} ok.`;
  return `${table([], rows, terminal)}${sum}\n`;
}
