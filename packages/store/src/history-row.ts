/** Ended servers as rows, and the cursor between their pages. */
import { StoreError } from '@berth/spawner';
import type { HistoryEntry } from '@berth/spawner';
import { date, integer, json, jsonFields, millis, oneOf, optional, text, Unreadable } from './field-reader.ts';
import type { Fields } from './field-reader.ts';
import { exitFrom, exitToJson, failureFrom, failureToJson } from './status-json.ts';

export const historyColumns = [
  'key',
  'hub',
  'user',
  'server_name',
  'generation',
  'image',
  'requested_at',
  'running_at',
  'ended_at',
  'outcome',
  'exit',
  'failure',
  'log_tail',
] as const;

const outcomes: Readonly<Record<HistoryEntry['outcome'], true>> = {
  stopped: true,
  exited: true,
  failed: true,
  vanished: true,
};

/** Values in the order of `historyColumns`. */
export function historyRow(entry: HistoryEntry): unknown[] {
  return [
    entry.key,
    entry.hub,
    entry.user,
    entry.serverName,
    entry.generation,
    entry.image,
    millis(entry.requestedAt),
    entry.runningAt === undefined ? null : millis(entry.runningAt),
    millis(entry.endedAt),
    entry.outcome,
    entry.exit === undefined ? null : exitToJson(entry.exit),
    entry.failure === undefined ? null : failureToJson(entry.failure),
    JSON.stringify(entry.logTail),
  ];
}

/** Throws Unreadable where the row isn't one that `historyRow` could have made. */
export function historyFrom(row: Fields): HistoryEntry {
  return {
    key: text(row, 'key'),
    hub: text(row, 'hub'),
    user: text(row, 'user'),
    serverName: text(row, 'server_name'),
    generation: integer(row, 'generation'),
    image: text(row, 'image'),
    requestedAt: date(row, 'requested_at'),
    ...optional(date, row, 'running_at', 'runningAt'),
    endedAt: date(row, 'ended_at'),
    outcome: oneOf(row, 'outcome', outcomes),
    ...optional((from, name) => exitFrom(jsonFields(from, name)), row, 'exit', 'exit'),
    ...optional((from, name) => failureFrom(jsonFields(from, name)), row, 'failure', 'failure'),
    logTail: lines(row),
  };
}

function lines(row: Fields): string[] {
  const value = json(row, 'log_tail');
  if (!Array.isArray(value) || !value.every((line) => typeof line === 'string')) {
    throw new Unreadable('log_tail is no list of lines');
  }
  return value;
}

/** Where a page ended: history is read by falling (endedAt, id), so that new entries don't shift the pages behind. */
export interface HistoryCursor {
  /** Milliseconds since 1970. */
  readonly endedAt: number;
  readonly id: number;
}

export function encodeCursor({ endedAt, id }: HistoryCursor): string {
  return Buffer.from(`h1 ${endedAt} ${id}`).toString('base64url');
}

/** Takes what `encodeCursor` gives, to the letter; anything else is a StoreError `bad-cursor`. */
export function decodeCursor(text: string): HistoryCursor {
  const match = /^h1 (-?\d{1,16}) (\d{1,16})$/.exec(Buffer.from(text, 'base64url').toString('latin1'));
  const cursor = { endedAt: Number(match?.[1]), id: Number(match?.[2]) };
  if (match === null || encodeCursor(cursor) !== text) {
    throw new StoreError('bad-cursor', 'The cursor is none that this service gave: ask for the first page again.');
  }
  return cursor;
}
