/** Command lines and environments of all processes of the host, looked at again and again while something goes on. */
import { readdirSync, readFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';

export interface Watched {
  /** Each command line and environment that was seen, once. */
  readonly commandLines: readonly string[];
  readonly environments: readonly string[];
  readonly looks: number;
}

/** Looks as often as it can until `work` ends. */
export async function watchProcesses(work: Promise<unknown>): Promise<Watched> {
  const commandLines = new Set<string>();
  const environments = new Set<string>();
  let looks = 0;
  let over = false;
  const ended = work.finally(() => (over = true));
  ended.catch(() => undefined);
  while (!over) {
    looks++;
    for (const pid of readdirSync('/proc')) {
      if (!/^\d+$/.test(pid)) continue;
      read(commandLines, pid, 'cmdline');
      read(environments, pid, 'environ');
    }
    await nextTurn();
  }
  await ended;
  return { commandLines: [...commandLines], environments: [...environments], looks };
}

function read(into: Set<string>, pid: string, file: string): void {
  try {
    into.add(readFileSync(`/proc/${pid}/${file}`, 'latin1'));
  } catch {
    // It ended between the two.
  }
}
