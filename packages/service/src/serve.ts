/** The composition root: the one place that knows every part and plugs them together. */
import { existsSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createDockerEngine } from '@berth/docker-engine';
import { certificateFolders, createSpawner, type Engine, type Faults, type Probe } from '@berth/spawner';
import { openStore } from '@berth/store';
import type { Logger } from 'pino';
import { ConfigurationError, loadConfiguration, toSpawnerSettings, type Configuration } from './configuration/index.ts';
import { createDoctor } from './doctor/create-doctor.ts';
import { createApp } from './http/app.ts';
import { openContract } from './http/contract.ts';
import { createEventStreams } from './http/event-stream.ts';
import { createHandlers } from './http/handlers/index.ts';
import { createMetrics } from './http/metrics.ts';
import { openListeners, type Listeners } from './listeners/listeners.ts';
import { openLogin } from './login/open-login.ts';
import { createLog } from './log.ts';
import { createReadiness } from './readiness.ts';
import { instanceName, labelKey } from './state/private-file.ts';
import { openTokenRing, TokenFileError, tokenSources, type TokenRing } from './tokens/index.ts';

export interface ServeOptions {
  /** The configuration; without it, `<state>/berth.yaml` where that exists, else the defaults. */
  readonly configFile?: string;
  /** Folder of what must survive a restart: database, tokens, label key. */
  readonly state: string;
  /** Folder of what need not: sockets, certificates. Best on tmpfs. */
  readonly runtime: string;
}

/** What tests and benches put in place of the real thing. */
export interface ServeOverrides {
  readonly engine?: Engine;
  readonly probe?: Probe;
  readonly faults?: Faults;
  readonly log?: Logger;
}

export interface Service {
  /** Where it listens: `http://127.0.0.1:8550`, `unix:///run/berth/hub.sock`. */
  readonly addresses: readonly string[];
  /** Stops accepting, finishes what is under way within 10 s, closes everything. Containers run on. */
  close(): Promise<void>;
}

const closeGraceMs = 10_000;

/**
 * Starts the service; resolves once it listens, whether or not Docker answers yet. Rejects with a ConfigurationError,
 * StoreError, StateFileError, ListenerError or node:net's error; nothing stays open then.
 */
export async function serve(options: ServeOptions, overrides: ServeOverrides = {}): Promise<Service> {
  const folders = { state: resolve(options.state), runtime: resolve(options.runtime) };
  const configFile = options.configFile ?? existing(join(folders.state, 'berth.yaml'));
  const configuration = await loadConfiguration(configFile, folders);
  const log = overrides.log ?? createLog(configuration.log);
  const now = () => new Date();
  const closers: (() => Promise<void> | void)[] = [];
  /** Last opened, first closed. */
  const closeAll = async () => {
    for (const close of closers.splice(0).toReversed()) await close();
  };

  try {
    await mkdir(folders.runtime, { recursive: true, mode: 0o755 });
    const store = await openStore({ folder: folders.state, clock: now, log: inWords(log) });
    closers.push(() => store.close());
    const ring = await openTokens(configuration, configFile ?? 'defaults', log, now);
    const instance = configuration.instance ?? (await instanceName(folders.state));
    const key = await labelKey(folders.state);
    const settings = toSpawnerSettings(configuration, { instance, labelKey: key });
    const login = await openLogin({
      configuration,
      configFile: configFile ?? 'defaults',
      folders,
      store,
      key,
      log,
      now,
    });
    closers.push(() => login.close());
    const { accounts, tickets, audit } = login;
    const engine = overrides.engine ?? dockerEngine(configuration, log, now);
    const { probe, faults } = overrides;
    const spawner = createSpawner({
      ...{ settings, engine, store, log, now, certificates: certificateFolders(folders.runtime) },
      ...{ accounts, tickets },
      ...(probe === undefined ? {} : { probe }),
      ...(faults === undefined ? {} : { faults }),
    });
    await spawner.open();
    closers.push(() => spawner.close());

    const users = login.follow(spawner);
    const version = packageVersion();
    const streams = createEventStreams({ spawner });
    const images = configuration.images.map(({ reference }) => reference);
    const metrics = createMetrics({ spawner, users, streams, images, ofProcess: true });
    closers.push(() => metrics.close());
    let listeners: Listeners | undefined;
    const readiness = createReadiness({
      spawner,
      users,
      tokens: ring,
      listeners: { faults: () => listeners?.faults() ?? [] },
    });
    const doctor = createDoctor({ configuration, folders, engine, spawner, login, instance, readiness, now });
    const handlers = createHandlers({
      ...{ spawner, streams, users, audit, configuration, instance, version, doctor, readiness, metrics },
      backup: () => store.backup(),
    });
    const app = createApp({ contract: await openContract(), handlers, tokens: ring, metrics, log });
    listeners = await openListeners({ listen: configuration.listen, app, network: () => spawner.network, log });
    const { addresses, close } = listeners;
    closers.push(async () => {
      streams.close();
      await close(closeGraceMs);
    });
    closers.push(exitOnStrayRejections(log));
    log.info({ version, instance, addresses, state: folders.state }, 'serving');
    return {
      addresses,
      async close() {
        log.info({}, 'stopping');
        await closeAll();
        log.info({}, 'stopped');
      },
    };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

function existing(path: string): string | undefined {
  return existsSync(path) ? path : undefined;
}

/** A token file that can't be used is a fault of the configuration. */
async function openTokens(
  configuration: Configuration,
  file: string,
  log: Logger,
  now: () => Date,
): Promise<TokenRing> {
  try {
    return await openTokenRing({ sources: tokenSources(configuration), now, log });
  } catch (error) {
    if (error instanceof TokenFileError)
      throw new ConfigurationError(file, [{ line: undefined, path: '', message: error.message }]);
    throw error;
  }
}

function dockerEngine({ docker }: Configuration, log: Logger, now: () => Date): Engine {
  return createDockerEngine({
    socketPath: docker.socket,
    callSeconds: docker.callTimeout,
    pullSeconds: docker.pullTimeout,
    now,
    log: (message) => log.warn({ part: 'docker' }, message),
  });
}

/** For parts that say one sentence. */
function inWords(log: Logger) {
  return {
    info: (message: string) => log.info({}, message),
    warn: (message: string) => log.warn({}, message),
  };
}

function packageVersion(): string {
  const file = new URL('../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

/** A rejection that nobody handled leaves the process in a state nobody knows: a supervisor starts a fresh one. */
function exitOnStrayRejections(log: Logger): () => void {
  const end = (reason: unknown) => {
    log.fatal({ err: reason }, 'a rejection that nobody handled; ending');
    process.exit(1);
  };
  process.on('unhandledRejection', end);
  return () => void process.off('unhandledRejection', end);
}
