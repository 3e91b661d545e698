/** The Python process that writes a directory's accounts (directory.py): one for a directory's life, 3 ms a call. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('directory.py', import.meta.url));

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

/** Calls are answered in order; those made at once are taken one after the other. */
export class AccountWriter {
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #last = 0;
  #errors = '';
  #over = false;

  /** `smbConf`: the settings of a provisioned directory, which may run or not. It ends with this process too. */
  constructor(smbConf: string) {
    this.#process = spawn('/usr/bin/python3', [script, smbConf], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8' },
    });
    const { stdout, stderr, stdin } = this.#process;
    if (stdout === null || stderr === null || stdin === null) throw new Error('no pipes');
    createInterface(stdout).on('line', (line) => this.#answered(line));
    stderr.on('data', (data: Buffer) => (this.#errors += data.toString()));
    stdin.on('error', () => {}); // Its end is told to those who wait.
    this.#process.once('close', () => this.#ended());
    this.#process.once('error', (error) => ((this.#errors += error.message), this.#ended()));
  }

  /** Rejects with what Samba says where the directory refuses. */
  async call(operation: string, values: Readonly<Record<string, unknown>>): Promise<unknown> {
    if (this.#over) throw new Error(`directory.py has ended: ${this.#errors.slice(-2000)}`);
    const id = ++this.#last;
    const answered = new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    this.#process.stdin?.write(`${JSON.stringify({ id, operation, arguments: values })}\n`);
    return answered;
  }

  async close(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const closed = once(this.#process, 'close');
    this.#process.stdin?.end();
    await closed;
  }

  #answered(line: string): void {
    const { id, result, error } = JSON.parse(line) as { id: number; result?: unknown; error?: string };
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(new Error(error));
  }

  #ended(): void {
    this.#over = true;
    for (const waiting of this.#waiting.values())
      waiting.reject(new Error(`directory.py ended: ${this.#errors.slice(-2000)}`));
    this.#waiting.clear();
  }
}
