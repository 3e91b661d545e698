/** Where what is made once is kept between runs. */
import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** `$BERTH_CACHE`, else `~/.cache/berth`, with these folders below it, made where missing. */
export function cacheFolder(...below: string[]): string {
  const path = join(process.env['BERTH_CACHE'] ?? join(homedir(), '.cache', 'berth'), ...below);
  mkdirSync(path, { recursive: true });
  return path;
}
