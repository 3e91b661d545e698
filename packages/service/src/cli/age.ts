/** Durations as people say them, always rounded down: 42s, 3m, 2h, 5d in tables; 42 s, 3 min, 2 h, 5 d in sentences. */

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

/** @param from RFC 3339. A time that lies ahead, by a clock that differs, is 0s. */
export function age(from: string, to: Date): string {
  const [count, unit] = rounded(to.getTime() - Date.parse(from));
  return `${count}${unit}`;
}

/** @param ms What is below nothing is 0 s. */
export function span(ms: number): string {
  const [count, unit] = rounded(ms);
  return `${count} ${unit === 'm' ? 'min' : unit}`.trimEnd();
}

function rounded(ms: number): readonly [number | '?', 's' | 'm' | 'h' | 'd' | ''] {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (Number.isNaN(seconds)) return ['?', ''];
  if (seconds < 2 * minute) return [seconds, 's'];
  if (seconds < 2 * hour) return [Math.floor(seconds / minute), 'm'];
  if (seconds < 2 * day) return [Math.floor(seconds / hour), 'h'];
  return [Math.floor(seconds / day), 'd'];
}
