/** Durations as people say them: 42s, 3m, 2h, 5d; always rounded down. */

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

/** @param from RFC 3339. A time that lies ahead, by a clock that differs, is 0s. */
export function age(from: string, to: Date): string {
  const seconds = Math.max(0, Math.floor((to.getTime() - Date.parse(from)) / 1000));
  if (Number.isNaN(seconds)) return '?';
  if (seconds < 2 * minute) return `${seconds}s`;
  if (seconds < 2 * hour) return `${Math.floor(seconds / minute)}m`;
  if (seconds < 2 * day) return `${Math.floor(seconds / hour)}h`;
  return `${Math.floor(seconds / day)}d`;
}
