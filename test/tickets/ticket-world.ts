/** A keeper of tickets on a real KDC and a tmpfs, and real users who look at what it publishes. */
import { createTicketKeeper, hostTickets, nodeTimers } from '@berth/krb5-ccache';
import type { TicketKeeper, TicketOwner, TicketSettings } from '@berth/krb5-ccache';
import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as fsPromises from 'node:fs/promises';
import { join } from 'node:path';
import { MitKdc } from '../stack/mit-kdc.ts';
import { runCommand } from '../stack/run-command.ts';
import { testFolder } from '../stack/shared-engine.ts';

export const never = new AbortController().signal;

export class TicketWorld {
  readonly folder: string;
  readonly kdc: MitKdc;
  readonly logged: string[] = [];
  #keepers: TicketKeeper[] = [];

  static async make({ lifeSeconds = 60, renewSeconds = 600 } = {}): Promise<TicketWorld> {
    const folder = await testFolder();
    const kdc = await MitKdc.start({ folder: join(folder, 'kdc'), lifeSeconds, renewSeconds });
    const world = new TicketWorld(folder, kdc);
    await fsPromises.mkdir(world.runtime, { mode: 0o755 });
    await fsPromises.mkdir(world.keytabs, { mode: 0o700 });
    await fsPromises.mkdir(world.hostCaches, { mode: 0o755 });
    await runCommand('mount', ['-t', 'tmpfs', '-o', 'mode=755,size=16m', 'tmpfs', world.runtime]);
    return world;
  }

  constructor(folder: string, kdc: MitKdc) {
    this.folder = folder;
    this.kdc = kdc;
  }

  get runtime(): string {
    return join(this.folder, 'run');
  }

  get keytabs(): string {
    return join(this.folder, 'keytabs');
  }

  get hostCaches(): string {
    return join(this.folder, 'host');
  }

  owner(username: string, uid: number): TicketOwner {
    return { uid, gid: uid, username, principal: `${username}@${this.kdc.realm}` };
  }

  master({ uid }: TicketOwner): string {
    return join(this.runtime, 'tickets', String(uid), 'krb5cc');
  }

  published({ uid }: TicketOwner): string {
    return join(this.runtime, 'krb5', String(uid), 'krb5cc');
  }

  /** A service on the same folders as those before it. */
  async openKeeper(settings: Partial<TicketSettings> = {}): Promise<TicketKeeper> {
    const log = (fields: object, message: string): void =>
      void this.logged.push(JSON.stringify({ ...fields, message }));
    const keeper = createTicketKeeper(
      {
        runtime: this.runtime,
        krb5Conf: this.kdc.krb5ConfFile,
        sources: ['password'],
        keytabFolder: this.keytabs,
        minimumLifeSeconds: 0,
        renewLifetimeSeconds: 604_800,
        kinit: '/usr/bin/kinit',
        kinitSeconds: 5,
        kinitAtOnce: 8,
        ...settings,
      },
      {
        ...{ log: { info: log, warn: log }, now: () => new Date(), timers: nodeTimers, random: Math.random, uid: 0 },
        hostTickets: hostTickets(
          { environment: `FILE:${this.hostCaches}/krb5cc_%{uid}` },
          { fs: fsPromises, watch: fs.watch, now: () => new Date() },
        ),
      },
    );
    await keeper.open();
    this.#keepers.push(keeper);
    return keeper;
  }

  /**
   * Runs a shell line as this user in `<runtime>/krb5` or below it, as if that were mounted: the folders above are root's
   * alone. Its output, or `refused: ` and why.
   */
  as(uid: number, line: string, folder = '.'): Promise<string> {
    const words = [
      '--reuid',
      String(uid),
      '--regid',
      String(uid),
      '--clear-groups',
      '--no-new-privs',
      'sh',
      '-c',
      line,
    ];
    return runCommand('setpriv', words, {
      cwd: join(this.runtime, 'krb5', folder),
      env: { PATH: '/usr/bin:/bin' },
    }).catch((error: Error) => `refused: ${error.message}`);
  }

  /** Resolves with each file below a folder that holds one of the texts. Reads no FIFO and follows no link. */
  async filesWith(texts: readonly (string | Uint8Array)[], below: string): Promise<string[]> {
    const found: string[] = [];
    for (const entry of await fsPromises.readdir(below, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      const content = await fsPromises.readFile(path).catch(() => Buffer.alloc(0));
      if (texts.some((text) => content.includes(Buffer.from(text)))) found.push(path);
    }
    return found.toSorted();
  }

  /** kadmin.local, for what MitKdc has no word for. */
  async admin(command: string): Promise<void> {
    const env = {
      PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
      KRB5_CONFIG: this.kdc.krb5ConfFile,
      KRB5_KDC_PROFILE: join(this.kdc.folder, 'kdc.conf'),
    };
    await runCommand('kadmin.local', ['-r', this.kdc.realm], { env, input: `${command}\n` });
  }

  async remove(): Promise<void> {
    for (const keeper of this.#keepers) await keeper.close();
    await this.kdc.remove();
    await runCommand('umount', ['-l', this.runtime]);
  }
}

/** Command lines and environments of all processes on the machine, as root sees them. */
export async function processTexts(): Promise<string> {
  const texts: string[] = [];
  for (const pid of await fsPromises.readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    for (const file of ['cmdline', 'environ'])
      texts.push(await fsPromises.readFile(`/proc/${pid}/${file}`, 'latin1').catch(() => ''));
  }
  return texts.join('\n');
}

/** How many programs of this path run below this process. */
export async function childrenNamed(name: string): Promise<number> {
  const child = spawn('ps', ['--ppid', String(process.pid), '-o', 'comm='], { stdio: ['ignore', 'pipe', 'ignore'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (data: string) => (text += data));
  await new Promise((resolve) => child.once('close', resolve));
  return text.split('\n').filter((line) => line.trim() === name).length;
}
