/** Durations and sizes as people write them. Both readers return undefined for what they can't read. */

const seconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };
const bytes: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
};

/** `30s`, `5m`, `2h`, `90d`, `1.5h` in seconds. */
export function parseDuration(text: string): number | undefined {
  return scaled(text, /^(\d+(?:\.\d+)?) ?([smhd])$/, seconds);
}

/** `512MiB`, `4GiB`, `1.5GB` in whole bytes. */
export function parseSize(text: string): number | undefined {
  const size = scaled(text, /^(\d+(?:\.\d+)?) ?([KMGT]iB|[kMGT]B|B)$/, bytes);
  return size === undefined ? undefined : Math.round(size);
}

function scaled(text: string, pattern: RegExp, units: Readonly<Record<string, number>>): number | undefined {
  const [, amount, unit] = pattern.exec(text.trim()) ?? [];
  if (amount === undefined || unit === undefined) return undefined;
  const value = Number(amount) * (units[unit] ?? Number.NaN);
  return Number.isSafeInteger(Math.round(value)) ? value : undefined;
}
