/** The Berth service as a process of its own, that a test can stop, kill and start again. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Certificate } from './certificates.ts';
import { fetchWithCa } from './fetch-with-ca.ts';
import { freePort } from './free-port.ts';
import { withHostAccounts, type HostAccounts } from './host-accounts.ts';
import { startProgram, waitFor, type Program } from './program.ts';

export interface BerthOptions {
  /** State, runtime folder, configuration and log lie below it; made where missing. */
  readonly folder: string;
  readonly dockerSocket: string;
  /** Image references that hubs may choose from, the default first; none is pulled. */
  readonly images: readonly string[];
  /** More of berth.yaml; its keys replace those of the same name above. */
  readonly configuration?: Readonly<Record<string, unknown>>;
  /** Environment of the process, beside PATH. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Start faulty-berth.ts in place of the product's own main. */
  readonly faulty?: boolean;
  /** TCP with TLS: the server's certificate for 127.0.0.1, and the PEM file of its authority. */
  readonly tls?: Certificate & { readonly authority: string };
  /** Readiness is waited for, unless false: then only that it answers. */
  readonly untilReady?: boolean;
  /** What the host's name service knows beside the machine's own accounts, for this service alone. */
  readonly hostAccounts?: HostAccounts;
}

const repository = fileURLToPath(new URL('../..', import.meta.url));
const main = join(repository, 'packages/service/src/cli/main.ts');
const faultyMain = join(repository, 'test/stack/faulty-berth.ts');

export class Berth {
  /** `http://127.0.0.1:PORT`, or https, the same over restarts. */
  readonly url: string;
  readonly configFile: string;
  readonly state: string;
  readonly runtime: string;
  readonly #options: BerthOptions;
  #program: Program | undefined;

  /** Starts the service; resolves once it is ready. */
  static async start(options: BerthOptions): Promise<Berth> {
    await mkdir(options.folder, { recursive: true });
    const berth = new Berth(options, await freePort());
    await berth.configure(options.configuration ?? {});
    try {
      await berth.start();
    } catch (error) {
      await berth.remove();
      throw error;
    }
    return berth;
  }

  private constructor(options: BerthOptions, port: number) {
    this.#options = options;
    this.url = `${options.tls ? 'https' : 'http'}://127.0.0.1:${port}`;
    this.configFile = join(options.folder, 'berth.yaml');
    this.state = join(options.folder, 'state');
    this.runtime = join(options.folder, 'run');
  }

  /** Writes berth.yaml anew; in force from the next start on. */
  async configure(more: Readonly<Record<string, unknown>>): Promise<void> {
    const { tls } = this.#options;
    const http = {
      port: Number(new URL(this.url).port),
      ...(tls ? { tls: { certificate: tls.certificate, key: tls.key } } : {}),
    };
    const configuration = {
      listen: { http },
      docker: { socket: this.#options.dockerSocket },
      images: this.#options.images.map((reference) => ({ reference, pull: 'never' })),
      ...more,
    };
    await writeFile(this.configFile, `${JSON.stringify(configuration, null, 2)}\n`);
  }

  /** Starts the process again after `stop` or `kill`; resolves once it is ready. Running is success. */
  async start(environment: Readonly<Record<string, string>> = {}): Promise<void> {
    if (this.#program !== undefined && this.#program.exit === undefined) return;
    const folders = ['--config', this.configFile, '--state', this.state, '--runtime', this.runtime];
    const { faulty, hostAccounts, folder } = this.#options;
    const serve = {
      command: process.execPath,
      args: ['--conditions=berth-source', faulty ? faultyMain : main, 'serve', ...folders],
    };
    const program = await startProgram({
      name: 'berth serve',
      ...(hostAccounts === undefined ? serve : await withHostAccounts(serve, join(folder, 'etc'), hostAccounts)),
      env: {
        PATH: `${dirname(process.execPath)}:/usr/sbin:/usr/bin:/sbin:/bin`,
        ...this.#options.environment,
        ...environment,
      },
      cwd: folder,
      logFile: join(folder, 'berth.log'),
    });
    this.#program = program;
    const page = this.#options.untilReady === false ? '/healthz' : '/readyz';
    await waitFor(`berth answers at ${page}`, async () => (await this.status(page)) === 200, { program, seconds: 30 });
  }

  /** SIGTERM; resolves once the process is gone. */
  async stop(): Promise<void> {
    await this.#program?.stop('SIGTERM', 30);
  }

  /** SIGKILL; resolves once the process is gone. */
  async kill(): Promise<void> {
    await this.#program?.stop('SIGKILL');
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** Resolves when the process ends, whoever ends it. */
  async exited(): Promise<void> {
    await this.#program?.exited;
  }

  get running(): boolean {
    return this.#program !== undefined && this.#program.exit === undefined;
  }

  /** Undefined while it doesn't run. */
  get pid(): number | undefined {
    return this.running ? this.#program?.pid : undefined;
  }

  /** What it has logged, over all its starts. */
  log(): string {
    return this.#program?.log() ?? '';
  }

  /** Ends the process; files stay for whoever looks. */
  async remove(): Promise<void> {
    await this.#program?.stop('SIGTERM', 15);
  }

  /** Where the token of a role lies: of the hub named `default`, or of the admin. */
  tokenFile(role: 'hub' | 'admin'): string {
    return join(this.state, `${role}.token`);
  }

  async token(role: 'hub' | 'admin'): Promise<string> {
    return (await readFile(this.tokenFile(role), 'utf8')).trim();
  }

  /** A REST call with a role's token; the answer is whatever the service says. */
  async call(role: 'hub' | 'admin', method: string, path: string, body?: unknown): Promise<Response> {
    return this.#fetch(path, {
      method,
      headers: { authorization: `Bearer ${await this.token(role)}`, 'content-type': 'application/json' },
      signal: AbortSignal.timeout(60_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  /** The body of a successful GET; rejects with the answer otherwise. */
  async get<T>(path: string, role: 'hub' | 'admin' = 'admin'): Promise<T> {
    const answer = await this.call(role, 'GET', path);
    if (!answer.ok) throw new Error(`GET ${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  }

  /** Status of a GET without a token; 0 where nobody answers. */
  async status(path: string): Promise<number> {
    return this.#fetch(path, { signal: AbortSignal.timeout(2000) }).then(
      (answer) => answer.status,
      () => 0,
    );
  }

  async #fetch(path: string, init: RequestInit): Promise<Response> {
    const { tls } = this.#options;
    return tls
      ? fetchWithCa(this.url + path, await readFile(tls.authority, 'utf8'), init)
      : fetch(this.url + path, init);
  }
}
