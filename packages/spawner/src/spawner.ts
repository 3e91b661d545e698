/** What a service asks of the spawner. `createSpawner` (create-spawner.ts) makes one. */
import type { NetworkInfo } from './engine.ts';
import type { HistoryPage, HistoryQuery } from './store.ts';
import type { Progress, ServerIdentity, ServerRecord } from './server.ts';

export interface Spawner {
  /** Loads the database, then begins to follow the engine. Resolves after the first; `parts()` says when the second is done. */
  open(): Promise<void>;
  /** Resolves with the first look at the engine; from then on servers can be listed. */
  whenReady(): Promise<void>;
  /** Refuses new work, lets the steps under way come to a safe point, closes the watch. Containers run on. */
  close(): Promise<void>;

  /**
   * Starts a server, by the contract's table of generations. Resolves once the start is on record, not once it runs.
   * Rejects with a SpawnError.
   */
  start(request: StartServer): Promise<ServerView>;
  /** Stops a server, by the same table. Resolves once the stop is on record. Rejects with a SpawnError. */
  stop(key: string, options: StopServer): Promise<ServerView>;
  /** From memory. Undefined where it is unknown; rejects nothing, but throws SpawnError `not-ready` before the first look at the engine. */
  get(key: string): ServerView | undefined;
  /** From memory, by key; `stopped` ones too. Throws like `get`. */
  list(): ServerView[];
  /** Of the running container, or those kept when it ended. Rejects with a SpawnError. */
  logs(key: string, tail: number, signal: AbortSignal): Promise<string[]>;
  history(query: HistoryQuery): Promise<HistoryPage>;

  /** The listener hears each event from now on, in order; the returned function ends that. A listener that throws is dropped. */
  subscribe(listener: (event: SpawnerEvent) => void): () => void;
  /** The events behind `id`, or undefined where they are no longer all remembered. */
  eventsAfter(id: number): readonly SpawnerEvent[] | undefined;
  /** The id of the last event. */
  readonly lastEventId: number;

  /** A hub has asked for these servers now. */
  asked(hub: string, keys: readonly string[]): void;

  readonly drain: Drain;
  setDrain(drain: Drain): Promise<void>;
  readonly network: NetworkInfo | undefined;
  /** The parts this spawner depends on, as they stand. */
  parts(): ReadinessPart[];
}

export interface StartServer extends ServerIdentity {
  readonly key: string;
  readonly generation: number;
  /** Seconds from now within which it must listen. */
  readonly budgetSeconds: number;
  readonly port: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly image?: string;
  readonly command?: readonly string[];
  readonly limits?: { readonly memoryBytes?: number; readonly cpus?: number };
  readonly certificates?: { readonly key: string; readonly certificate: string; readonly authority: string };
}

export interface StopServer {
  readonly generation?: number;
  /** Forget it, its history included, once it is stopped. */
  readonly purge?: boolean;
}

/** A record and what is known about it beside the record. */
export interface ServerView extends ServerRecord {
  /** True while the engine can't be asked. */
  readonly stale: boolean;
  readonly progress: readonly Progress[];
  readonly drift: readonly string[];
  readonly abandoned: boolean;
}

/** Ids only grow, also across restarts. */
export type SpawnerEvent =
  | { readonly id: number; readonly type: 'server'; readonly server: ServerView }
  | {
      readonly id: number;
      readonly type: 'progress';
      readonly key: string;
      readonly hub: string;
      readonly generation: number;
      readonly progress: Progress;
    };

export interface Drain {
  readonly enabled: boolean;
  readonly message?: string;
}

export interface ReadinessPart {
  readonly part: 'docker' | 'store' | 'resync' | 'network';
  readonly state: 'ok' | 'degraded' | 'down';
  readonly detail?: string;
  readonly since: Date;
}
