/** The kinds of values that berth.yaml is made of. Each error says what would be right. */
import { posix } from 'node:path';
import { z } from 'zod';
import { parseDuration, parseSize } from './values.ts';

const longest = 3650 * 86_400;

/** Seconds, written as a duration. */
export function duration(least = 1) {
  const right = 'a duration such as 30s, 5m, 2h or 90d';
  return z.string({ error: right }).transform((text, context) => {
    const value = parseDuration(text);
    if (value !== undefined && value >= least && value <= longest) return value;
    const message = value === undefined ? right : `a duration from ${least}s to 3650d`;
    context.addIssue({ code: 'custom', message, input: text });
    return z.NEVER;
  });
}

/** Bytes, written as a size. */
export function size(least: number, leastText: string) {
  const right = 'a size such as 512MiB or 4GiB';
  return z.string({ error: right }).transform((text, context) => {
    const value = parseSize(text);
    if (value !== undefined && value >= least) return value;
    const message = value === undefined ? right : `a size of at least ${leastText}`;
    context.addIssue({ code: 'custom', message, input: text });
    return z.NEVER;
  });
}

export function text(pattern: RegExp, right: string) {
  return z.string({ error: right }).regex(pattern, { error: right });
}

export function integer(least: number, most: number) {
  const right = `a whole number from ${least} to ${most}`;
  return z.int({ error: right }).min(least, { error: right }).max(most, { error: right });
}

export function oneOf<const T extends readonly [string, ...string[]]>(values: T) {
  return z.enum(values, { error: `one of ${values.join(', ')}` });
}

export const flag = z.boolean({ error: 'true or false' });

export const path = z
  .string({ error: 'an absolute path' })
  .refine((value) => posix.isAbsolute(value) && !hasControl(value), { error: 'an absolute path' })
  .transform((value) => (value === '/' ? value : posix.normalize(value).replace(/\/$/, '')));

export const url = z.string({ error: 'a URL that begins with http:// or https://' }).refine(
  (value) => {
    const parsed = URL.parse(value);
    return parsed !== null && /^https?:$/.test(parsed.protocol) && parsed.username === '' && parsed.hash === '';
  },
  { error: 'a URL that begins with http:// or https://, without user, password or fragment' },
);

function hasControl(value: string): boolean {
  return /\p{Cc}/u.test(value);
}
