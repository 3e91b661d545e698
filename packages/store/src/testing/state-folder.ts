/** Folders, records and entries for tests of the store. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { UserRecord } from '@berth/identity';
import type { HistoryEntry, ServerRecord } from '@berth/spawner';
import { StoreError } from '@berth/spawner';
import { connect } from '../connection.ts';
import { openStore } from '../open-store.ts';

/** A folder of its own for one test, gone when the test's scope ends. */
export function temporaryFolder(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'berth-store-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

export const noon = new Date('2026-03-04T12:00:00.000Z');

export function minutesAfterNoon(minutes: number): Date {
  return new Date(noon.getTime() + minutes * 60_000);
}

export function record(change: Partial<ServerRecord> = {}): ServerRecord {
  return {
    key: 'user1-aaaaaaaaaaaaaaaa',
    hub: 'default',
    user: 'user1',
    serverName: '',
    generation: 1_772_625_600_000,
    status: { state: 'running', since: noon, url: 'http://10.0.0.2:8888' },
    image: 'notebook:1',
    port: 8888,
    tls: false,
    configDigest: 'abc',
    requestedAt: noon,
    askedAt: noon,
    observedAt: noon,
    ...change,
  };
}

export function entry(change: Partial<HistoryEntry> = {}): HistoryEntry {
  return {
    key: 'user1-aaaaaaaaaaaaaaaa',
    hub: 'default',
    user: 'user1',
    serverName: '',
    generation: 1_772_625_600_000,
    image: 'notebook:1',
    requestedAt: noon,
    endedAt: noon,
    outcome: 'stopped',
    logTail: ['first', 'last'],
    ...change,
  };
}

export function user(change: Partial<UserRecord> = {}): UserRecord {
  return {
    name: 'user1',
    sid: 'S-1-5-21-1-2-3-1001',
    principal: 'user1@CORP.EXAMPLE.TEST',
    sAMAccountName: 'user1',
    displayName: 'User One',
    allowedBy: 'BANK\\analysts',
    admin: false,
    groups: ['analysts'],
    account: {
      ...{ name: 'user1', uid: 70_001, gid: 70_000, groupName: 'domain users' },
      ...{ groups: [{ gid: 70_002, name: 'analysts' }], home: '/home/user1', shell: '/bin/bash', gecos: '' },
    },
    logins: [{ hub: 'default', at: noon }],
    confirmedAt: noon,
    ...change,
  };
}

/** The StoreError that `work` ends in; a test fails where there is none. */
export async function storeErrorOf(work: () => unknown): Promise<StoreError> {
  try {
    await work();
  } catch (error) {
    if (error instanceof StoreError) return error;
    throw error;
  }
  throw new Error('no StoreError');
}

/** A closed state folder with one server, one history entry and one backup of both. */
export async function filled(path: string): Promise<{ file: string; backup: string }> {
  const store = await openStore({ folder: path, clock: () => noon });
  await store.endServer(record(), entry());
  const { path: backup } = await store.backup();
  await store.close();
  return { file: join(path, 'berth.db'), backup };
}

export function content(folder: string): Record<string, string> {
  const files = readdirSync(folder, { withFileTypes: true }).filter((item) => item.isFile() && item.name !== 'lock.db');
  return Object.fromEntries(files.map(({ name }) => [name, readFileSync(join(folder, name), 'base64')]));
}

export function overwrite(file: string, position: number, bytes: Buffer): void {
  const all = readFileSync(file);
  bytes.copy(all, position);
  writeFileSync(file, all);
}

export function sql(file: string, statement: string): void {
  const connection = connect(file);
  connection.exec(statement);
  connection.close();
}

export function select(file: string, query: string): unknown[] {
  const connection = connect(file);
  try {
    return connection.prepare(query).all();
  } finally {
    connection.close();
  }
}
