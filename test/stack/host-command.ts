import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const exec = promisify(execFile);

/** Runs a program of the host and gives what it printed. Rejects with what it said where it fails. */
export async function hostCommand(program: string, args: readonly string[], input?: Buffer): Promise<string> {
  const running = exec(program, [...args], { maxBuffer: 64 * 1024 * 1024, timeout: 120_000 });
  if (input !== undefined) running.child.stdin?.end(input);
  return (await running).stdout;
}

/** The same where failing is an answer too. */
export async function hostCommandOrNothing(program: string, args: readonly string[]): Promise<string | undefined> {
  return hostCommand(program, args).catch(() => undefined);
}
