/** Berth and a hub beside an Active Directory: users log in with the directory's passwords, and containers reach it too. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Browser, type Page } from './browser.ts';
import type { DirectoryAccounts } from './directory-accounts.ts';
import { Directory, type DirectoryOptions } from './directory.ts';
import { Hub, type HubVersion } from './hub.ts';
import { krb5Conf } from './krb5-conf.ts';
import type { Notebook } from './notebook.ts';
import { Relay } from './relay.ts';
import { runCommand } from './run-command.ts';
import type { SharedEngine } from './shared-engine.ts';
import { Stack } from './stack.ts';
import { venvFolder } from './venvs.ts';

export interface DirectoryStackOptions {
  /** All files lie below it; short, as unix sockets do too. */
  readonly folder: string;
  readonly engine: SharedEngine;
  /** Default: the notebook image. */
  readonly images?: readonly string[];
  readonly directory?: Omit<DirectoryOptions, 'folder' | 'alsoAt'>;
  /** Makes users and groups, before anything asks for them. */
  readonly prepare: (accounts: DirectoryAccounts) => Promise<unknown>;
  /** The block `login`. */
  readonly login: Readonly<Record<string, unknown>>;
  /** More of the block `tickets`; false: none. */
  readonly tickets?: Readonly<Record<string, unknown>> | false;
  /** More of berth.yaml. */
  readonly berthConfiguration?: Readonly<Record<string, unknown>>;
  /** More of jupyterhub_config.py. */
  readonly hubConfiguration?: string;
}

/** What `audit.jsonl` holds; only what tests look at. */
export interface AuditLine {
  readonly event: string;
  readonly outcome: string;
  readonly by: string;
  readonly user?: string;
  readonly unknownUser?: string;
  readonly code?: string;
  readonly allowedBy?: string;
  readonly address?: string;
}

const main = fileURLToPath(new URL('../../packages/service/src/cli/main.ts', import.meta.url));
const authenticator = 'c.JupyterHub.authenticator_class = "berth"';

export class DirectoryStack {
  readonly directory: Directory;
  /** Between the directory and all who ask it: service and containers. */
  readonly relay: Relay;
  readonly stack: Stack;
  /** Homes lie below it. */
  readonly homes: string;
  readonly #options: DirectoryStackOptions;
  readonly #configuration: Readonly<Record<string, unknown>>;
  readonly #hubs: Hub[] = [];

  static async start(options: DirectoryStackOptions): Promise<DirectoryStack> {
    const { folder, engine } = options;
    const at = engine.bridgeAddress;
    const homes = join(folder, 'home');
    await mkdir(homes);
    const directory = await Directory.start({ ...options.directory, folder: join(folder, 'ad'), alsoAt: [at] });
    let relay: Relay | undefined;
    try {
      await options.prepare(directory.accounts);
      const { kerberos, ldap, ldaps } = directory.ports;
      relay = await Relay.start({ from: at, to: directory.address, ports: [kerberos, ldap, ldaps] });
      const krb5ConfFile = join(folder, 'krb5.conf');
      await writeFile(krb5ConfFile, krb5Conf([{ ...directory.krb5Realm, kdcs: [at] }]));
      const passwordFile = join(folder, 'service-password');
      await writeFile(passwordFile, `${directory.service.password}\n`, { mode: 0o600 });
      const { domain, service, caFile } = directory;
      const configuration = {
        directory: {
          domain,
          servers: [`ldaps://${at}`],
          caFile,
          serviceAccount: { name: `${service.name}@${domain}`, passwordFile },
          timeouts: { connect: '2s', operation: '3s', login: '4s' },
        },
        login: options.login,
        accounts: { source: 'pbis', home: { roots: [homes], template: `${homes}/{username}`, create: true } },
        ...(options.tickets === false ? {} : { tickets: { krb5Conf: krb5ConfFile, ...options.tickets } }),
        ...options.berthConfiguration,
      };
      const stack = await Stack.start({
        ...{ folder, engine, images: options.images ?? [engine.notebookImage] },
        berthConfiguration: configuration,
        hubConfiguration: `${authenticator}\n${options.hubConfiguration ?? ''}`,
      });
      return new DirectoryStack(options, configuration, homes, { directory, relay, stack });
    } catch (error) {
      await relay?.remove();
      await directory.remove();
      throw error;
    }
  }

  private constructor(
    options: DirectoryStackOptions,
    configuration: Readonly<Record<string, unknown>>,
    homes: string,
    { directory, relay, stack }: Pick<DirectoryStack, 'directory' | 'relay' | 'stack'>,
  ) {
    this.#options = options;
    this.#configuration = configuration;
    this.homes = homes;
    this.directory = directory;
    this.relay = relay;
    this.stack = stack;
  }

  get accounts(): DirectoryAccounts {
    return this.directory.accounts;
  }

  /** Another hub of another version before the same service. It goes with this one. */
  async anotherHub(version: HubVersion): Promise<Hub> {
    const { berth } = this.stack;
    const hub = await Hub.start({
      folder: join(this.#options.folder, `h${this.#hubs.length + 2}`),
      venv: venvFolder(version),
      hubAddress: this.#options.engine.bridgeAddress,
      environment: { BERTH_URL: berth.url, BERTH_TOKEN_FILE: berth.tokenFile('hub') },
      configuration: authenticator,
    });
    this.#hubs.push(hub);
    return hub;
  }

  /** A browser at another hub, with no cookies yet. */
  browserAt(hub: Hub): Browser {
    return new Browser(hub);
  }

  /** The service with other blocks of berth.yaml, started anew. None: with those of the start. */
  async reconfigure(blocks: Readonly<Record<string, unknown>> = {}): Promise<void> {
    const { berth } = this.stack;
    const { instance } = JSON.parse(await readFile(berth.configFile, 'utf8')) as { instance: string };
    await berth.configure({ instance, ...this.#configuration, ...blocks });
    await berth.restart();
  }

  /** A browser that has logged in through the form. */
  async loggedIn(user: string, password: string): Promise<Browser> {
    const browser = this.stack.browser();
    await browser.login(user, password);
    return browser;
  }

  /** The user's notebook in a browser, started where it doesn't run. */
  async notebook(browser: Browser, user: string): Promise<Notebook> {
    await browser.startServer(user);
    const messages = await browser.progressToEnd(user);
    if (messages.at(-1)?.ready !== true) throw new Error(`${user}'s server: ${JSON.stringify(messages.at(-1))}`);
    return browser.openNotebook(user);
  }

  /** What the audit log holds, oldest first. */
  async audit(): Promise<AuditLine[]> {
    const text = await readFile(join(this.stack.berth.state, 'audit.jsonl'), 'utf8').catch(() => '');
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as AuditLine);
  }

  /** What `berth` prints to an admin. Rejects with what it says where it fails. */
  async cli(...words: string[]): Promise<string> {
    const { berth } = this.stack;
    const options = ['--url', berth.url, '--token-file', berth.tokenFile('admin')];
    const env = { PATH: dirname(process.execPath), COLUMNS: '1000' };
    return runCommand(process.execPath, ['--conditions=berth-source', main, ...words, ...options], { env });
  }

  async remove(): Promise<void> {
    for (const hub of this.#hubs) await hub.remove();
    await this.stack.remove();
    await this.relay.remove();
    await this.directory.remove();
  }
}

/** What a person reads on a page. */
export function textOf({ text }: Pick<Page, 'text'>): string {
  const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", '#x27': "'" };
  return text
    .replace(/<(script|style)[\s\S]*?<\/\1>/g, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&(#?\w+);/g, (whole, name: string) => entities[name] ?? whole)
    .replace(/\s+/g, ' ')
    .trim();
}
