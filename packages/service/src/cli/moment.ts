/** Moments as people read them in a table: absolute, in UTC, and how far from now. */
import { span } from './age.ts';

/** `2026-03-01 19:00 UTC, in 7 h`, or `..., 7 h ago`. What is no time stays as it is. @param time RFC 3339. */
export function moment(time: string, now: Date): string {
  const at = Date.parse(time);
  if (Number.isNaN(at)) return time;
  const absolute = `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  return at > now.getTime() ? `${absolute}, in ${span(at - now.getTime())}` : `${absolute}, ${ago(time, now)}`;
}

/** `7 h ago`. @param time RFC 3339. */
export function ago(time: string, now: Date): string {
  return `${span(now.getTime() - Date.parse(time))} ago`;
}

/** Whether a time has come; one that is none has not. */
export function isPast(time: string, now: Date): boolean {
  return Date.parse(time) <= now.getTime();
}
