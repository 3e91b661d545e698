/**
 * Follows the engine: its events as they come, and a look at all that runs when it was away, when something was left
 * over, and from time to time. The other duties of a pass hang on it: retention, retries, age, abandonment.
 */
import { setImmediate as turn } from 'node:timers/promises';
import type { SpawnerContext } from './context.ts';
import type { EngineEvent, EngineWatch } from './engine.ts';
import { reconcile, type Findings } from './reconcile.ts';
import type { ServerLife } from './server-life.ts';
import { findNetwork } from './locate.ts';
import type { ReadinessPart } from './spawner.ts';

const soonMilliseconds = 1000;
const retentionMilliseconds = 3_600_000;
/** A change of `askedAt` alone is written no more often. */
const askedMilliseconds = 900_000;

export class Observer {
  readonly #context: SpawnerContext;
  readonly #life: ServerLife;
  readonly #end: (key: string, reason: string) => void;
  readonly #since: Record<'docker' | 'network' | 'resync' | 'store', Date>;
  #watch: EngineWatch | undefined;
  #timer: NodeJS.Timeout | undefined;
  #pass: Promise<void> | undefined;
  #again = false;
  #down: string | undefined = 'Docker has not answered yet';
  #networkFailure: string | undefined = 'the network has not been looked for yet';
  #resyncFailure: string | undefined;
  #findings: Findings = { strangers: [], unreadable: 0 };
  #prunedAt = 0;
  /** What was loaded at the start was written by then. */
  #askedSavedAt: number;
  ready = false;
  readonly #seen = Promise.withResolvers<void>();
  /** Resolves with the first look at what runs. */
  readonly seen = this.#seen.promise;

  constructor(context: SpawnerContext, life: ServerLife, end: (key: string, reason: string) => void) {
    this.#context = context;
    this.#life = life;
    this.#end = end;
    const now = context.parts.now();
    this.#askedSavedAt = now.getTime();
    this.#since = { docker: now, network: now, resync: now, store: now };
  }

  open(label: string): void {
    this.#watch = this.#context.parts.engine.watch(label, {
      onEvent: (event) => this.#heard(event),
      onGap: () => {
        this.#set('docker', () => (this.#down = undefined), this.#down !== undefined);
        this.#run();
      },
      onDown: (reason) => {
        this.#set('docker', () => (this.#down = reason), this.#down === undefined);
        this.#context.table.stale = true;
        this.#context.parts.log.warn({ reason }, 'Docker cannot be reached; servers are what they last were');
      },
    });
  }

  close(): void {
    this.#watch?.close();
    clearTimeout(this.#timer);
  }

  resyncSoon(): void {
    this.#schedule(soonMilliseconds);
  }

  parts(quarantined: readonly { key: string; reason: string }[]): ReadinessPart[] {
    const { failure } = this.#context.recorder;
    const networkFault = this.#networkFault();
    const { strangers, unreadable } = this.#findings;
    const oddities = [
      ...(this.ready ? [] : ['it has not yet been seen which containers run']),
      ...(this.#resyncFailure === undefined ? [] : [`the last look at what runs failed: ${this.#resyncFailure}`]),
      ...strangers.map(({ name, reason }) => `container ${name} is left alone: ${reason}`),
      ...(unreadable > 0 ? [`${unreadable} containers could not be read`] : []),
    ];
    const rows = quarantined.map(({ key, reason }) => `server ${key} could not be read from the database: ${reason}`);
    return [
      part('docker', this.#since.docker, this.#down === undefined ? 'ok' : 'down', this.#down),
      part('network', this.#since.network, networkFault === undefined ? 'ok' : 'degraded', networkFault),
      part(
        'resync',
        this.#since.resync,
        this.ready ? (oddities.length ? 'degraded' : 'ok') : 'down',
        oddities.join('; '),
      ),
      part(
        'store',
        this.#since.store,
        failure !== undefined ? 'down' : rows.length ? 'degraded' : 'ok',
        failure ?? rows.join('; '),
      ),
    ];
  }

  #heard({ action, containerId }: EngineEvent): void {
    if (action !== 'die' && action !== 'destroy') return;
    for (const entry of this.#context.table.all()) {
      if (entry.record.container?.id !== containerId) continue;
      entry.diedContainer = containerId;
      entry.onDied?.();
      if (!entry.work && entry.record.status.state === 'running') this.#life.want(entry, { kind: 'bury' });
      return;
    }
  }

  #schedule(milliseconds: number): void {
    if (this.#context.closing.aborted) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#run(), milliseconds);
    this.#timer.unref();
  }

  /** One pass at a time; what asks meanwhile gets one more behind it. */
  #run(): void {
    if (this.#context.closing.aborted) return;
    if (this.#pass) {
      this.#again = true;
      return;
    }
    this.#pass = this.#resync().finally(() => {
      this.#pass = undefined;
      const again = this.#again;
      this.#again = false;
      if (again) this.#run();
      else this.#schedule(this.ready ? this.#context.parts.settings.engine.resyncSeconds * 1000 : soonMilliseconds);
    });
  }

  async #resync(): Promise<void> {
    const { parts, closing, table } = this.#context;
    try {
      await this.#lookForNetwork();
      const findings = await reconcile(this.#context, this.#life, closing);
      for (const { name, reason } of findings.strangers)
        if (!this.#findings.strangers.some((known) => known.name === name))
          parts.log.warn({ container: name, reason }, 'a container with the labels of Berth is left alone');
      this.#findings = findings;
      this.#resyncFailure = undefined;
      this.#set('resync', () => (this.ready = true), !this.ready);
      this.#seen.resolve();
      table.stale = false;
      this.#down = undefined;
      await this.#attend();
    } catch (error) {
      if (closing.aborted) return;
      this.#resyncFailure = error instanceof Error ? error.message : String(error);
      table.stale = true;
      parts.log.warn({ err: error }, 'could not look at what runs; will try again');
    }
  }

  async #lookForNetwork(): Promise<void> {
    if (this.#context.network) return;
    try {
      this.#context.network = await findNetwork(this.#context, this.#context.closing);
      this.#set('network', () => (this.#networkFailure = undefined), true);
    } catch (error) {
      this.#networkFailure = error instanceof Error ? error.message : String(error);
    }
  }

  /** A start may have found the network meanwhile; and one of that name may be somebody else's, made otherwise. */
  #networkFault(): string | undefined {
    const { network, parts } = this.#context;
    if (network === undefined) return this.#networkFailure;
    if (parts.settings.network.mode === 'existing' || !network.interContainer) return undefined;
    return `on the network ${network.name} notebooks can reach each other, as it wasn't made by Berth; stop all servers, remove it, restart Berth`;
  }

  /** What else is due; nothing here may end a pass. */
  async #attend(): Promise<void> {
    const { parts, recorder, table } = this.#context;
    const { settings, now, store } = parts;
    try {
      const time = now().getTime();
      await recorder.retry(table.all());
      this.#endTheOldAndAbandoned(time);
      if (time - this.#askedSavedAt > askedMilliseconds) {
        this.#askedSavedAt = time;
        for (const entry of table.all()) {
          if (entry.record.status.state !== 'running' || entry.work) continue;
          await recorder.keep(entry);
          // Each is a write to the disk that nothing else happens beside: requests come in between.
          await turn();
        }
      }
      if (time - this.#prunedAt > retentionMilliseconds) {
        this.#prunedAt = time;
        const before = new Date(time - settings.history.keepDays * 86_400_000);
        await store.prune(before);
        for (const entry of table.all()) {
          const { status } = entry.record;
          if (status.state === 'stopped' && status.since < before && !entry.work) table.delete(entry.record.key);
        }
      }
    } catch (error) {
      parts.log.error({ err: error }, 'housekeeping failed; will be tried again');
    }
  }

  #endTheOldAndAbandoned(time: number): void {
    const { table, parts } = this.#context;
    const { maximumAgeHours, abandoned } = parts.settings;
    for (const entry of table.all()) {
      const { status, key } = entry.record;
      if (status.state !== 'running' || entry.work) continue;
      if (maximumAgeHours !== undefined && time - status.since.getTime() > maximumAgeHours * 3_600_000)
        this.#end(key, `Stopped: it reached the site's maximum age of ${maximumAgeHours} h.`);
      else if (abandoned.stop && table.view(entry).abandoned)
        this.#end(key, `Stopped: no hub has asked for it for ${abandoned.afterHours} h.`);
    }
  }

  #set(name: 'docker' | 'network' | 'resync' | 'store', change: () => void, changed: boolean): void {
    change();
    if (changed) this.#since[name] = this.#context.parts.now();
  }
}

function part(
  name: ReadinessPart['part'],
  since: Date,
  state: ReadinessPart['state'],
  detail: string | undefined,
): ReadinessPart {
  return { part: name, state, since, ...(detail && { detail }) };
}
