/**
 * What Berth needs of a database. Names no vendor: SQLite implements it in @berth/store.
 *
 * A write has reached the disk when its promise resolves. Failures reject with a StoreError.
 */
import type { HistoryEntry, ServerRecord } from './server.ts';

export interface Store {
  /** All servers, `stopped` ones too, by key. */
  loadServers(): Promise<{ records: ServerRecord[]; quarantined: { key: string; reason: string }[] }>;
  /** Writes one server, new or changed. */
  saveServer(record: ServerRecord): Promise<void>;
  /** Writes a server's end and its history entry as one. An entry of the same key and generation is replaced. */
  endServer(record: ServerRecord, entry: HistoryEntry): Promise<void>;
  /** Forgets a server and its history. */
  purgeServer(key: string): Promise<void>;
  /** Newest first. */
  listHistory(query: HistoryQuery): Promise<HistoryPage>;
  /** Forgets history that ended before, and stopped servers unchanged since. Returns how many of each. */
  prune(before: Date): Promise<{ history: number; servers: number }>;
  getSetting(name: string): Promise<string | undefined>;
  setSetting(name: string, value: string): Promise<void>;
}

export interface HistoryQuery {
  readonly hub?: string;
  readonly user?: string;
  readonly key?: string;
  /** 1 to 5,000. */
  readonly limit: number;
  /** The `next` of the page before. One that this store didn't give rejects with code `bad-cursor`. */
  readonly after?: string;
}

export interface HistoryPage {
  readonly items: HistoryEntry[];
  readonly next: string | null;
}

export type StoreErrorCode =
  'disk-full' | 'failed' | 'bad-cursor' | 'in-use' | 'damaged' | 'newer-version' | 'unreadable';

export class StoreError extends Error {
  readonly code: StoreErrorCode;
  constructor(code: StoreErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'StoreError';
    this.code = code;
  }
}
