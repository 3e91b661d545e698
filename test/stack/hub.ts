/** A real JupyterHub with its proxy, each a process that a test can stop, kill and start again. */
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.ts';
import { hubConfigFile, type HubConfiguration } from './hub-config.ts';
import { startProgram, waitFor } from './program.ts';
import type { Program } from './program.ts';

export const hubVersions = ['4.1.6', '5.5.1', '6.0.0b2'] as const;
export type HubVersion = (typeof hubVersions)[number];
/** The version that tests use where the version isn't their point. */
export const defaultHubVersion: HubVersion = '5.5.1';

export interface HubOptions {
  /** The environment that test/stack/venvs.sh made for the version. */
  readonly venv: string;
  /** The hub's database, cookie secret, configuration and logs; made where missing. */
  readonly folder: string;
  /** Where the hub listens for its servers: an address that containers reach. */
  readonly hubAddress: string;
  /** Environment of the hub's process, beside PATH, HOME and LANG: BERTH_URL, BERTH_TOKEN_FILE. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Default: `berth`. */
  readonly spawner?: string;
  /** Begins and ends with a slash. Default: `/`. */
  readonly baseUrl?: string;
  /** Python lines at the end of jupyterhub_config.py. */
  readonly configuration?: string;
  /** The port that browsers use; without it, a free one. */
  readonly port?: number;
  /**
   * JupyterHub's internal_ssl: the hub makes certificates in `<folder>/internal-ssl`, and starts its proxy itself, as only
   * it knows with which of them. Browsers still come by http.
   */
  readonly internalSsl?: boolean;
}

const configurableHttpProxy = fileURLToPath(
  new URL('../../node_modules/configurable-http-proxy/bin/configurable-http-proxy', import.meta.url),
);

export class Hub {
  /** Where browsers go: `http://127.0.0.1:PORT`. */
  readonly origin: string;
  readonly baseUrl: string;
  /** The hub's API as its servers see it. */
  readonly apiUrl: string;
  /** Every user's password. */
  readonly password: string;
  /** Token of a service that may see and do everything with users and servers. */
  readonly adminToken: string;
  readonly #start: () => Promise<Program>;
  #hub: Program | undefined;
  /** None where the hub starts its own. */
  #proxy: Program | undefined;

  /** Starts proxy and hub; resolves once the hub answers through the proxy. */
  static async start(options: HubOptions): Promise<Hub> {
    const { folder, hubAddress, venv } = options;
    await mkdir(folder, { recursive: true });
    const baseUrl = options.baseUrl ?? '/';
    const port = options.port ?? (await freePort());
    const [proxyApiPort, hubPort] = [await freePort(), await freePort(hubAddress)];
    const proxyToken = randomBytes(16).toString('hex');
    const internalSsl = options.internalSsl ?? false;
    const scheme = internalSsl ? 'https' : 'http';
    const configuration = {
      origin: `http://127.0.0.1:${port}`,
      baseUrl,
      hubAddress,
      hubPort,
      proxyApiUrl: `${scheme}://127.0.0.1:${proxyApiPort}`,
      proxyToken,
      folder,
      password: randomBytes(6).toString('hex'),
      adminToken: randomBytes(16).toString('hex'),
      spawner: options.spawner ?? 'berth',
      ...(internalSsl ? { internalSsl: { proxyCommand: [process.execPath, configurableHttpProxy] } } : {}),
      apiUrl: `${scheme}://${hubAddress}:${hubPort}${baseUrl}hub/api`,
      more: options.configuration ?? '',
    };
    const configFile = join(folder, 'jupyterhub_config.py');
    await writeFile(configFile, hubConfigFile(configuration), { mode: 0o600 });
    const startProxy = () =>
      startProgram({
        name: 'configurable-http-proxy',
        command: process.execPath,
        args: [
          ...[configurableHttpProxy, '--ip', '127.0.0.1', '--port', String(port)],
          ...['--api-ip', '127.0.0.1', '--api-port', String(proxyApiPort)],
          ...['--error-target', `http://${hubAddress}:${hubPort}${baseUrl}hub/error`],
          // Also by this path a later run knows it as left over; see root.ts.
          ...['--pid-file', join(folder, 'proxy.pid')],
        ],
        env: { CONFIGPROXY_AUTH_TOKEN: proxyToken, PATH: `${dirname(process.execPath)}:/usr/bin:/bin` },
        cwd: folder,
        logFile: join(folder, 'proxy.log'),
      });
    const start = () =>
      startProgram({
        name: 'jupyterhub',
        command: join(venv, 'bin', 'python'),
        args: ['-m', 'jupyterhub', '-f', configFile],
        env: {
          PATH: `${join(venv, 'bin')}:/usr/bin:/bin`,
          HOME: folder,
          LANG: 'C.UTF-8',
          PYTHONUNBUFFERED: '1',
          ...options.environment,
        },
        cwd: folder,
        logFile: join(folder, 'hub.log'),
      });
    const hub = new Hub(configuration, internalSsl ? undefined : await startProxy(), start);
    try {
      await hub.start();
    } catch (error) {
      await hub.remove();
      throw error;
    }
    return hub;
  }

  private constructor(
    configuration: HubConfiguration & { readonly apiUrl: string },
    proxy: Program | undefined,
    start: () => Promise<Program>,
  ) {
    this.origin = configuration.origin;
    this.baseUrl = configuration.baseUrl;
    this.apiUrl = configuration.apiUrl;
    this.password = configuration.password;
    this.adminToken = configuration.adminToken;
    this.#proxy = proxy;
    this.#start = start;
  }

  /** Starts the hub's process again after `stop` or `kill`; resolves once it answers. Running is success. */
  async start(): Promise<void> {
    if (this.#hub !== undefined && this.#hub.exit === undefined) return;
    const hub = await this.#start();
    this.#hub = hub;
    await waitFor('the hub answers', () => this.#answers(), { program: hub, seconds: 90 });
  }

  /** SIGTERM; resolves once the process is gone. Proxy and servers stay. */
  async stop(): Promise<void> {
    await this.#hub?.stop('SIGTERM', 30);
  }

  /** SIGKILL; resolves once the process is gone. Proxy and servers stay. */
  async kill(): Promise<void> {
    await this.#hub?.stop('SIGKILL');
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** What the hub has logged, over all its starts. */
  log(): string {
    return this.#hub?.log() ?? '';
  }

  /** What the proxy has logged; where the hub starts its own, that stands in the hub's log. */
  proxyLog(): string {
    return this.#proxy?.log() ?? '';
  }

  /** Ends hub and proxy. */
  async remove(): Promise<void> {
    await this.#hub?.stop('SIGTERM', 10);
    await this.#proxy?.stop('SIGTERM', 5);
  }

  async #answers(): Promise<boolean> {
    const health = new URL(`${this.baseUrl}hub/health`, this.origin);
    return fetch(health, { redirect: 'manual', signal: AbortSignal.timeout(2000) }).then(
      (response) => response.status === 200,
      () => false,
    );
  }
}
