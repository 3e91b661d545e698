/** A realm of its own for one test: MIT's KDC with its database in one folder, on a port of 127.0.0.1. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export const realm = 'THROWAWAY.TEST';

export interface Answer {
  readonly code: number;
  readonly output: string;
}

export class ThrowawayKdc implements AsyncDisposable {
  readonly folder: string;
  readonly #daemon: ChildProcess;

  constructor(folder: string, daemon: ChildProcess) {
    this.folder = folder;
    this.#daemon = daemon;
  }

  /** `folder` must exist and is the caller's to remove. */
  static async start(folder: string): Promise<ThrowawayKdc> {
    const home = join(folder, 'kdc');
    mkdirSync(home, { mode: 0o700 });
    const port = await freePort();
    const configuration = ['[libdefaults]', `  default_realm = ${realm}`, '  dns_lookup_kdc = false', '  rdns = false'];
    configuration.push('  dns_canonicalize_hostname = false', '  udp_preference_limit = 1', '  forwardable = true');
    configuration.push('[realms]', `  ${realm} = {`, `    kdc = 127.0.0.1:${port}`, '  }', '');
    writeFileSync(join(home, 'krb5.conf'), configuration.join('\n'));
    const kdc = [
      '[kdcdefaults]',
      '  kdc_listen = ""',
      `  kdc_tcp_listen = 127.0.0.1:${port}`,
      '[realms]',
      `  ${realm} = {`,
    ];
    kdc.push(
      `    database_name = ${home}/principal`,
      `    key_stash_file = ${home}/stash`,
      `    acl_file = ${home}/acl`,
    );
    kdc.push('    max_life = 10h', '    max_renewable_life = 7d', '  }', '[logging]', `  kdc = FILE:${home}/log`, '');
    writeFileSync(join(home, 'kdc.conf'), kdc.join('\n'));
    const environment = environmentOf(home);
    await succeeds(run('kdb5_util', ['create', '-s', '-P', 'master', '-r', realm], environment));
    const daemon = spawn('krb5kdc', ['-n', '-P', join(home, 'pid')], { env: environment, stdio: 'ignore' });
    const started = new ThrowawayKdc(home, daemon);
    await accepts(port);
    return started;
  }

  /** A user with a password, or a service without one. Its tickets may be renewed for a week. */
  async addPrincipal(name: string, password?: string): Promise<void> {
    const secret = password === undefined ? '-randkey' : `-pw ${password}`;
    await succeeds(
      run('kadmin.local', ['-q', `addprinc ${secret} -maxrenewlife 7d "${name}"`], environmentOf(this.folder)),
    );
  }

  /** Without it the realm renews nothing. */
  async letRenew(): Promise<void> {
    const words = ['-q', `modprinc -maxrenewlife 7d krbtgt/${realm}`];
    await succeeds(run('kadmin.local', words, environmentOf(this.folder)));
  }

  /** A program of krb5-user. `libdefaults` are lines that win over the realm's krb5.conf; `krb5Config` is read in its place. */
  async client(
    program: string,
    words: readonly string[],
    options: { input?: string; libdefaults?: string; krb5Config?: string } = {},
  ): Promise<Answer> {
    const { input = '', libdefaults = '', krb5Config = `${this.folder}/krb5.conf` } = options;
    writeFileSync(join(this.folder, 'more.conf'), `[libdefaults]\n${libdefaults}\n`);
    const configuration = `${this.folder}/more.conf:${krb5Config}`;
    const environment = { ...environmentOf(this.folder), KRB5_CONFIG: configuration, TZ: 'UTC', LC_ALL: 'C.UTF-8' };
    return run(program, words, environment, input);
  }

  async kinit(
    file: string,
    name: string,
    password: string,
    options: { libdefaults?: string; words?: string[] } = {},
  ): Promise<void> {
    const { words = [], ...rest } = options;
    await succeeds(this.client('kinit', ['-c', `FILE:${file}`, ...words, name], { input: `${password}\n`, ...rest }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#daemon.exitCode !== null || this.#daemon.signalCode !== null) return;
    const ended = once(this.#daemon, 'exit');
    this.#daemon.kill();
    await ended;
  }
}

export async function succeeds(answer: Promise<Answer>): Promise<string> {
  const { code, output } = await answer;
  if (code !== 0) throw new Error(`exit code ${code}: ${output}`);
  return output;
}

function environmentOf(home: string): Record<string, string> {
  const path = '/usr/sbin:/usr/bin:/sbin:/bin';
  return { PATH: path, KRB5_CONFIG: `${home}/krb5.conf`, KRB5_KDC_PROFILE: `${home}/kdc.conf` };
}

function run(program: string, words: readonly string[], env: Record<string, string>, input = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, words, { env, timeout: 20_000 }, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') reject(error);
      else resolve({ code: typeof error?.code === 'number' ? error.code : 0, output: stdout + stderr });
    });
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function accepts(port: number): Promise<void> {
  for (let left = 100; ; left -= 1) {
    const socket = connect(port, '127.0.0.1');
    const open = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    socket.destroy();
    if (open) return;
    if (left === 0) throw new Error('the KDC does not listen');
    await delay(50);
  }
}
