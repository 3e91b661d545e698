/** Modes of what must stay private, and room on the disks. */
import { lstat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Configuration, Folders } from '../configuration/index.ts';
import type { Finding } from './doctor.ts';

interface Expectation {
  readonly path: string;
  /** Permission bits that nobody should have. */
  readonly forbidden: number;
  readonly mode: string;
  readonly optional: boolean;
}

export async function* checkFiles(configuration: Configuration, folders: Folders): AsyncGenerator<Finding> {
  const { listen, hubs, adminToken, viewerToken } = configuration;
  const tokens = [...hubs.map(({ token }) => token), adminToken, ...(viewerToken === undefined ? [] : [viewerToken])];
  const expectations: Expectation[] = [
    { path: folders.state, forbidden: 0o077, mode: '700', optional: false },
    { path: folders.runtime, forbidden: 0o022, mode: '755', optional: false },
    ...tokens.map(({ path }) => ({ path, forbidden: 0o077, mode: '600', optional: false })),
    ...['label.key', 'berth.db', 'instance'].map((name) => privateFile(join(folders.state, name))),
  ];
  if (listen.socket !== false)
    expectations.push({ path: listen.socket, forbidden: 0o007, mode: '660', optional: false });
  let flawless = true;
  for (const expectation of expectations) {
    const finding = await checkMode(expectation);
    if (finding === undefined) continue;
    flawless = false;
    yield finding;
  }
  if (flawless) yield { part: 'files', level: 'ok', finding: 'State, tokens and sockets are closed to others.' };
}

function privateFile(path: string): Expectation {
  return { path, forbidden: 0o077, mode: '600', optional: true };
}

async function checkMode({ path, forbidden, mode, optional }: Expectation): Promise<Finding | undefined> {
  try {
    const bits = (await lstat(path)).mode & 0o777;
    if ((bits & forbidden) === 0) return undefined;
    const finding = `${path} has mode ${bits.toString(8)}, which lets others in.`;
    return { part: 'files', level: 'error', finding, mend: `Run chmod ${mode} ${path}.` };
  } catch (error) {
    if (optional && (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    const finding = `${path} can't be looked at: ${(error as Error).message}`;
    return { part: 'files', level: 'error', finding, mend: `Restore ${path}, or restart the service.` };
  }
}

const lowBytes = 5 * 2 ** 30;
const scarceBytes = 2 ** 29;

/** Of the state folder and, where this process can see it, of Docker's data. */
export async function* checkDisks(places: readonly { name: string; path: string }[]): AsyncGenerator<Finding> {
  for (const { name, path } of places) {
    let free: number;
    let inodes: number;
    try {
      const { bavail, bsize, ffree, files } = await statfs(path);
      free = bavail * bsize;
      inodes = files === 0 ? Number.POSITIVE_INFINITY : ffree;
    } catch {
      yield {
        part: 'disk',
        level: 'warning',
        finding: `${name} (${path}) can't be seen from here, so its free space isn't known.`,
        mend: `Mount ${path} read-only where the service runs, or watch its space otherwise.`,
      };
      continue;
    }
    const room = `${name} (${path}) has ${(free / 2 ** 30).toFixed(1)} GiB free`;
    if (free < scarceBytes || inodes < 1000)
      yield {
        part: 'disk',
        level: 'error',
        finding: `${room}, ${inodes} inodes.`,
        mend: `Free space on the disk of ${path}.`,
      };
    else if (free < lowBytes)
      yield {
        part: 'disk',
        level: 'warning',
        finding: `${room}.`,
        mend: `Free space on the disk of ${path}, for example with docker image prune.`,
      };
    else yield { part: 'disk', level: 'ok', finding: `${room}.` };
  }
}
