/**
 * A Docker daemon of the test's own, beside the machine's: data, sockets, containerd, bridge and configuration lie under
 * one folder, and nothing under /etc is read or written. Needs root, `dockerd`, `docker`, `ip`, `iptables` and `setpriv`.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { killContainerd, killShims, unmountUnder } from './dockerd-leftovers.ts';
import { keepingRules, removeRules } from './firewall.ts';
import { runCommand, tryCommand } from './run-command.ts';
import { addBridge, bridgeNames, removeBridge, type TestBridge } from './test-bridge.ts';

export interface DockerdOptions {
  /** Folder of this daemon, made where missing; at most 60 characters, as unix sockets lie below it. */
  readonly root: string;
  /** Containers live on while the daemon is stopped. */
  readonly liveRestore?: boolean;
  /** More of daemon.json. */
  readonly configuration?: Readonly<Record<string, unknown>>;
}

const READY_SECONDS = 60;
const STOP_SECONDS = 60;

export class Dockerd {
  readonly root: string;
  readonly socketPath: string;
  /** The host's address on the daemon's default bridge: where a hub on the host listens for containers. */
  readonly bridgeAddress: string;
  readonly #bridge: TestBridge;
  #process: ChildProcess | undefined;

  /** Makes the bridge, starts the daemon, resolves once it answers. */
  static async start(options: DockerdOptions): Promise<Dockerd> {
    if (process.getuid?.() !== 0) throw new Error('a dockerd of the test needs root');
    if (options.root.length > 60) throw new Error(`the folder's path is too long for unix sockets: ${options.root}`);
    await mkdir(options.root, { recursive: true });
    const bridge = await addBridge();
    const daemon = new Dockerd(options.root, bridge);
    try {
      await writeFile(join(options.root, 'daemon.json'), JSON.stringify(await configuration(options, bridge), null, 2));
      await daemon.start();
    } catch (error) {
      await daemon.remove();
      throw error;
    }
    return daemon;
  }

  private constructor(root: string, bridge: TestBridge) {
    this.root = root;
    this.socketPath = join(root, 'docker.sock');
    this.bridgeAddress = bridge.address;
    this.#bridge = bridge;
  }

  /** Starts it again after `stop` or `kill`; resolves once it answers. Running is success. */
  async start(): Promise<void> {
    if (this.#process !== undefined) return;
    await rm(join(this.root, 'docker.pid'), { force: true });
    await keepingRules(() => this.#launch());
  }

  /** SIGTERM: containers are stopped too, except with live-restore. Resolves once it is gone. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** SIGKILL: containers stay as they are. Resolves once it is gone. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
    await killContainerd(this.root);
  }

  /** From now on it takes connections and answers nothing. */
  freeze(): void {
    this.#process?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#process?.kill('SIGCONT');
  }

  /** Runs the docker client against this daemon. */
  async docker(...args: string[]): Promise<string> {
    return runCommand('docker', ['-H', `unix://${this.socketPath}`, ...args]);
  }

  /** The daemon's own log so far. */
  async log(): Promise<string> {
    return readFile(join(this.root, 'dockerd.log'), 'utf8').catch(() => '');
  }

  /** Takes everything away: containers, daemon, networks, firewall rules, files. May be called in any state, twice too. */
  async remove(): Promise<void> {
    if (this.#process !== undefined) await this.#removeContainers().catch(() => undefined);
    const networks = await this.#networkInterfaces();
    await this.stop();
    await killShims(this.root);
    for (const name of networks) await tryCommand('ip', ['link', 'del', name]);
    await removeBridge(this.#bridge);
    const ours = new Set([...networks, this.#bridge.name]);
    const third = this.bridgeAddress.split('.')[2];
    await removeRules(ours, [`172.30.${third}.`, `10.${third}.`]);
    await unmountUnder(this.root);
    for (const name of ['data', 'exec', 'daemon.json', 'docker.sock', 'docker.pid', 'key.json', 'dockerd.log'])
      await rm(join(this.root, name), { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  async #launch(): Promise<void> {
    const log = await open(join(this.root, 'dockerd.log'), 'a');
    // A daemon whose test died ends too.
    const command = ['--pdeathsig', 'TERM', 'dockerd', '--config-file', join(this.root, 'daemon.json')];
    const child = spawn('setpriv', command, {
      stdio: ['ignore', log.fd, log.fd],
      cwd: this.root,
      // A Ctrl-C at the terminal is for the test run, which then ends the daemon itself.
      detached: true,
      env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', TMPDIR: this.root, HOME: this.root },
    });
    this.#process = child;
    let failed: string | undefined;
    child.once('error', (error) => (failed = error.message));
    child.once('exit', (code, by) => {
      failed ??= `ended with ${code ?? by}`;
      if (this.#process === child) this.#process = undefined;
    });
    await log.close();
    const deadline = Date.now() + READY_SECONDS * 1000;
    while ((await tryCommand('docker', ['-H', `unix://${this.socketPath}`, 'info'])) === undefined) {
      if (failed !== undefined) throw new Error(`dockerd ${failed}:\n${(await this.log()).slice(-2000)}`);
      if (Date.now() > deadline) throw new Error(`dockerd isn't ready after ${READY_SECONDS} s:\n${await this.log()}`);
      await sleep(50);
    }
  }

  async #end(by: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#process;
    if (child === undefined) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill(by);
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_SECONDS * 1000);
    await gone;
    clearTimeout(timer);
  }

  async #removeContainers(): Promise<void> {
    const ids = (await this.docker('ps', '-aq')).split('\n').filter((id) => id !== '');
    if (ids.length > 0) await this.docker('rm', '-f', '-v', ...ids);
    await this.docker('network', 'prune', '-f');
  }

  /** Bridges of networks that its users made: `br-` and the first twelve digits of the network's id. */
  async #networkInterfaces(): Promise<string[]> {
    if (this.#process === undefined) return [];
    const ids = await this.docker('network', 'ls', '-q', '--filter', 'driver=bridge').catch(() => '');
    const existing = await bridgeNames();
    return ids
      .split('\n')
      .map((id) => `br-${id}`)
      .filter((name) => existing.has(name));
  }
}

async function configuration(options: DockerdOptions, bridge: TestBridge): Promise<Record<string, unknown>> {
  const version = Number(/version (\d+)/.exec(await runCommand('dockerd', ['--version']))?.[1]);
  return {
    'data-root': join(options.root, 'data'),
    'exec-root': join(options.root, 'exec'),
    pidfile: join(options.root, 'docker.pid'),
    hosts: [`unix://${join(options.root, 'docker.sock')}`],
    bridge: bridge.name,
    'default-address-pools': [{ base: bridge.pool, size: 22 }],
    'live-restore': options.liveRestore ?? false,
    // Engines before 25 make /etc/docker/key.json otherwise.
    ...(version < 25 ? { 'deprecated-key-path': join(options.root, 'key.json') } : {}),
    ...options.configuration,
  };
}
