/** A Python program of the bench: it says when it is warm, and works when told to. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { venvFolder } from '../stack/venvs.ts';

export interface PythonProgram {
  /** Has it do its work; resolves with the CPU seconds that it used for that. */
  work(): Promise<number>;
  /** Sends it a line; resolves with the JSON that it answers. One at a time. */
  ask<T>(line: string): Promise<T>;
  /** Lets it end. */
  close(): Promise<void>;
}

/** Starts a program below test/bench/python beside JupyterHub 5.5.1; resolves once it is warm. */
export async function startPython(
  name: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<PythonProgram> {
  const script = fileURLToPath(new URL(`python/${name}`, import.meta.url));
  const bin = join(venvFolder('5.5.1'), 'bin');
  const child = spawn(join(bin, 'python'), ['-B', script, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { PATH: `${bin}:/usr/bin:/bin`, LANG: 'C.UTF-8', ...environment },
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const line = async () => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`${name} ended before it had said anything of use`);
    return value;
  };
  const ready = await line();
  if (ready !== 'ready') throw new Error(`${name} said ${ready}`);
  const ask = async <T>(question: string): Promise<T> => {
    child.stdin.write(`${question}\n`);
    return JSON.parse(await line()) as T;
  };
  return {
    work: async () => (await ask<{ cpuSeconds: number }>('go')).cpuSeconds,
    ask,
    async close() {
      child.stdin.end('end\n');
      await exited;
    },
  };
}
