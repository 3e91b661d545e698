/** One run of kinit: a process group of its own, with an environment of its own, that ends when the signal says so. */
import { spawn } from 'node:child_process';

export interface KinitRun {
  readonly program: string;
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Written to its standard input, and overwritten afterwards; then the input ends, so that a further question gets no answer. */
  readonly input: Buffer;
}

export interface KinitEnd {
  /** Undefined: ended by a signal. */
  readonly exitCode: number | undefined;
  /** What it said on both outputs, at most 8 KiB. */
  readonly said: string;
}

const SAID_LIMIT = 8192;

/** Rejects with the error of spawn where it can't be started, and with the signal's reason after killing the group. */
export function runKinit(run: KinitRun, signal: AbortSignal): Promise<KinitEnd> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const child = spawn(run.program, run.arguments, {
      cwd: '/',
      detached: true,
      env: run.environment,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let said = '';
    const listen = (text: string): void => {
      if (said.length < SAID_LIMIT) said = (said + text).slice(0, SAID_LIMIT);
    };
    child.stdout.setEncoding('utf8').on('data', listen);
    child.stderr.setEncoding('utf8').on('data', listen);
    const kill = (): void => {
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) killGroup(child.pid);
    };
    const done = (): void => {
      signal.removeEventListener('abort', kill);
      run.input.fill(0);
    };
    signal.addEventListener('abort', kill, { once: true });
    // A kinit that never reads its input, or is gone, breaks the pipe; its exit tells the reason.
    child.stdin.on('error', () => undefined).end(run.input);
    child.once('error', (error) => {
      done();
      reject(error);
    });
    child.once('close', (exitCode) => {
      done();
      if (signal.aborted) reject(signal.reason);
      else resolve({ exitCode: exitCode ?? undefined, said });
    });
  });
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended in this very moment.
  }
}
