/**
 * Accounts that the host's name service knows, for one process tree alone: it runs in a mount namespace of its own, where
 * other files lie over /etc/passwd and /etc/group. The machine's own stay as they are.
 *
 * All else that is mounted, and what is written, is the same inside and outside. Mounts that are made later don't come in.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface HostAccount {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

export interface HostGroup {
  readonly name: string;
  readonly gid: number;
  readonly members?: readonly string[];
}

/** Beside the machine's own; of one name, these count. */
export interface HostAccounts {
  readonly accounts: readonly HostAccount[];
  readonly groups: readonly HostGroup[];
}

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
}

/** The command as it is run where the host has these accounts; its process is the one that is started. */
export async function withHostAccounts(
  { command, args }: Command,
  folder: string,
  host: HostAccounts,
): Promise<Command> {
  const passwd = host.accounts.map(({ name, uid, gid, home }) => `${name}:x:${uid}:${gid}::${home}:/bin/bash`);
  const group = host.groups.map(({ name, gid, members = [] }) => `${name}:x:${gid}:${members.join(',')}`);
  const files = [await composed('passwd', passwd, folder), await composed('group', group, folder)];
  const script = 'mount --bind "$1" /etc/passwd && mount --bind "$2" /etc/group && shift 2 && exec "$@"';
  // slave: nothing goes out, while what is unmounted outside isn't held here.
  const namespace = ['--mount', '--propagation', 'slave', 'sh', '-c', script, 'sh'];
  return { command: 'unshare', args: [...namespace, ...files, command, ...args] };
}

/** Path of a file that holds the machine's own entries and these. */
async function composed(name: string, lines: readonly string[], folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const names = new Set(lines.map(nameOf));
  const own = (await readFile(join('/etc', name), 'utf8'))
    .split('\n')
    .filter((line) => line !== '' && !names.has(nameOf(line)));
  const file = join(folder, name);
  await writeFile(file, `${[...own, ...lines].join('\n')}\n`, { mode: 0o644 });
  return file;
}

function nameOf(line: string): string {
  return line.slice(0, line.indexOf(':'));
}
