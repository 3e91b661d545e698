/** What a dockerd that was killed leaves running or mounted. Only what lies under its own folder is touched. */
import { readdir, readFile, readlink, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { tryCommand } from './run-command.ts';

/**
 * Ends the containerd, container shims and port proxies of the daemon under `root`, and the shims' containers. Other
 * programs under `root` too: Samba's name themselves anew, but work in their folder.
 */
export async function killShims(root: string): Promise<void> {
  const all = await processes();
  const own = all.filter(
    (one) => one.command.some((word) => word.startsWith(`${root}/`)) || one.folder.startsWith(`${root}/`),
  );
  const shims = new Set(own.filter((one) => one.command[0]?.includes('containerd-shim')).map((one) => one.pid));
  const inside = all.filter((one) => shims.has(one.parent));
  if (own.length + inside.length === 0) return;
  for (const { pid } of [...inside, ...own]) kill(pid);
  await sleep(300);
}

/**
 * Ends the containerd of a dockerd that was killed, and its pid file: where nobody reaps it, the next dockerd would take the
 * zombie for a containerd that runs.
 */
export async function killContainerd(root: string): Promise<void> {
  const settings = `${root}/exec/containerd/containerd.toml`;
  const running = async (): Promise<HostProcess[]> =>
    (await processes()).filter((one) => one.command.includes(settings));
  for (let left = await running(); left.length > 0; left = await running()) {
    for (const { pid } of left) kill(pid);
    await sleep(20);
  }
  await rm(`${root}/exec/containerd/containerd.pid`, { force: true });
}

/** Unmounts all below `root`, innermost first. */
export async function unmountUnder(root: string): Promise<void> {
  const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n').map((line) => line.split(' ')[1] ?? '');
  for (const path of mounts.filter((mount) => mount.startsWith(`${root}/`)).toReversed())
    await tryCommand('umount', ['-l', path]);
}

interface HostProcess {
  readonly pid: number;
  readonly parent: number;
  readonly command: readonly string[];
  /** Where it works; in a container: as it sees that. Empty where it can't be known. */
  readonly folder: string;
}

async function processes(): Promise<HostProcess[]> {
  const found: HostProcess[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const status = await readFile(`/proc/${name}/status`, 'utf8');
      const command = (await readFile(`/proc/${name}/cmdline`, 'utf8')).split('\0');
      const folder = await readlink(`/proc/${name}/cwd`).catch(() => '');
      found.push({ pid: Number(name), parent: Number(/^PPid:\s*(\d+)/m.exec(status)?.[1]), command, folder });
    } catch {
      // Ended meanwhile.
    }
  }
  return found;
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Ended meanwhile.
  }
}
