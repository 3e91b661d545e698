/**
 * A site that keeps its authenticator: the hub lets users in by itself, the host's name service knows their accounts, and
 * other programs of the host (PBIS, SSSD) leave their tickets in files. Of Berth there is the spawner alone.
 */
import { chown, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from '../stack/browser.ts';
import type { HostAccount, HostAccounts } from '../stack/host-accounts.ts';
import { krb5Conf } from '../stack/krb5-conf.ts';
import { MitKdc } from '../stack/mit-kdc.ts';
import { Relay } from '../stack/relay.ts';
import { sharedEngine, testFolder } from '../stack/shared-engine.ts';
import { Stack } from '../stack/stack.ts';
import { HostCaches, type Holder } from './host-caches.ts';

export interface HostSiteOptions {
  /** Default: the tiny one. */
  readonly image?: string;
  /** Of a ticket. Default: an hour. */
  readonly lifeSeconds?: number;
  /** More of the block `tickets`; false: none. */
  readonly tickets?: Readonly<Record<string, unknown>> | false;
  /** More of the block `accounts`, made from the site's folder. */
  readonly accounts?: (folder: string) => Readonly<Record<string, unknown>>;
  /** More of berth.yaml. */
  readonly berthConfiguration?: Readonly<Record<string, unknown>>;
  readonly hubConfiguration?: string;
}

/** As PBIS makes ids: all of one domain begin alike, and end with the RID. */
const domain = 1_164_967_936;
export const domainUsers = { name: 'BANK\\domain^users', gid: domain + 513 };
export const riskAnalysts = { name: 'BANK\\risk^analysts', gid: domain + 1105 };
/** A gid that only the group's name speaks against. */
const docker = { name: 'docker', gid: 5000 };

/** Users by the hub's name; the name service calls them BANK\user1 and so on. The first has the uid 1165040649. */
const rids = { user1: 72_713, user2: 72_714, user3: 72_715, user4: 72_716, user5: 72_717, docker1: 72_718 };
export type UserName = keyof typeof rids;
export const userNames = Object.keys(rids) as UserName[];

export function uidOf(user: UserName): number {
  return domain + rids[user];
}

export class HostSite {
  readonly folder: string;
  readonly kdc: MitKdc;
  readonly caches: HostCaches;
  readonly stack: Stack;
  readonly #relay: Relay;
  readonly #options: HostSiteOptions;

  static async start(options: HostSiteOptions = {}): Promise<HostSite> {
    const engine = sharedEngine();
    const folder = await testFolder();
    for (const name of ['home', 'keytabs']) await mkdir(join(folder, name), { mode: 0o755 });
    const kdc = await MitKdc.start({
      folder: join(folder, 'kdc'),
      lifeSeconds: options.lifeSeconds ?? 3600,
      renewSeconds: 86_400,
    });
    let [relay, caches]: [Relay?, HostCaches?] = [];
    try {
      for (const user of userNames) await kdc.createUser(user, passwordOf(user));
      relay = await Relay.start({ from: engine.bridgeAddress, to: kdc.address, ports: [{ from: KDC_PORT, to: 88 }] });
      caches = await HostCaches.make({
        folder: join(folder, 'tmp'),
        krb5Conf: await readFile(kdc.krb5ConfFile, 'utf8'),
      });
      await writeKrb5Conf(folder, kdc);
      const stack = await Stack.start({
        ...{ folder, engine, images: [options.image ?? engine.tinyImage] },
        hostAccounts: await hostAccounts(join(folder, 'home')),
        berthConfiguration: configuration(folder, options),
        hubConfiguration: options.hubConfiguration ?? '',
      });
      return new HostSite(folder, options, { kdc, caches, relay, stack });
    } catch (error) {
      await relay?.remove();
      await caches?.remove();
      await kdc.remove();
      throw error;
    }
  }

  private constructor(
    folder: string,
    options: HostSiteOptions,
    parts: Pick<HostSite, 'kdc' | 'caches' | 'stack'> & { readonly relay: Relay },
  ) {
    this.folder = folder;
    this.#options = options;
    this.kdc = parts.kdc;
    this.caches = parts.caches;
    this.stack = parts.stack;
    this.#relay = parts.relay;
  }

  get keytabs(): string {
    return join(this.folder, 'keytabs');
  }

  home(user: string): string {
    return join(this.folder, 'home', user);
  }

  /** The service anew, with another block `tickets` and other lines in the host's krb5.conf. */
  async reconfigure(tickets: Readonly<Record<string, unknown>>, libdefaults: readonly string[] = []): Promise<void> {
    await writeKrb5Conf(this.folder, this.kdc, libdefaults);
    const { berth } = this.stack;
    const { instance } = JSON.parse(await readFile(berth.configFile, 'utf8')) as { instance: string };
    await berth.configure({ instance, ...configuration(this.folder, { ...this.#options, tickets }) });
    await berth.restart();
  }

  loggedIn(user: string): Promise<Browser> {
    return this.stack.loggedIn(user);
  }

  /** The user's ticket as Berth keeps it: root's alone. */
  master(user: UserName): string {
    return join(this.stack.berth.runtime, 'tickets', String(uidOf(user)), 'krb5cc');
  }

  /** The user's ticket as his notebooks see it. */
  published(user: UserName): string {
    return join(this.stack.berth.runtime, 'krb5', String(uidOf(user)), 'krb5cc');
  }

  async remove(): Promise<void> {
    await this.stack.remove();
    await this.#relay.remove();
    await this.caches.remove();
    await this.kdc.remove();
  }
}

/** At the address that containers reach. */
const KDC_PORT = 8088;

export function passwordOf(user: UserName): string {
  return `Pa55-of-${user}`;
}

function configuration(folder: string, { accounts, tickets = {}, berthConfiguration }: HostSiteOptions) {
  return {
    accounts: {
      source: 'name-service',
      // PBIS finds user1 too where it is told AssumeDefaultDomain; files need the whole name.
      names: ['{name}', 'BANK\\{name^}'],
      home: { roots: [join(folder, 'home')] },
      ...accounts?.(folder),
    },
    ...(tickets === false ? {} : { tickets: ticketBlock(folder, tickets) }),
    ...berthConfiguration,
  };
}

function ticketBlock(folder: string, more: Readonly<Record<string, unknown>>) {
  const hostCaches = [`FILE:${join(folder, 'tmp')}/krb5cc_{uid}`];
  return {
    ...{ sources: ['host'], trustHub: true, krb5Conf: join(folder, 'krb5.conf'), minimumLife: '1s' },
    ...('sources' in more ? {} : { hostCaches }),
    ...more,
  };
}

/** The host's and, through Berth, the containers'. */
async function writeKrb5Conf(folder: string, kdc: MitKdc, libdefaults: readonly string[] = []): Promise<void> {
  const text = krb5Conf([{ ...kdc.krb5Realm, kdcs: [`${sharedEngine().bridgeAddress}:${KDC_PORT}`] }]);
  const more = libdefaults.map((line) => `\n  ${line}`).join('');
  await writeFile(join(folder, 'krb5.conf'), text.replace('[libdefaults]', `[libdefaults]${more}`));
}

/** Accounts as they are on a real host, with their homes, and some that no notebook must run as. */
async function hostAccounts(homes: string): Promise<HostAccounts> {
  const account = (name: string, uid: number, gid = domainUsers.gid): HostAccount => {
    return { name, uid, gid, home: join(homes, name.replace('BANK\\', '')) };
  };
  const users = userNames.map((name) => account(`BANK\\${name}`, uidOf(name)));
  const odd = [
    account('0', 7000),
    account('1001', 7001),
    account('-x', 7002),
    account('oracle', 54),
    account('root', 0),
    account('group1', 7003, docker.gid),
    account('linked1', 7004),
    account('strange1', 7005),
    { name: 'outside1', uid: 7006, gid: domainUsers.gid, home: '/srv' },
  ];
  for (const { name, uid, gid, home } of [...users, ...odd]) {
    if (name === 'linked1') await symlink(join(homes, 'user1'), home);
    else if (home.startsWith(homes)) {
      await mkdir(home, { mode: 0o700 });
      await chown(home, name === 'strange1' ? uidOf('user1') : uid, gid);
    }
  }
  const members = ['BANK\\user1', 'BANK\\docker1'];
  const groups = [
    domainUsers,
    { ...riskAnalysts, members },
    { ...docker, members: ['BANK\\docker1'] },
    { name: 'lowgid', gid: 998, members: ['BANK\\docker1'] },
  ];
  return { accounts: [...users, ...odd], groups };
}

/** Who the other programs of the host get tickets for. */
export function holder(user: UserName): Holder {
  return { uid: uidOf(user), name: user, password: passwordOf(user) };
}
