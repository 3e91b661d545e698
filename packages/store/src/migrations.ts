/** How the database came to its form. A step that was ever released is never changed: a new one is added behind it. */
import type { Connection } from './connection.ts';

export interface Migration {
  /** What it brings, in a few words. */
  readonly name: string;
  readonly sql: string;
}

/** `PRAGMA application_id` of Berth's databases: "Brth". */
export const applicationId = 0x42727468;

/** The version of a database is the number of steps it has seen (`PRAGMA user_version`). */
export const migrations: readonly Migration[] = [
  {
    name: 'servers, history, settings',
    sql: `
      CREATE TABLE servers (
        key            TEXT    NOT NULL PRIMARY KEY,
        hub            TEXT    NOT NULL,
        user           TEXT    NOT NULL,
        server_name    TEXT    NOT NULL,
        generation     INTEGER NOT NULL,
        state          TEXT    NOT NULL,
        since          INTEGER NOT NULL,
        status         TEXT    NOT NULL,
        image          TEXT    NOT NULL,
        image_id       TEXT,
        container_id   TEXT,
        container_name TEXT,
        port           INTEGER NOT NULL,
        tls            INTEGER NOT NULL,
        config_digest  TEXT    NOT NULL,
        requested_at   INTEGER NOT NULL,
        running_at     INTEGER,
        asked_at       INTEGER NOT NULL,
        observed_at    INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE history (
        id           INTEGER PRIMARY KEY AUTOINCREMENT,
        key          TEXT    NOT NULL,
        hub          TEXT    NOT NULL,
        user         TEXT    NOT NULL,
        server_name  TEXT    NOT NULL,
        generation   INTEGER NOT NULL,
        image        TEXT    NOT NULL,
        requested_at INTEGER NOT NULL,
        running_at   INTEGER,
        ended_at     INTEGER NOT NULL,
        outcome      TEXT    NOT NULL,
        exit         TEXT,
        failure      TEXT,
        log_tail     TEXT    NOT NULL,
        UNIQUE (key, generation)
      ) STRICT;
      CREATE INDEX history_by_end  ON history (ended_at, id);
      CREATE INDEX history_by_hub  ON history (hub, ended_at, id);
      CREATE INDEX history_by_user ON history (user, ended_at, id);
      CREATE INDEX history_by_key  ON history (key, ended_at, id);

      CREATE TABLE settings (
        name  TEXT NOT NULL PRIMARY KEY,
        value TEXT NOT NULL
      ) STRICT, WITHOUT ROWID;
    `,
  },
  {
    name: 'users, attempts, accounts of servers',
    sql: `
      ALTER TABLE servers ADD COLUMN account TEXT;

      CREATE TABLE users (
        name         TEXT    NOT NULL PRIMARY KEY,
        sid          TEXT    NOT NULL,
        details      TEXT    NOT NULL,
        confirmed_at INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE attempts (
        key    TEXT    NOT NULL PRIMARY KEY,
        points INTEGER NOT NULL DEFAULT 0,
        expire INTEGER
      ) STRICT, WITHOUT ROWID;
    `,
  },
];

export function schemaVersion(connection: Connection): number {
  return Number(connection.pragma('user_version', { simple: true }));
}

/**
 * Brings a database from its version to the last step's, each step in a transaction of its own. `before` is awaited
 * ahead of each step; where it or the step throws, the database stays at the version it had, and later steps are not run.
 */
export async function migrate(
  connection: Connection,
  steps: readonly Migration[],
  before: (from: number, step: Migration) => Promise<void>,
): Promise<void> {
  for (let version = schemaVersion(connection); version < steps.length; version++) {
    const step = steps[version];
    if (step === undefined) return;
    await before(version, step);
    connection
      .transaction(() => {
        connection.exec(step.sql);
        connection.pragma(`application_id = ${applicationId}`);
        connection.pragma(`user_version = ${version + 1}`);
      })
      .immediate();
  }
}
