/** Reading JSON that may hold anything: each function gives undefined where the value isn't what it reads. */

export type JsonObject = Readonly<Record<string, unknown>>;

export function objectIn(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

export function textIn(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function numberIn(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** An object of texts; other values are left out. */
export function textsIn(value: unknown): Readonly<Record<string, string>> | undefined {
  const object = objectIn(value);
  if (object === undefined) return undefined;
  return Object.fromEntries(
    Object.entries(object).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

export function listIn(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** RFC 3339 as Go writes it. Go's zero time, year 1, is no time. */
export function dateIn(value: unknown): Date | undefined {
  const date = typeof value === 'string' ? new Date(value) : undefined;
  return date === undefined || Number.isNaN(date.getTime()) || date.getUTCFullYear() <= 1 ? undefined : date;
}
