/** Programs that a test runs beside itself: each with its log in a file, in a process group of its own. */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ProgramOptions {
  /** What it is called in errors. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Both streams are appended to this file. */
  readonly logFile: string;
}

export interface ProgramExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Program {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** Undefined while it runs. */
  readonly exit: ProgramExit | undefined;
  readonly exited: Promise<ProgramExit>;
  /** Everything it has written so far, by this and earlier programs with the same log file. */
  log(): string;
  /** Sends a signal to the program alone; gone is no error. */
  signal(signal: NodeJS.Signals): void;
  /** Sends the signal, waits for the end, then kills what is left of its process group. After `seconds` it is killed. */
  stop(signal?: NodeJS.Signals, seconds?: number): Promise<ProgramExit>;
}

/** Starts a program; resolves once the operating system has, not once it is ready. */
export async function startProgram(options: ProgramOptions): Promise<Program> {
  const { name, command, logFile } = options;
  const out = openSync(logFile, 'a');
  const child = spawn(command, options.args, {
    cwd: options.cwd,
    env: { ...options.env },
    stdio: ['ignore', out, out],
    detached: true,
  });
  closeSync(out);
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => reject(new Error(`${name}: ${command} can't be run: ${error.message}`)));
  });
  const pid = child.pid;
  if (pid === undefined) throw new Error(`${name}: no process`);
  let exit: ProgramExit | undefined;
  const exited = new Promise<ProgramExit>((resolve) => {
    child.once('exit', (code, signal) => {
      exit = { code, signal };
      resolve(exit);
    });
  });
  return {
    name,
    pid,
    logFile,
    get exit() {
      return exit;
    },
    exited,
    log: () => readFileSync(logFile, 'utf8'),
    signal: (signal) => sendSignal(pid, signal),
    async stop(signal = 'SIGTERM', seconds = 20) {
      if (exit === undefined) {
        sendSignal(pid, signal);
        const late = setTimeout(() => sendSignal(pid, 'SIGKILL'), seconds * 1000);
        await exited;
        clearTimeout(late);
      }
      sendSignal(-pid, 'SIGKILL');
      return exited;
    },
  };
}

/** Waits until `ready` answers true; fails at once when the program ends, with the last lines of its log. */
export async function waitFor(
  what: string,
  ready: () => Promise<boolean>,
  { program, seconds = 60 }: { readonly program?: Program; readonly seconds?: number } = {},
): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    if (await ready()) return;
    if (program?.exit !== undefined) {
      throw new Error(`${program.name} ended (${describe(program.exit)}) before ${what}\n${lastLines(program.log())}`);
    }
    if (Date.now() > deadline) {
      throw new Error(`not within ${seconds} s: ${what}${program ? `\n${lastLines(program.log())}` : ''}`);
    }
    await sleep(100);
  }
}

export function lastLines(text: string, count = 40): string {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}

function describe({ code, signal }: ProgramExit): string {
  return signal === null ? `exit code ${code}` : signal;
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
