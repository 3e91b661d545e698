/** The store over one SQLite file. better-sqlite3 is synchronous: a write is on the disk before its promise is made. */
import { statSync } from 'node:fs';
import type { AttemptLimiter, UserRecord, UserRecords } from '@berth/identity';
import { StoreError } from '@berth/spawner';
import type { HistoryEntry, HistoryPage, HistoryQuery, ServerRecord, Store } from '@berth/spawner';
import { attemptLimiter, type AttemptLimits } from './attempt-limiter.ts';
import { makeBackup } from './backup.ts';
import type { Backup } from './backup.ts';
import type { Connection, Statement } from './connection.ts';
import { integer, Unreadable } from './field-reader.ts';
import type { Fields } from './field-reader.ts';
import type { FolderLock } from './folder-lock.ts';
import { decodeCursor, encodeCursor, historyColumns, historyFrom, historyRow } from './history-row.ts';
import { serverColumns, serverFrom, serverRow } from './server-row.ts';
import { storeError } from './sqlite-errors.ts';
import { userColumns, userFrom, userRow } from './user-row.ts';

/** What the store tells the operator, one sentence each. */
export interface StoreLog {
  info(message: string): void;
  warn(message: string): void;
}

export interface SqliteStoreParts {
  readonly connection: Connection;
  readonly file: string;
  readonly lock: FolderLock;
  readonly clock: () => Date;
  readonly log: StoreLog;
}

export class SqliteStore implements Store, UserRecords {
  readonly #connection: Connection;
  readonly #file: string;
  readonly #inode: number;
  readonly #lock: FolderLock;
  readonly #clock: () => Date;
  readonly #log: StoreLog;
  readonly #statements = new Map<string, Statement>();
  readonly #end: { immediate(record: ServerRecord, entry: HistoryEntry): void };
  readonly #purge: { immediate(key: string): void };
  readonly #prune: { immediate(before: number): { history: number; servers: number } };
  /** The last backup asked for: they are made one after the other. */
  #backups: Promise<unknown> = Promise.resolve();
  /** The last attempt counted: looking and counting are two steps. */
  #attempts: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor({ connection, file, lock, clock, log }: SqliteStoreParts) {
    this.#connection = connection;
    this.#file = file;
    this.#inode = statSync(file).ino;
    this.#lock = lock;
    this.#clock = clock;
    this.#log = log;
    for (const sql of [upsertServer, upsertHistory]) this.#statement(sql);
    this.#end = connection.transaction((record, entry) => {
      this.#statement(upsertServer).run(...serverRow(record));
      this.#statement(upsertHistory).run(...historyRow(entry));
    });
    this.#purge = connection.transaction((key) => {
      this.#statement('DELETE FROM history WHERE key = ?').run(key);
      this.#statement('DELETE FROM servers WHERE key = ?').run(key);
    });
    this.#prune = connection.transaction((before) => {
      this.#statement('DELETE FROM attempts WHERE expire < ?').run(before);
      return {
        history: this.#statement('DELETE FROM history WHERE ended_at < ?').run(before).changes,
        servers: this.#pruneServers(before),
      };
    });
  }

  async loadServers(): Promise<{ records: ServerRecord[]; quarantined: { key: string; reason: string }[] }> {
    return this.#attempt('loading the servers', () => {
      const records: ServerRecord[] = [];
      const quarantined: { key: string; reason: string }[] = [];
      for (const row of this.#rows('SELECT * FROM servers ORDER BY key')) {
        const record = read(serverFrom, row);
        if (record instanceof Unreadable) quarantined.push({ key: String(row['key']), reason: record.message });
        else records.push(record);
      }
      for (const { key, reason } of quarantined) {
        this.#log.warn(`The record of server ${JSON.stringify(key)} can't be read and is left as it is: ${reason}.`);
      }
      return { records, quarantined };
    });
  }

  async saveServer(record: ServerRecord): Promise<void> {
    this.#write('saving a server', () => this.#statement(upsertServer).run(...serverRow(record)));
  }

  async endServer(record: ServerRecord, entry: HistoryEntry): Promise<void> {
    this.#write("saving a server's end", () => this.#end.immediate(record, entry));
  }

  async purgeServer(key: string): Promise<void> {
    this.#write('forgetting a server', () => this.#purge.immediate(key));
  }

  /** An entry that can't be read is left out, and stays in the database. */
  async listHistory(query: HistoryQuery): Promise<HistoryPage> {
    return this.#attempt('reading history', () => {
      const { sql, parameters } = historySelect(query);
      const rows = this.#rows(sql, ...parameters);
      const page = rows.slice(0, query.limit);
      const last = page.at(-1);
      return {
        items: page.flatMap((row) => this.#historyEntry(row)),
        next:
          last === undefined || rows.length <= query.limit
            ? null
            : encodeCursor({ endedAt: integer(last, 'ended_at'), id: integer(last, 'id') }),
      };
    });
  }

  /** A stopped server is as old as its `since`. One whose record can't be read is kept. */
  async prune(before: Date): Promise<{ history: number; servers: number }> {
    return this.#write('forgetting what is old', () => this.#prune.immediate(before.getTime()));
  }

  async loadUsers(): Promise<UserRecord[]> {
    return this.#attempt('loading the users', () =>
      this.#rows('SELECT * FROM users ORDER BY name').flatMap((row) => {
        const user = read(userFrom, row);
        if (!(user instanceof Unreadable)) return [user];
        this.#log.warn(
          `The record of user ${JSON.stringify(row['name'])} can't be read and is left as it is: ${user.message}.`,
        );
        return [];
      }),
    );
  }

  async saveUser(user: UserRecord): Promise<void> {
    this.#write('saving a user', () => this.#statement(upsertUser).run(...userRow(user)));
  }

  async removeUser(name: string): Promise<void> {
    this.#write('forgetting a user', () => this.#statement('DELETE FROM users WHERE name = ?').run(name));
  }

  /** Limiters of one kind share their counts. */
  attemptLimiter(limits: AttemptLimits): AttemptLimiter {
    return attemptLimiter(this.#connection, limits, async (work) => {
      const counted = this.#attempts.then(async () => {
        this.#assertUsable();
        this.#assertInPlace();
        return await work();
      });
      this.#attempts = counted.catch(() => undefined);
      try {
        return await counted;
      } catch (error) {
        throw storeError(error, 'counting an attempt', this.#lock.folder);
      }
    });
  }

  async getSetting(name: string): Promise<string | undefined> {
    return this.#attempt('reading a setting', () => {
      const [row] = this.#rows('SELECT value FROM settings WHERE name = ?', name);
      return row === undefined ? undefined : String(row['value']);
    });
  }

  async setSetting(name: string, value: string): Promise<void> {
    this.#write('saving a setting', () =>
      this.#statement(
        'INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
      ).run(name, value),
    );
  }

  /** Copies the database into `<folder>/backups` while it is in use. What was acknowledged before is in the copy. */
  async backup(): Promise<Backup> {
    const made = this.#backups.then(async () => {
      this.#assertUsable();
      return await makeBackup(this.#connection, this.#lock.folder, this.#clock());
    });
    this.#backups = made.catch(() => undefined);
    try {
      return await made;
    } catch (error) {
      throw storeError(error, 'making a backup', this.#lock.folder);
    }
  }

  /** Waits for a backup under way, closes the file, then gives up the folder. A second call does nothing. */
  async close(): Promise<void> {
    await this.#backups;
    if (this.#closed) return;
    this.#closed = true;
    try {
      this.#connection.close();
    } finally {
      this.#lock.release();
    }
  }

  #historyEntry(row: Fields): HistoryEntry[] {
    const entry = read(historyFrom, row);
    if (!(entry instanceof Unreadable)) return [entry];
    this.#log.warn(`History entry ${String(row['id'])} can't be read and is left as it is: ${entry.message}.`);
    return [];
  }

  #pruneServers(before: number): number {
    return this.#rows("SELECT * FROM servers WHERE state = 'stopped' AND since < ?", before)
      .filter((row) => !(read(serverFrom, row) instanceof Unreadable))
      .reduce((count, row) => count + this.#statement('DELETE FROM servers WHERE key = ?').run(row['key']).changes, 0);
  }

  #rows(sql: string, ...parameters: unknown[]): Fields[] {
    return this.#statement(sql).all(...parameters) as Fields[];
  }

  #statement(sql: string): Statement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) this.#statements.set(sql, (statement = this.#connection.prepare(sql)));
    return statement;
  }

  #write<Result>(doing: string, work: () => Result): Result {
    return this.#attempt(doing, () => {
      this.#assertInPlace();
      return work();
    });
  }

  #attempt<Result>(doing: string, work: () => Result): Result {
    try {
      this.#assertUsable();
      return work();
    } catch (error) {
      throw storeError(error, doing, this.#lock.folder);
    }
  }

  #assertUsable(): void {
    if (this.#closed) throw new StoreError('failed', 'The database is closed: Berth is stopping.');
  }

  /** SQLite would go on writing to a file that was removed, and all of it would be lost at the end of the process. */
  #assertInPlace(): void {
    if (statSync(this.#file, { throwIfNoEntry: false })?.ino === this.#inode) return;
    throw new StoreError('failed', `${this.#file} was removed or replaced while in use. Restart Berth.`);
  }
}

const upsertServer = upsert('servers', serverColumns, ['key']);
const upsertUser = upsert('users', userColumns, ['name']);
const upsertHistory = upsert('history', historyColumns, ['key', 'generation']);

function upsert(table: string, columns: readonly string[], key: readonly string[]): string {
  const changed = columns.filter((column) => !key.includes(column)).map((column) => `${column} = excluded.${column}`);
  return `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})
    ON CONFLICT (${key.join(', ')}) DO UPDATE SET ${changed.join(', ')}`;
}

function historySelect({ hub, user, key, limit, after }: HistoryQuery): { sql: string; parameters: unknown[] } {
  const cursor = after === undefined ? undefined : decodeCursor(after);
  const conditions: { sql: string; parameters: (string | number)[] }[] = [
    ...(hub === undefined ? [] : [{ sql: 'hub = ?', parameters: [hub] }]),
    ...(user === undefined ? [] : [{ sql: 'user = ?', parameters: [user] }]),
    ...(key === undefined ? [] : [{ sql: 'key = ?', parameters: [key] }]),
    ...(cursor === undefined ? [] : [{ sql: '(ended_at, id) < (?, ?)', parameters: [cursor.endedAt, cursor.id] }]),
  ];
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.map(({ sql }) => sql).join(' AND ')}`;
  return {
    sql: `SELECT * FROM history ${where} ORDER BY ended_at DESC, id DESC LIMIT ?`,
    // One more than asked says whether there is a next page.
    parameters: [...conditions.flatMap(({ parameters }) => parameters), limit + 1],
  };
}

function read<Value>(from: (row: Fields) => Value, row: Fields): Value | Unreadable {
  try {
    return from(row);
  } catch (error) {
    if (error instanceof Unreadable) return error;
    throw error;
  }
}
