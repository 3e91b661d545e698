/**
 * Writes servers to the store. A write that must not fail throws; the others are kept and tried again, because what
 * runs and stops doesn't wait for a disk.
 */
import type { SpawnerLog } from './parts.ts';
import type { Entry } from './server-table.ts';
import type { HistoryEntry } from './server.ts';
import type { Store } from './store.ts';

export class Recorder {
  readonly #store: Store;
  readonly #log: SpawnerLog;
  /** Why the last write failed; undefined while writing works. */
  failure: string | undefined;

  constructor(store: Store, log: SpawnerLog) {
    this.#store = store;
    this.#log = log;
  }

  /** Writes the entry as it is now. Rejects with a StoreError. */
  async save(entry: Entry): Promise<void> {
    await this.#tracked(this.#store.saveServer(entry.record));
  }

  /** Writes the entry as it is now, its history too where given; keeps it for `retry` where that fails. */
  async keep(entry: Entry, history?: HistoryEntry): Promise<void> {
    const pending = [...(entry.unsaved ?? []), ...(history ? [history] : [])];
    entry.unsaved = undefined;
    try {
      if (pending.length === 0) await this.#tracked(this.#store.saveServer(entry.record));
      while (pending[0]) {
        await this.#tracked(this.#store.endServer(entry.record, pending[0]));
        pending.shift();
      }
    } catch (error) {
      entry.unsaved = [...pending, ...(entry.unsaved ?? [])];
      this.#log.error({ key: entry.record.key, err: error }, 'server not written; will be tried again');
    }
  }

  async retry(entries: readonly Entry[]): Promise<void> {
    for (const entry of entries) if (entry.unsaved) await this.keep(entry);
  }

  async #tracked(write: Promise<void>): Promise<void> {
    try {
      await write;
      this.failure = undefined;
    } catch (error) {
      this.failure = error instanceof Error ? error.message : String(error);
      throw error;
    }
  }
}
