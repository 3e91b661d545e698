/** Servers as rows: one per key, its status as JSON, beside it the columns that queries need. */
import type { ServerRecord } from '@berth/spawner';
import { date, flag, integer, jsonFields, millis, optional, text, Unreadable } from './field-reader.ts';
import type { Fields } from './field-reader.ts';
import { serverAccount } from './user-row.ts';
import { statusFrom, statusSince, statusToJson } from './status-json.ts';

export const serverColumns = [
  'key',
  'hub',
  'user',
  'server_name',
  'generation',
  'state',
  'since',
  'status',
  'image',
  'image_id',
  'container_id',
  'container_name',
  'port',
  'tls',
  'config_digest',
  'requested_at',
  'running_at',
  'asked_at',
  'observed_at',
  'account',
] as const;

/** Values in the order of `serverColumns`. */
export function serverRow(record: ServerRecord): unknown[] {
  return [
    record.key,
    record.hub,
    record.user,
    record.serverName,
    record.generation,
    record.status.state,
    millis(statusSince(record.status)),
    statusToJson(record.status),
    record.image,
    record.imageId ?? null,
    record.container?.id ?? null,
    record.container?.name ?? null,
    record.port,
    record.tls ? 1 : 0,
    record.configDigest,
    millis(record.requestedAt),
    record.runningAt === undefined ? null : millis(record.runningAt),
    millis(record.askedAt),
    millis(record.observedAt),
    record.account === undefined ? null : JSON.stringify(record.account),
  ];
}

/** Throws Unreadable where the row isn't one that `serverRow` could have made. */
export function serverFrom(row: Fields): ServerRecord {
  const status = statusFrom(jsonFields(row, 'status'));
  if (text(row, 'state') !== status.state) throw new Unreadable('state and status disagree');
  const id = optional(text, row, 'container_id', 'id').id;
  return {
    key: text(row, 'key'),
    hub: text(row, 'hub'),
    user: text(row, 'user'),
    serverName: text(row, 'server_name'),
    generation: integer(row, 'generation'),
    status,
    image: text(row, 'image'),
    ...optional(text, row, 'image_id', 'imageId'),
    ...(id === undefined ? {} : { container: { id, name: text(row, 'container_name') } }),
    port: integer(row, 'port'),
    tls: flag(row, 'tls'),
    configDigest: text(row, 'config_digest'),
    requestedAt: date(row, 'requested_at'),
    ...optional(date, row, 'running_at', 'runningAt'),
    askedAt: date(row, 'asked_at'),
    observedAt: date(row, 'observed_at'),
    ...optional(serverAccount, row, 'account', 'account'),
  };
}
