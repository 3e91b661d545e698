/** Users as rows: name and SID as columns, the rest as JSON. */
import type { PosixAccount, UserRecord } from '@berth/identity';
import { date, fields, flag, integer, json, jsonFields, millis, optional, text, Unreadable } from './field-reader.ts';
import type { Fields } from './field-reader.ts';

export const userColumns = ['name', 'sid', 'details', 'confirmed_at'] as const;

/** Values in the order of `userColumns`. */
export function userRow(user: UserRecord): unknown[] {
  const { name, sid, confirmedAt, logins, ...details } = user;
  const plain = { ...details, logins: logins.map(({ hub, at }) => ({ hub, at: millis(at) })) };
  return [name, sid, JSON.stringify(plain), millis(confirmedAt)];
}

/** Throws Unreadable where the row isn't one that `userRow` could have made. */
export function userFrom(row: Fields): UserRecord {
  const details = jsonFields(row, 'details');
  return {
    name: text(row, 'name'),
    sid: text(row, 'sid'),
    principal: text(details, 'principal'),
    sAMAccountName: text(details, 'sAMAccountName'),
    displayName: optional(text, details, 'displayName', 'value').value,
    allowedBy: text(details, 'allowedBy'),
    admin: flag(details, 'admin'),
    groups: list(details, 'groups', (value) => text({ value }, 'value')),
    account: optional(account, details, 'account', 'value').value,
    logins: list(details, 'logins', (value) => {
      const login = fields(value, 'a login');
      return { hub: text(login, 'hub'), at: date(login, 'at') };
    }),
    confirmedAt: date(row, 'confirmed_at'),
  };
}

function account(from: Fields, name: string): PosixAccount {
  const found = fields(from[name], name);
  return {
    name: text(found, 'name'),
    uid: integer(found, 'uid'),
    gid: integer(found, 'gid'),
    ...optional(text, found, 'groupName', 'groupName'),
    groups: list(found, 'groups', (value) => {
      const group = fields(value, 'a group');
      return { gid: integer(group, 'gid'), name: text(group, 'name') };
    }),
    home: text(found, 'home'),
    shell: text(found, 'shell'),
    gecos: text(found, 'gecos'),
  };
}

/** A server's account, in a column of its own. */
export function serverAccount(row: Fields, name: string) {
  const found = fields(json(row, name), name);
  return {
    name: text(found, 'name'),
    uid: integer(found, 'uid'),
    gid: integer(found, 'gid'),
    ...optional(text, found, 'principal', 'principal'),
  };
}

function list<Item>(from: Fields, name: string, read: (value: unknown) => Item): Item[] {
  const values = from[name];
  if (!Array.isArray(values)) throw new Unreadable(`${name} is no list`);
  return values.map(read);
}
