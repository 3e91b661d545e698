/** A spawner of values only: what it is told stands in `calls`, what it answers is set by the test. */
import {
  serverKey,
  SpawnError,
  type HistoryPage,
  type HistoryQuery,
  type NetworkInfo,
  type ReadinessPart,
  type ServerStatus,
  type ServerView,
  type Spawner,
  type SpawnerEvent,
} from '@berth/spawner';

export const moment = new Date('2026-11-23T10:00:00.000Z');

export function aServer(hub: string, user: string, status?: ServerStatus): ServerView {
  return {
    key: serverKey({ hub, user, serverName: '' }),
    hub,
    user,
    serverName: '',
    generation: 5,
    status: status ?? { state: 'running', since: moment, url: 'http://172.30.0.2:8888' },
    image: 'tiny',
    imageId: 'sha256:abc',
    container: { id: 'c1', name: `berth-${user}` },
    port: 8888,
    tls: false,
    configDigest: 'd',
    requestedAt: moment,
    askedAt: moment,
    observedAt: moment,
    stale: false,
    progress: [{ at: moment, percent: 12.4, message: 'Creating' }],
    drift: ['image: tiny -> small'],
    abandoned: false,
  };
}

export class FakeSpawner implements Spawner {
  servers: ServerView[] = [];
  calls: unknown[] = [];
  /** Thrown by whatever is called next. */
  failure: unknown;
  ready = true;
  drain = { enabled: false };
  network: NetworkInfo | undefined;
  lastEventId = 0;
  remembered: SpawnerEvent[] | undefined;
  historyPage: HistoryPage = { items: [], next: null };
  listeners = new Set<(event: SpawnerEvent) => void>();
  partStates: ReadinessPart[] = [{ part: 'docker', state: 'ok', since: moment }];

  open = async () => {};
  whenReady = async () => {};
  close = async () => {};
  start = async (request: object) => this.answer('start', request, this.servers[0]);
  stop = async (key: string, options: object) => this.answer('stop', { key, ...options }, this.find(key));
  get(key: string): ServerView | undefined {
    this.look();
    return this.find(key);
  }
  list(): ServerView[] {
    this.look();
    return [...this.servers].toSorted((a, b) => (a.key < b.key ? -1 : 1));
  }
  logs = async (key: string, tail: number) => this.answer('logs', { key, tail }, ['one', 'two']);
  history = async (query: HistoryQuery) => this.answer('history', query, this.historyPage);
  subscribe(listener: (event: SpawnerEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
  eventsAfter = (_id: number) => this.remembered;
  asked(hub: string, keys: readonly string[]): void {
    this.calls.push({ call: 'asked', hub, keys });
  }
  setDrain = async (drain: { enabled: boolean }) => {
    this.answer('setDrain', drain, drain);
    this.drain = drain;
  };
  parts = () => this.partStates;

  emit(event: SpawnerEvent): void {
    this.lastEventId = event.id;
    for (const listener of this.listeners) listener(event);
  }

  private find(key: string): ServerView | undefined {
    return this.servers.find((view) => view.key === key);
  }
  private look(): void {
    if (!this.ready) throw new SpawnError('not-ready', 'Docker has not been looked at yet.');
  }
  private answer<T>(call: string, given: object, value: T | undefined): T {
    this.calls.push({ call, ...given });
    if (this.failure !== undefined) throw this.failure;
    if (value === undefined) throw new SpawnError('server-not-found', 'No such server.');
    return value;
  }
}
