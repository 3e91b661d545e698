/** A Berth service on the simulated engine, as a process; simulated-service.mjs is what runs in it. */
import { fork } from 'node:child_process';
import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lastLines } from '../stack/program.ts';

export interface SimulatedService {
  readonly pid: number;
  readonly url: string;
  readonly tokenFile: string;
  /** From the first line of its start to the first 200 at /readyz; what Node takes to load it isn't in it. */
  readonly readySeconds: number;
  token(): Promise<string>;
  /** Calls of the engine so far, by name. */
  calls(): Promise<Readonly<Record<string, number>>>;
  /** Counts calls from zero. */
  forgetCalls(): Promise<void>;
  /** Writes what its containers are made of, for a later service of the same state folder. */
  writeContainers(file: string): Promise<void>;
  /** Closed already is success. */
  close(): Promise<void>;
}

const program = fileURLToPath(new URL('simulated-service.mjs', import.meta.url));

export interface SimulatedServiceOptions {
  /** A file that `writeContainers` has written: those run beforehand. */
  readonly containers?: string;
  /** More of berth.yaml. */
  readonly configuration?: Readonly<Record<string, unknown>>;
}

/** Starts it; resolves once it is ready. */
export async function startSimulatedService(
  folder: string,
  { containers, configuration: more = {} }: SimulatedServiceOptions = {},
): Promise<SimulatedService> {
  await mkdir(folder, { recursive: true });
  const [configFile, state] = [join(folder, 'berth.yaml'), join(folder, 'state')];
  const configuration = {
    instance: 'bench-simulated',
    listen: { http: { port: 0 }, socket: false },
    images: [{ reference: 'bench:1', pull: 'never' }],
    // Full looks at what runs come by the clock, not by polls; none should fall into a measurement.
    docker: { resync: '1d' },
    log: { level: 'warn' },
    ...more,
  };
  await writeFile(configFile, JSON.stringify(configuration));
  const logFile = join(folder, 'log');
  const log = await open(logFile, 'a');
  const args = [configFile, state, join(folder, 'run'), ...(containers === undefined ? [] : [containers])];
  const child = fork(program, args, {
    // Nothing of this process's own options: what is published is what runs.
    execArgv: [],
    env: { PATH: `${dirname(process.execPath)}:/usr/bin:/bin` },
    stdio: ['ignore', log.fd, log.fd, 'ipc'],
  });
  await log.close();

  let ids = 0;
  const waiting = new Map<number, { resolve(answer: unknown): void; reject(error: Error): void }>();
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const ready = new Promise<{ url: string; readySeconds: number }>((resolve, reject) => {
    child.on('message', (message: Message) => {
      if ('ready' in message) resolve(message.ready);
      else if ('error' in message) waiting.get(message.id)?.reject(new Error(message.error));
      else waiting.get(message.id)?.resolve(message.answer);
    });
    const fail = (text: string) => {
      const error = new Error(`the service ended\n${lastLines(text)}`);
      reject(error);
      for (const one of waiting.values()) one.reject(error);
    };
    void exited.then(() => readFile(logFile, 'utf8')).then(fail, reject);
  });
  const ask = (what: string, value?: string) =>
    new Promise<unknown>((resolve, reject) => {
      const id = ids++;
      waiting.set(id, { resolve, reject });
      child.send({ id, ask: what, value });
    });

  const { url, readySeconds } = await ready;
  const tokenFile = join(state, 'hub.token');
  return {
    ...{ pid: child.pid ?? 0, url, tokenFile, readySeconds },
    token: async () => (await readFile(tokenFile, 'utf8')).trim(),
    calls: async () => (await ask('calls')) as Record<string, number>,
    forgetCalls: async () => void (await ask('forgetCalls')),
    writeContainers: async (file) => void (await ask('containers', file)),
    close: async () => {
      if (child.connected) child.send({ id: -1, ask: 'close' });
      const late = setTimeout(() => child.kill('SIGKILL'), 20_000);
      await exited;
      clearTimeout(late);
    },
  };
}

type Message =
  | { readonly ready: { readonly url: string; readonly readySeconds: number } }
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly error: string };
