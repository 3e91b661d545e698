import type { HistoryEntry, ServerRecord } from '../server.ts';
import type { HistoryPage, HistoryQuery, Store, StoreError } from '../store.ts';

/** A store in memory that can be made to fail. Values are copied in and out, as a database would. */
export class MemoryStore implements Store {
  readonly servers = new Map<string, ServerRecord>();
  history: HistoryEntry[] = [];
  readonly settings = new Map<string, string>();
  failure: StoreError | undefined;

  async loadServers(): Promise<{ records: ServerRecord[]; quarantined: { key: string; reason: string }[] }> {
    return { records: [...this.servers.values()].map((record) => structuredClone(record)), quarantined: [] };
  }

  async saveServer(record: ServerRecord): Promise<void> {
    this.#mayFail();
    this.servers.set(record.key, structuredClone(record));
  }

  async endServer(record: ServerRecord, entry: HistoryEntry): Promise<void> {
    await this.saveServer(record);
    const same = ({ key, generation }: HistoryEntry) => key === entry.key && generation === entry.generation;
    this.history = [structuredClone(entry), ...this.history.filter((old) => !same(old))];
  }

  async purgeServer(key: string): Promise<void> {
    this.#mayFail();
    this.servers.delete(key);
    this.history = this.history.filter((entry) => entry.key !== key);
  }

  async listHistory(query: HistoryQuery): Promise<HistoryPage> {
    const items = this.history.filter(({ key }) => query.key === undefined || key === query.key);
    return { items: items.slice(0, query.limit), next: null };
  }

  async prune(before: Date): Promise<{ history: number; servers: number }> {
    const kept = this.history.filter(({ endedAt }) => endedAt >= before);
    const history = this.history.length - kept.length;
    this.history = kept;
    return { history, servers: 0 };
  }

  async getSetting(name: string): Promise<string | undefined> {
    return this.settings.get(name);
  }

  async setSetting(name: string, value: string): Promise<void> {
    this.#mayFail();
    this.settings.set(name, value);
  }

  #mayFail(): void {
    if (this.failure) throw this.failure;
  }
}
