/** A spawner on a simulated engine and a store in memory, for tests that disturb both. */
import { SimulatedEngine, type SimulatedEngineOptions } from '@berth/docker-engine/simulated';
import type { Accounts, ContainerAccount, Tickets } from '../accounts.ts';
import { createSpawner } from '../create-spawner.ts';
import { serverKey } from '../key.ts';
import type { Probe } from '../probe.ts';
import type { ServerIdentity, StateName } from '../server.ts';
import type { SpawnerSettings } from '../settings.ts';
import type { ServerView, Spawner, StartServer } from '../spawner.ts';
import type { Faults } from '../steps.ts';
import { MemoryStore } from './memory-store.ts';

export const settings: SpawnerSettings = {
  instance: 'instance-1',
  labelKey: Buffer.alloc(32, 7),
  hubs: [{ name: 'default', apiUrl: undefined }],
  images: [
    { reference: 'notebook:1', title: 'Notebook', pull: 'missing' },
    { reference: 'other:1', title: 'Other', pull: 'never' },
  ],
  commands: [['jupyterhub-singleuser', '--debug']],
  containers: {
    ...{ prefix: 'berth', user: undefined, memoryBytes: 2 ** 30, cpus: 2, pids: 4096, openFiles: 65_536 },
    ...{ shmBytes: undefined, environment: { SITE: 'bank' }, workingDirectory: undefined, stopGraceSeconds: 1 },
    volumes: [{ source: 'jupyterhub-user-{username}', target: '/home/jovyan/work', readOnly: false }],
    ...{ logMaxBytes: 1_000_000, logMaxFiles: 2 },
  },
  network: { name: 'berth', mode: 'own' },
  history: { keepDays: 90, logLines: 100 },
  abandoned: { afterHours: 72, stop: false },
  maximumAgeHours: undefined,
  engine: { callSeconds: 5, resyncSeconds: 3600 },
};

export const alice: ServerIdentity = { hub: 'default', user: 'alice', serverName: '' };

export const alicesAccount: ContainerAccount = {
  ...{ name: 'alice', uid: 70_001, gid: 70_000, principal: 'alice@CORP.EXAMPLE.TEST', groups: [70_002, 70_003] },
  ...{ home: '/home/alice', homeFolder: '/home/alice', sockets: ['/run/nss.sock'] },
  ...{ passwdFile: '/run/berth/nss/passwd', groupFile: '/run/berth/nss/group' },
};

/** Everybody's account is Alice's; the image's files are read as the real ones read them. */
export const accounts: Accounts = {
  async prepare(_server, image, signal) {
    await image.read(['/etc/passwd', '/etc/group'], signal);
    return alicesAccount;
  },
};

export const tickets: Tickets = {
  prepare: async (_server, { uid }) => ({
    ...{ folder: `/run/berth/krb5/${uid}`, krb5Conf: '/run/berth/krb5.conf' },
    notices: ['Your ticket ends in 3 hours.'],
  }),
};

export interface WorldOptions {
  readonly settings?: Partial<SpawnerSettings>;
  readonly engine?: SimulatedEngineOptions;
  readonly accounts?: Accounts;
  readonly tickets?: Tickets;
}

export class World {
  readonly engine: SimulatedEngine;
  readonly store = new MemoryStore();
  readonly log: { level: string; message: string; fields: object }[] = [];
  readonly certificates = new Set<string>();
  now = () => new Date();
  probe: Probe = () => Promise.resolve();
  spawner: Spawner;
  settings: SpawnerSettings;
  accounts: Accounts | undefined;
  tickets: Tickets | undefined;

  constructor(options: WorldOptions = {}) {
    this.accounts = options.accounts;
    this.tickets = options.tickets;
    this.settings = { ...settings, ...options.settings };
    this.engine = new SimulatedEngine({ callSeconds: this.settings.engine.callSeconds, ...options.engine });
    this.engine.addImage('notebook:1', { user: '1000' });
    this.spawner = this.#make();
  }

  #make(faults?: Faults): Spawner {
    const note = (level: string) => (fields: object, message: string) => void this.log.push({ level, message, fields });
    return createSpawner({
      ...{ settings: this.settings, engine: this.engine, store: this.store, now: () => this.now() },
      log: { info: note('info'), warn: note('warn'), error: note('error') },
      certificates: {
        write: async (key) => (this.certificates.add(key), `/run/berth/ssl/${key}`),
        remove: async (key) => void this.certificates.delete(key),
      },
      ...{ accounts: this.accounts, tickets: this.tickets },
      probe: (address, port, signal) => this.probe(address, port, signal),
      ...(faults && { faults }),
    });
  }

  /** Opens the spawner and waits until it has seen what runs. */
  async open(faults?: Faults): Promise<this> {
    if (faults) this.spawner = this.#make(faults);
    await this.spawner.open();
    await eventually(() => this.spawner.parts().find(({ part }) => part === 'resync')?.state !== 'down');
    return this;
  }

  /** As if the process had been killed and started anew: what was under way stands still for ever. */
  async restart(faults?: Faults): Promise<void> {
    void this.spawner.close();
    this.spawner = this.#make(faults);
    await this.open();
  }

  request(change: Partial<StartServer> = {}): StartServer {
    const who = { ...alice, ...change };
    const base = { generation: 1, budgetSeconds: 30, port: 8888, environment: { JUPYTERHUB_USER: who.user } };
    return { ...base, ...change, ...who, key: change.key ?? serverKey(who) };
  }

  get key(): string {
    return serverKey(alice);
  }

  state(key = this.key): StateName | undefined {
    return this.spawner.get(key)?.status.state;
  }

  async reaches(state: StateName, key = this.key): Promise<ServerView> {
    await eventually(
      () => this.state(key) === state,
      () => `${key} is ${this.state(key)}, not ${state}`,
    );
    const view = this.spawner.get(key);
    if (!view) throw new Error(`${key} is gone`);
    return view;
  }

  async running(change: Partial<StartServer> = {}): Promise<ServerView> {
    const request = this.request(change);
    await this.spawner.start(request);
    return this.reaches('running', request.key);
  }

  async close(): Promise<void> {
    await this.spawner.close();
  }
}

/** Waits until it holds; fails after five seconds with what is wrong. */
export async function eventually(holds: () => boolean, wrong: () => string = () => 'it never held'): Promise<void> {
  for (const end = Date.now() + 5000; !holds();) {
    if (Date.now() > end) throw new Error(wrong());
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
