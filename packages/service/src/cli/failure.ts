/** From any error to an exit code and what is printed: sentences, never a stack. */
import { ClientMisconfigured, ProblemError, ServiceUnreachable } from '@berth/client';
import { problems } from '@berth/contract';
import { CommanderError } from 'commander';
import { CommandFailed } from './command-failed.ts';
import { exit, type ExitCode } from './exit-codes.ts';
import { printable } from './printable.ts';

export interface Failure {
  readonly exitCode: ExitCode;
  /** Lines for stderr; none where all has been said. */
  readonly lines: readonly string[];
}

export function describe(error: unknown, signal: AbortSignal): Failure {
  // Commander has printed help, or what is wrong with the command line.
  if (error instanceof CommanderError) return { exitCode: error.exitCode === 0 ? exit.ok : exit.usage, lines: [] };
  if (signal.aborted) return { exitCode: exit.interrupted, lines: [] };
  if (error instanceof CommandFailed) return { exitCode: error.exitCode, lines: sentences(error.message) };
  if (error instanceof ClientMisconfigured) return { exitCode: exit.usage, lines: sentences(error.message) };
  if (error instanceof ServiceUnreachable) return { exitCode: exit.unavailable, lines: sentences(error.message) };
  if (error instanceof ProblemError) return { exitCode: problemExit(error), lines: problemLines(error) };
  const message = error instanceof Error ? error.message : String(error);
  return { exitCode: exit.internal, lines: [`berth made a mistake: ${printable(message)}`] };
}

function sentences(message: string): string[] {
  if (message === '') return [];
  const [first = '', ...more] = message.split('\n');
  return [`berth: ${printable(first)}`, ...more.map((line) => `  ${printable(line).trim()}`)];
}

function problemExit({ code, status }: ProblemError): ExitCode {
  if (code === 'internal') return exit.internal;
  if (code === 'request-invalid' || code === 'name-invalid') return exit.usage;
  if (status === 401 || status === 403) return isAboutUser(code) ? exit.found : exit.refused;
  return status >= 500 ? exit.unavailable : exit.found;
}

const aboutToken: ReadonlySet<string> = new Set(['token-missing', 'token-invalid', 'role-insufficient']);

/** Asked about a user, the directory's no is an answer; it doesn't refuse the person at the terminal. */
function isAboutUser(code: string): boolean {
  return Object.hasOwn(problems, code) && !aboutToken.has(code);
}

function problemLines({ problem }: ProblemError): string[] {
  const places = problem.errors?.map(({ path, message }) => `  ${printable(path)}: ${printable(message)}`) ?? [];
  // A newer service may know codes that this catalogue doesn't.
  const mend = Object.hasOwn(problems, problem.code) ? [`  ${problems[problem.code].mend}`] : [];
  const request = problem.status >= 500 ? [`  Request ${printable(problem.instance)}.`] : [];
  return [`berth: ${printable(problem.detail)}`, ...places, ...mend, ...request];
}
