/** The one file that knows better-sqlite3: what Berth needs of it, and no more. */
import Database from 'better-sqlite3';

export interface Statement {
  run(...parameters: unknown[]): { readonly changes: number };
  get(...parameters: unknown[]): unknown;
  all(...parameters: unknown[]): unknown[];
}

/** An open SQLite file. It closes when it is garbage collected, so whoever needs it open keeps it. */
export interface Connection {
  prepare(sql: string): Statement;
  /** Runs several statements without parameters. */
  exec(sql: string): unknown;
  pragma(source: string, options?: { simple?: boolean }): unknown;
  /** `immediate` runs the work in a transaction that holds the write lock from its begin; an error undoes it. */
  transaction<Arguments extends unknown[], Result>(
    work: (...parameters: Arguments) => Result,
  ): { immediate(...parameters: Arguments): Result };
  /** Copies the database page by page between turns of the event loop; writes meanwhile are in the copy. */
  backup(destination: string): Promise<unknown>;
  close(): unknown;
}

/** Opens an existing file, or makes it where `create` is set. `busyMs` is how long a call waits for another process's lock. */
export function connect(
  file: string,
  { readOnly = false, create = false, busyMs = 5000 }: { readOnly?: boolean; create?: boolean; busyMs?: number } = {},
): Connection {
  return new Database(file, { readonly: readOnly, fileMustExist: !create, timeout: busyMs });
}
