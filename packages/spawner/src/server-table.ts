/** The servers in memory: one entry a key, and the views and events made of them. */
import type { Budget } from './budget.ts';
import { drift } from './drift.ts';
import type { EventLog } from './event-log.ts';
import type { Intent } from './intent.ts';
import type { HistoryEntry, Progress, ServerRecord, ServerStatus } from './server.ts';
import type { ServerView } from './spawner.ts';

/** A server in memory. Only its own operation, and the calls that give it a new intent, change it. */
export interface Entry {
  record: ServerRecord;
  progress: Progress[];
  /** What is wanted now; the entry's one operation works towards it. */
  intent: Intent | undefined;
  /** The one operation under way. */
  work: Promise<void> | undefined;
  /** Of the start under way. */
  budget: Budget | undefined;
  /** A create call that may still make a container, whoever waits for it or not. */
  creating: Promise<unknown> | undefined;
  /** The container of which an end was heard. */
  diedContainer: string | undefined;
  /** Called when the end of its container is heard. */
  onDied: (() => void) | undefined;
  /** Counts changes; see reconcile.ts. */
  touched: number;
  /** Set where writing the record failed: it is to be written again, with this history. */
  unsaved: HistoryEntry[] | undefined;
}

export class ServerTable {
  readonly #entries = new Map<string, Entry>();
  readonly #events: EventLog;
  readonly #abandonedAfter: number;
  readonly #configDigest: string;
  readonly #now: () => Date;
  #clock = 0;
  /** True while the engine can't be asked. */
  stale = true;

  constructor(options: { events: EventLog; abandonedAfterHours: number; configDigest: string; now: () => Date }) {
    this.#events = options.events;
    this.#abandonedAfter = options.abandonedAfterHours * 3_600_000;
    this.#configDigest = options.configDigest;
    this.#now = options.now;
  }

  get(key: string): Entry | undefined {
    return this.#entries.get(key);
  }

  /** A copy: entries may come and go while a caller works through it. */
  all(): Entry[] {
    return [...this.#entries.values()];
  }

  add(record: ServerRecord): Entry {
    const entry: Entry = {
      record,
      progress: [],
      intent: undefined,
      work: undefined,
      budget: undefined,
      creating: undefined,
      diedContainer: undefined,
      onDied: undefined,
      touched: ++this.#clock,
      unsaved: undefined,
    };
    this.#entries.set(record.key, entry);
    return entry;
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  /** A moment on the table's own clock; an entry changed later has a higher `touched`. */
  moment(): number {
    return this.#clock;
  }

  /** Changes the record and tells whoever listens. */
  update(entry: Entry, change: Partial<ServerRecord>): void {
    entry.record = { ...entry.record, ...change };
    entry.touched = ++this.#clock;
    this.#events.append({ type: 'server', server: this.view(entry) });
  }

  setStatus(entry: Entry, status: ServerStatus, change: Partial<ServerRecord> = {}): void {
    this.update(entry, { ...change, status, observedAt: this.#now() });
  }

  /** Seen as it is; tells nobody, as nothing has changed. */
  observed(entry: Entry, at: Date): void {
    entry.record = { ...entry.record, observedAt: at };
  }

  asked(entry: Entry): void {
    entry.record = { ...entry.record, askedAt: this.#now() };
  }

  progress(entry: Entry, percent: number, message: string): void {
    const last = entry.progress.at(-1);
    if (last?.message === message && last.percent === percent) return;
    const progress = { at: this.#now(), percent: Math.max(percent, last?.percent ?? 0), message };
    entry.progress.push(progress);
    const { key, hub, generation } = entry.record;
    this.#events.append({ type: 'progress', key, hub, generation, progress });
  }

  view(entry: Entry): ServerView {
    const { record } = entry;
    const live = record.status.state === 'running' || record.status.state === 'starting';
    return {
      ...record,
      stale: this.stale,
      progress: [...entry.progress],
      drift: live ? drift(record.configDigest, this.#configDigest) : [],
      abandoned: live && this.#now().getTime() - record.askedAt.getTime() > this.#abandonedAfter,
    };
  }
}
