/** Berth and a hub together on one Docker daemon: what a site runs. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Berth } from './berth.ts';
import { Browser } from './browser.ts';
import { defaultHubVersion, Hub, type HubVersion } from './hub.ts';
import { HubApi } from './hub-api.ts';
import type { HostAccounts } from './host-accounts.ts';
import { docker, type SharedEngine } from './shared-engine.ts';
import { venvFolder } from './venvs.ts';

export interface StackOptions {
  /** All files of this stack lie below it. */
  readonly folder: string;
  readonly engine: Pick<SharedEngine, 'socketPath' | 'bridgeAddress'>;
  /** The default first; see SharedEngine for what there is. */
  readonly images: readonly string[];
  readonly hubVersion?: HubVersion;
  /** Python lines at the end of jupyterhub_config.py. */
  readonly hubConfiguration?: string;
  readonly hubPort?: number;
  /** See HubOptions. */
  readonly internalSsl?: boolean;
  /** The service dies behind the step that `<state>/fault` names; see faulty-berth.ts. */
  readonly faulty?: boolean;
  /** More of berth.yaml. */
  readonly berthConfiguration?: Readonly<Record<string, unknown>>;
  /** See BerthOptions. */
  readonly hostAccounts?: HostAccounts;
}

/** A container as `docker inspect` shows it; only what tests look at. */
export interface InspectedContainer {
  readonly Id: string;
  readonly Name: string;
  readonly State: { readonly Running: boolean; readonly Pid: number };
  readonly Config: { readonly Labels: Readonly<Record<string, string>>; readonly Env: readonly string[] };
}

export class Stack {
  readonly berth: Berth;
  readonly hub: Hub;
  readonly hubApi: HubApi;
  readonly #engine: Pick<SharedEngine, 'socketPath'>;
  readonly #instance: string;

  static async start(options: StackOptions): Promise<Stack> {
    const { folder, engine } = options;
    const instance = `test-${randomBytes(4).toString('hex')}`;
    const berth = await Berth.start({
      folder: join(folder, 'b'),
      dockerSocket: engine.socketPath,
      images: options.images,
      configuration: { instance, ...options.berthConfiguration },
      ...(options.faulty === undefined ? {} : { faulty: options.faulty }),
      ...(options.hostAccounts === undefined ? {} : { hostAccounts: options.hostAccounts }),
    });
    try {
      const hub = await Hub.start({
        folder: join(folder, 'h'),
        venv: venvFolder(options.hubVersion ?? defaultHubVersion),
        hubAddress: engine.bridgeAddress,
        environment: { BERTH_URL: berth.url, BERTH_TOKEN_FILE: berth.tokenFile('hub') },
        ...(options.hubConfiguration === undefined ? {} : { configuration: options.hubConfiguration }),
        ...(options.hubPort === undefined ? {} : { port: options.hubPort }),
        ...(options.internalSsl === undefined ? {} : { internalSsl: options.internalSsl }),
      });
      return new Stack(berth, hub, engine, instance);
    } catch (error) {
      await berth.remove();
      throw error;
    }
  }

  private constructor(berth: Berth, hub: Hub, engine: Pick<SharedEngine, 'socketPath'>, instance: string) {
    this.berth = berth;
    this.hub = hub;
    this.hubApi = new HubApi(hub);
    this.#engine = engine;
    this.#instance = instance;
  }

  /** A browser with no cookies yet. */
  browser(): Browser {
    return new Browser(this.hub);
  }

  /** A browser that has logged in through the form. */
  async loggedIn(user: string): Promise<Browser> {
    const browser = this.browser();
    await browser.login(user, this.hub.password);
    return browser;
  }

  /** Containers of this stack's Berth, running or not, of one user or of all. */
  async containers(user?: string): Promise<InspectedContainer[]> {
    const filters = [
      `label=berth.instance=${this.#instance}`,
      ...(user === undefined ? [] : [`label=berth.user=${user}`]),
    ];
    const flags = filters.flatMap((filter) => ['--filter', filter]);
    const ids = (await docker(this.#engine, 'ps', '-aq', '--no-trunc', ...flags)).split('\n').filter(Boolean);
    if (ids.length === 0) return [];
    const all = await docker(this.#engine, 'inspect', ...ids).catch((error: unknown) => {
      // One of them went between the two commands.
      if (/No such (object|container)/.test(String(error))) return undefined;
      throw error;
    });
    return all === undefined ? this.containers(user) : (JSON.parse(all) as InspectedContainer[]);
  }

  /** The last lines of both logs, for a failing test's message. */
  logs(): string {
    const tail = (text: string) => text.split('\n').slice(-40).join('\n');
    return `--- jupyterhub\n${tail(this.hub.log())}\n--- berth\n${tail(this.berth.log())}`;
  }

  /** Ends hub and service and removes the containers that are left. */
  async remove(): Promise<void> {
    await this.hub.remove();
    await this.berth.remove();
    const left = (await this.containers()).map((one) => one.Id);
    if (left.length > 0) await docker(this.#engine, 'rm', '-f', '-v', ...left);
  }
}
