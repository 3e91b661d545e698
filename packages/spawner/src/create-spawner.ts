/** The spawner, put together. */
import { checkChoices } from './choices.ts';
import type { SpawnerContext } from './context.ts';
import { configDigest } from './drift.ts';
import type { NetworkInfo } from './engine.ts';
import { SpawnError, toSpawnError } from './errors.ts';
import { EventLog } from './event-log.ts';
import { serverKey } from './key.ts';
import { instanceLabel } from './labels.ts';
import { Observer } from './observer.ts';
import type { SpawnerParts } from './parts.ts';
import { tcpProbe } from './probe.ts';
import { Recorder } from './recorder.ts';
import { ServerLife } from './server-life.ts';
import { ServerTable, type Entry } from './server-table.ts';
import type { ServerRecord, ServerStatus } from './server.ts';
import type { Drain, ReadinessPart, ServerView, Spawner, SpawnerEvent, StartServer, StopServer } from './spawner.ts';
import type { HistoryPage, HistoryQuery } from './store.ts';

const drainSetting = 'drain';

export function createSpawner(parts: SpawnerParts): Spawner {
  return new ServerSpawner(parts);
}

class ServerSpawner implements Spawner {
  readonly #parts: SpawnerParts;
  readonly #events: EventLog;
  readonly #table: ServerTable;
  readonly #context: SpawnerContext;
  readonly #life: ServerLife;
  readonly #observer: Observer;
  readonly #closing = new AbortController();
  #quarantined: readonly { key: string; reason: string }[] = [];
  #drain: Drain = { enabled: false };

  constructor(parts: SpawnerParts) {
    const { settings, now } = parts;
    const digest = configDigest(settings);
    this.#parts = parts;
    this.#events = new EventLog(now());
    this.#table = new ServerTable({
      ...{ events: this.#events, now, configDigest: digest },
      abandonedAfterHours: settings.abandoned.afterHours,
    });
    this.#context = {
      ...{ parts, table: this.#table, recorder: new Recorder(parts.store, parts.log), configDigest: digest },
      ...{ probe: parts.probe ?? tcpProbe, closing: this.#closing.signal, network: undefined },
      fault: (point) => parts.faults?.(point),
      resyncSoon: () => this.#observer.resyncSoon(),
    };
    this.#life = new ServerLife(this.#context);
    this.#observer = new Observer(this.#context, this.#life, (key, reason) => this.#end(key, reason));
  }

  async open(): Promise<void> {
    const { records, quarantined } = await this.#parts.store.loadServers();
    for (const record of records) this.#table.add(record);
    this.#quarantined = quarantined;
    const drain = await this.#parts.store.getSetting(drainSetting);
    if (drain !== undefined) this.#drain = JSON.parse(drain) as Drain;
    this.#observer.open(instanceLabel(this.#parts.settings.instance));
  }

  whenReady(): Promise<void> {
    return this.#observer.seen;
  }

  async close(): Promise<void> {
    const reason = new SpawnError('shutting-down', 'The service is stopping.');
    this.#closing.abort(reason);
    this.#observer.close();
    for (const { budget } of this.#table.all()) budget?.cancel(reason);
    await Promise.all(this.#table.all().map(({ work }) => work));
  }

  async start(request: StartServer): Promise<ServerView> {
    this.#throwIfNotReady();
    const { key, generation, hub, user, serverName } = request;
    if (serverKey(request) !== key)
      throw new SpawnError('key-mismatch', `The key of ${user}/${serverName} at hub ${hub} is ${serverKey(request)}.`);
    const existing = this.#table.get(key);
    if (existing) {
      this.#table.asked(existing);
      this.#throwIfSuperseded(existing, generation);
      if (existing.record.generation === generation) return this.#table.view(existing);
    }
    if (this.#drain.enabled)
      throw new SpawnError(
        'draining',
        this.#drain.message ?? 'No new servers are started at the moment; please try later.',
      );
    const image = checkChoices(request, this.#parts.settings);

    const now = this.#parts.now();
    const deadline = new Date(now.getTime() + request.budgetSeconds * 1000);
    const status: ServerStatus = { state: 'starting', since: now, deadline, step: '' };
    const previous = existing?.record;
    const record: ServerRecord = {
      ...{ key, hub, user, serverName, generation, status, image: image.reference, port: request.port },
      ...{ tls: request.certificates !== undefined, configDigest: this.#context.configDigest },
      ...{ requestedAt: now, askedAt: now, observedAt: now },
      ...(previous?.container && { container: previous.container }),
    };
    const entry = existing ?? this.#table.add(record);
    entry.record = record;
    entry.progress = [];
    this.#table.setStatus(entry, status);
    if (previous?.status.state === 'exited')
      this.#table.progress(entry, 0, `The server before this one ended: ${previous.status.exit.reason}`);
    this.#table.progress(entry, 0, 'Start requested');
    const saved = this.#context.recorder.save(entry);
    this.#life.want(entry, { kind: 'run', request, image, saved }, previous);
    await saved.catch((error: unknown) => {
      throw toSpawnError(error);
    });
    return this.#table.view(entry);
  }

  async stop(key: string, { generation, purge = false }: StopServer): Promise<ServerView> {
    this.#throwIfNotReady();
    const entry = this.#table.get(key);
    if (!entry) throw new SpawnError('server-not-found', `There is no server ${key}.`);
    if (generation !== undefined) {
      this.#throwIfSuperseded(entry, generation);
      if (generation > entry.record.generation) entry.record = { ...entry.record, generation };
    }
    return this.#stop(entry, purge, undefined);
  }

  /** Ends a server on the site's behalf. */
  #end(key: string, reason: string): void {
    const entry = this.#table.get(key);
    if (!entry) return;
    this.#parts.log.info({ key, reason }, 'stopping a server for the site');
    void this.#stop(entry, false, reason);
  }

  async #stop(entry: Entry, purge: boolean, reason: string | undefined): Promise<ServerView> {
    const { recorder } = this.#context;
    const previous = entry.record;
    const { state } = previous.status;
    if (entry.intent?.kind === 'stop') {
      entry.intent.purge ||= purge;
      return this.#table.view(entry);
    }
    const now = this.#parts.now();
    if (state === 'exited' || state === 'failed' || state === 'stopped') {
      if (state !== 'stopped') this.#table.setStatus(entry, { state: 'stopped', since: now });
      const view = this.#table.view(entry);
      if (purge) {
        await this.#parts.store.purgeServer(previous.key);
        if (this.#table.get(previous.key) === entry && !entry.intent) this.#table.delete(previous.key);
      } else await recorder.keep(entry);
      return view;
    }
    this.#table.setStatus(entry, { state: 'stopping', since: now });
    const saved = recorder.keep(entry);
    this.#life.want(entry, { kind: 'stop', purge, reason, saved }, previous);
    await saved;
    return this.#table.view(entry);
  }

  get(key: string): ServerView | undefined {
    this.#throwIfNotReady();
    const entry = this.#table.get(key);
    return entry && this.#table.view(entry);
  }

  list(): ServerView[] {
    this.#throwIfNotReady();
    return this.#table
      .all()
      .map((entry) => this.#table.view(entry))
      .toSorted((a, b) => (a.key < b.key ? -1 : 1));
  }

  async logs(key: string, tail: number, signal: AbortSignal): Promise<string[]> {
    this.#throwIfNotReady();
    const entry = this.#table.get(key);
    if (!entry) throw new SpawnError('server-not-found', `There is no server ${key}.`);
    const { container, status } = entry.record;
    try {
      if (container && (status.state === 'running' || status.state === 'starting' || status.state === 'stopping'))
        return await this.#parts.engine.logs(container.id, tail, signal);
      const { items } = await this.#parts.store.listHistory({ key, limit: 1 });
      return [...(items[0]?.logTail ?? [])].slice(-tail);
    } catch (error) {
      throw toSpawnError(error);
    }
  }

  history(query: HistoryQuery): Promise<HistoryPage> {
    return this.#parts.store.listHistory(query);
  }

  subscribe(listener: (event: SpawnerEvent) => void): () => void {
    return this.#events.subscribe(listener);
  }

  eventsAfter(id: number): readonly SpawnerEvent[] | undefined {
    return this.#events.after(id);
  }

  get lastEventId(): number {
    return this.#events.lastId;
  }

  asked(hub: string, keys: readonly string[]): void {
    for (const key of keys) {
      const entry = this.#table.get(key);
      if (entry?.record.hub === hub) this.#table.asked(entry);
    }
  }

  get drain(): Drain {
    return this.#drain;
  }

  async setDrain(drain: Drain): Promise<void> {
    await this.#parts.store.setSetting(drainSetting, JSON.stringify(drain));
    this.#drain = drain;
  }

  get network(): NetworkInfo | undefined {
    return this.#context.network;
  }

  parts(): ReadinessPart[] {
    return this.#observer.parts(this.#quarantined);
  }

  #throwIfNotReady(): void {
    if (this.#closing.signal.aborted)
      throw new SpawnError('shutting-down', 'The service is stopping; ask again in a moment.');
    if (!this.#observer.ready)
      throw new SpawnError('not-ready', 'The service has not yet seen which containers run; ask again in a moment.');
  }

  #throwIfSuperseded({ record }: Entry, generation: number): void {
    if (generation < record.generation)
      throw new SpawnError(
        'generation-superseded',
        `Generation ${generation} of server ${record.key} is over; ${record.generation} is in force.`,
        { current: record.generation },
      );
  }
}
