/** Runs a command to its end. */
import { spawn } from 'node:child_process';

export interface CommandOptions {
  readonly cwd?: string;
  /** The whole environment; without it, this process's own. */
  readonly env?: NodeJS.ProcessEnv;
  /** Text for its standard input; without it there is none. */
  readonly input?: string;
  /** Killed after so many seconds. Default: 900. */
  readonly seconds?: number;
}

/** Resolves with its standard output; rejects with what it wrote to either stream where its exit code isn't 0. */
export async function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const child = spawn(command, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: (options.seconds ?? 900) * 1000,
    killSignal: 'SIGKILL',
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: options.env }),
  });
  const out: Buffer[] = [];
  const both: Buffer[] = [];
  child.stdout.on('data', (data: Buffer) => (out.push(data), both.push(data)));
  child.stderr.on('data', (data: Buffer) => both.push(data));
  child.stdin.on('error', () => {}); // a command may end before it has read its input
  child.stdin.end(options.input ?? '');
  const code = await new Promise<number | string>((resolve, reject) => {
    child.once('error', (error) => reject(new Error(`${command} can't be run: ${error.message}`)));
    child.once('close', (exit, signal) => resolve(exit ?? signal ?? 'unknown'));
  });
  if (code !== 0) {
    throw new Error(`${command} ${args.join(' ')} ended with ${code}\n${Buffer.concat(both).toString().slice(-4000)}`);
  }
  return Buffer.concat(out).toString();
}

/** The same where failing is an answer too: undefined. */
export async function tryCommand(command: string, args: readonly string[]): Promise<string | undefined> {
  return runCommand(command, args, { seconds: 120 }).catch(() => undefined);
}
