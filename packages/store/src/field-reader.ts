/** Reads typed fields out of rows and JSON objects that nobody has vouched for. */

/** What was read isn't what a store of this version writes. The message says which field, for the admin. */
export class Unreadable extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'Unreadable';
  }
}

export type Fields = Readonly<Record<string, unknown>>;

export function fields(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Unreadable(`${what} is no object`);
  return value as Fields;
}

/** The object in a column of JSON text. */
export function jsonFields(row: Fields, name: string): Fields {
  return fields(json(row, name), name);
}

export function json(row: Fields, name: string): unknown {
  const source = text(row, name);
  try {
    return JSON.parse(source);
  } catch {
    throw new Unreadable(`${name} is not JSON`);
  }
}

export function text(from: Fields, name: string): string {
  const value = from[name];
  if (typeof value !== 'string') throw new Unreadable(`${name} is no text`);
  return value;
}

export function integer(from: Fields, name: string): number {
  const value = from[name];
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw new Unreadable(`${name} is no whole number`);
  return value;
}

/** JSON has booleans, SQLite 0 and 1. */
export function flag(from: Fields, name: string): boolean {
  const value = from[name];
  if (value === true || value === 1) return true;
  if (value === false || value === 0) return false;
  throw new Unreadable(`${name} is neither true nor false`);
}

/** Milliseconds since 1970. */
export function date(from: Fields, name: string): Date {
  const value = new Date(integer(from, name));
  if (Number.isNaN(value.getTime())) throw new Unreadable(`${name} is no date`);
  return value;
}

export function oneOf<Value extends string>(from: Fields, name: string, values: Readonly<Record<Value, true>>): Value {
  const value = text(from, name);
  if (!Object.hasOwn(values, value)) throw new Unreadable(`${name} is none of ${Object.keys(values).join(', ')}`);
  return value as Value;
}

/** `{ [as]: value }`, or `{}` where the field is absent or null: an optional property is left out, never undefined. */
export function optional<As extends string, Value>(
  read: (from: Fields, name: string) => Value,
  from: Fields,
  name: string,
  as: As,
): { readonly [key in As]?: Value } {
  if (from[name] === undefined || from[name] === null) return {};
  return { [as]: read(from, name) } as { readonly [key in As]?: Value };
}

/** A date for the database. Throws a RangeError on an invalid one, so that no row is written that can't be read. */
export function millis(value: Date): number {
  const time = value.getTime();
  if (Number.isNaN(time)) throw new RangeError('an invalid date');
  return time;
}
