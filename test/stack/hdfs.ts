/**
 * A Kerberized HDFS of a test's own: a NameNode and a DataNode of Hadoop 3.4.1, each a process, in the realm of a test's
 * directory or MIT KDC.
 *
 *     const hdfs = await Hdfs.start({ folder, realm: directory, address: engine.bridgeAddress });
 *     await hdfs.makeHome('user1');                            // /user/user1, 0700
 *     const berthConfiguration = { containers: hdfsClient(folder) }; // may be asked for before it starts
 *
 * All that it writes lies below one folder. It listens at fixed ports of its address, which clients must reach.
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { accepts } from './accepts.ts';
import type { Directory } from './directory.ts';
import { bringHadoopJars } from './hadoop-jars.ts';
import { createServiceKeys, HDFS_HOST, type ServiceKeys } from './hdfs-principals.ts';
import { HDFS_PORTS, writeClientSettings, writeServerSettings } from './hdfs-settings.ts';
import type { MitKdc } from './mit-kdc.ts';
import { residentMemory } from './proc.ts';
import { startProgram, waitFor, type Program } from './program.ts';
import { runCommand } from './run-command.ts';

export interface HdfsOptions {
  /** Made where missing; goes with `remove`. */
  readonly folder: string;
  /** Whose tickets it takes. */
  readonly realm: Directory | MitKdc;
  /** Of this host, one that clients reach: the engine's bridge address for containers. */
  readonly address: string;
}

/** What HDFS knows of a file or folder. */
export interface HdfsStatus {
  readonly owner: string;
  readonly group: string;
  /** Octal. */
  readonly permission: string;
  readonly type: 'FILE' | 'DIRECTORY';
  /** Bytes. */
  readonly length: number;
}

/** The block `containers` of berth.yaml: the clients' settings, which hold no secret, at their usual place. */
export function hdfsClient(folder: string) {
  const target = '/etc/hadoop/conf';
  return {
    volumes: [{ source: clientFolder(folder), target, readOnly: true }],
    environment: { HADOOP_CONF_DIR: target },
  };
}

interface WebAnswer {
  readonly FileStatus?: HdfsStatus;
  readonly RemoteException?: { readonly exception: string; readonly message: string };
}

export class Hdfs {
  readonly folder: string;
  readonly address: string;
  readonly #krb5ConfFile: string;
  readonly #keys: ServiceKeys;
  readonly #jars: string;
  #programs: Program[] = [];

  /** Resolves once files can be written. */
  static async start({ folder, realm, address }: HdfsOptions): Promise<Hdfs> {
    const jars = await bringHadoopJars((line) => process.stdout.write(`${line}\n`));
    await mkdir(join(folder, 'tmp'), { recursive: true });
    const keys = await createServiceKeys(realm, folder);
    await writeClientSettings(clientFolder(folder), address, keys.principal);
    await writeServerSettings(join(folder, 'conf'), { address, keys, dataFolder: join(folder, 'data') });
    const hdfs = new Hdfs({ folder, address, realm }, keys, jars);
    try {
      const format = hdfs.#java('hdfs.server.namenode.NameNode', '-format', '-force', '-nonInteractive');
      await runCommand('java', format, { cwd: folder, env: { PATH: '/usr/bin:/bin' }, seconds: 60 });
      await hdfs.start();
    } catch (error) {
      await hdfs.remove();
      throw error;
    }
    return hdfs;
  }

  private constructor({ folder, address, realm }: HdfsOptions, keys: ServiceKeys, jars: string) {
    this.folder = folder;
    this.address = address;
    this.#krb5ConfFile = realm.krb5ConfFile;
    this.#keys = keys;
    this.#jars = jars;
  }

  /** Starts it again after `stop`, with the files that it held; resolves once they can be read. Running is success. */
  async start(): Promise<void> {
    if (this.#programs.some((program) => program.exit === undefined)) return;
    const nameNode = await this.#daemon('NameNode', 'hdfs.server.namenode.NameNode');
    // It asks for the NameNode until that answers.
    const dataNode = await this.#daemon('DataNode', 'hdfs.server.datanode.DataNode');
    this.#programs = [nameNode, dataNode];
    const reports = () => count(dataNode.log(), 'Successfully sent block report');
    const before = reports();
    const answers = () => accepts(this.address, HDFS_PORTS.nameNode);
    await waitFor('the NameNode answers', answers, { program: nameNode });
    await waitFor('the DataNode has reported', async () => reports() > before, { program: dataNode });
  }

  /** Ends both; resolves once they are gone. */
  async stop(): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.stop()));
  }

  /** The home folder of a user, whom no machine needs to know; theirs alone. */
  async makeHome(user: string): Promise<void> {
    const path = `/user/${user}`;
    const made = [
      await this.#web('PUT', '/user', 'MKDIRS', { permission: '755' }), // Folders on the way would be like the last one.
      await this.#web('PUT', path, 'MKDIRS', { permission: '700' }),
      await this.#web('PUT', path, 'SETOWNER', { owner: user, group: user }),
    ];
    for (const { RemoteException } of made)
      if (RemoteException !== undefined) throw new Error(`${path}: ${RemoteException.message}`);
  }

  /** As the superuser sees it; undefined where there is none. */
  async status(path: string): Promise<HdfsStatus | undefined> {
    const { FileStatus, RemoteException } = await this.#web('GET', path, 'GETFILESTATUS');
    if (FileStatus !== undefined) return FileStatus;
    if (RemoteException?.exception === 'FileNotFoundException') return undefined;
    throw new Error(`${path}: ${RemoteException?.message}`);
  }

  /** Bytes of memory of both. */
  async memory(): Promise<number> {
    const each = await Promise.all(this.#programs.map(({ pid }) => residentMemory(pid)));
    return each.reduce((sum, one) => sum + one, 0);
  }

  /** What both wrote so far. */
  log(): string {
    return this.#programs.map((program) => program.log()).join('\n');
  }

  /** Takes everything away. May be called in any state, twice too. */
  async remove(): Promise<void> {
    await Promise.all(this.#programs.map((program) => program.stop('SIGKILL')));
    await rm(this.folder, { recursive: true, force: true });
  }

  #java(main: string, ...args: readonly string[]): string[] {
    return [
      ...['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'],
      // Else each JVM keeps a file in /tmp.
      ...['-XX:-UsePerfData', `-Djava.io.tmpdir=${join(this.folder, 'tmp')}`],
      `-Djava.security.krb5.conf=${this.#krb5ConfFile}`,
      ...['-cp', `${join(this.folder, 'conf')}:${this.#jars}/*`, `org.apache.hadoop.${main}`, ...args],
    ];
  }

  async #daemon(name: string, main: string): Promise<Program> {
    return startProgram({
      name,
      command: 'setpriv',
      // It ends with a test that died.
      args: ['--pdeathsig', 'TERM', 'java', ...this.#java(main)],
      env: { PATH: '/usr/bin:/bin' },
      cwd: this.folder,
      logFile: join(this.folder, `${name}.log`),
    });
  }

  /** WebHDFS as the superuser, by a ticket of its keytab. */
  async #web(
    method: 'GET' | 'PUT',
    path: string,
    op: string,
    query: Readonly<Record<string, string>> = {},
  ): Promise<WebAnswer> {
    const env = {
      PATH: '/usr/bin:/bin',
      KRB5_CONFIG: this.#krb5ConfFile,
      KRB5CCNAME: `FILE:${join(this.folder, 'superuser.cc')}`,
    };
    await runCommand('kinit', ['-k', '-t', this.#keys.keytab, this.#keys.principal], { env });
    const url = new URL(
      `http://${HDFS_HOST}:${HDFS_PORTS.web}/webhdfs/v1${path}?${new URLSearchParams({ op, ...query })}`,
    );
    const resolved = ['--resolve', `${HDFS_HOST}:${HDFS_PORTS.web}:${this.address}`];
    const args = ['-sS', '--negotiate', '-u', ':', ...resolved, '-X', method, url.href];
    const text = await runCommand('curl', args, { env, seconds: 30 });
    return text === '' ? {} : (JSON.parse(text) as WebAnswer);
  }
}

function clientFolder(folder: string): string {
  return join(folder, 'conf-client');
}

function count(text: string, part: string): number {
  return text.split(part).length - 1;
}
