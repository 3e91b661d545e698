/** Docker as Berth's Engine, over its unix socket. */
import {
  EngineError,
  type ContainerSpec,
  type ContainerView,
  type Engine,
  type EngineInfo,
  type EngineObserver,
  type EngineWatch,
  type ImageInfo,
  type NetworkInfo,
  type NetworkRequest,
  type PullProgress,
} from '@berth/spawner';
import type Dockerode from 'dockerode';
import { delay } from './abortable.ts';
import { containerConfig } from './container-config.ts';
import { inspectedContainer, listedContainer } from './container-view.ts';
import { DockerConnection } from './docker-connection.ts';
import { dial, dialStream } from './docker-dial.ts';
import { readImageFiles } from './docker-files.ts';
import { describeDocker } from './docker-info.ts';
import { findImage } from './docker-images.ts';
import { Gate } from './gate.ts';
import { LogLines } from './docker-logs.ts';
import { DockerNetworks } from './docker-networks.ts';
import { DockerPulls } from './docker-pull.ts';
import { DockerWatch } from './docker-watch.ts';

export interface DockerEngineOptions {
  /** For example `/var/run/docker.sock`. */
  readonly socketPath: string;
  /** Limit of each call, seconds; of a stop on top of its grace. */
  readonly callSeconds: number;
  /** A pull that says nothing for so many seconds is given up; 300 where not said. */
  readonly pullIdleSeconds?: number;
  /** A pull that takes so long in all is given up; 1,800 where not said. */
  readonly pullSeconds?: number;
  /** The event stream is made anew after so many seconds, because some go mute; 180 where not said. */
  readonly watchRefreshSeconds?: number;
  readonly now?: () => Date;
  /** Told in one sentence what goes wrong without failing a call. */
  readonly log?: (message: string) => void;
}

/**
 * Docker starts containers one after the other for the most part (network, runc): of 150 at once on two busy cores, half were not
 * answered within 30 s, and whoever stops something waits as long. Those in line wait as long as their own signal lets them.
 */
const STARTS_AT_ONCE = 16;

/** Connects lazily: nothing is asked before the first call, and Docker needs not be there. */
export function createDockerEngine(options: DockerEngineOptions): DockerEngine {
  return new DockerEngine(options);
}

export class DockerEngine implements Engine {
  readonly #connection: DockerConnection;
  readonly #networks: DockerNetworks;
  readonly #pulls: DockerPulls;
  readonly #starts = new Gate(STARTS_AT_ONCE);
  readonly #options: DockerEngineOptions;

  constructor(options: DockerEngineOptions) {
    this.#options = options;
    this.#connection = new DockerConnection(options.socketPath, options.callSeconds);
    this.#networks = new DockerNetworks(this.#connection);
    this.#pulls = new DockerPulls(this.#connection, {
      idleSeconds: options.pullIdleSeconds ?? 300,
      totalSeconds: options.pullSeconds ?? 1800,
    });
  }

  describe(signal: AbortSignal): Promise<EngineInfo> {
    return describeDocker(this.#connection, signal);
  }

  ensureNetwork(network: NetworkRequest, signal: AbortSignal): Promise<NetworkInfo> {
    return this.#networks.ensure(network, signal);
  }

  findImage(reference: string, signal: AbortSignal): Promise<ImageInfo | undefined> {
    return findImage(this.#connection, reference, signal);
  }

  pull(reference: string, onProgress: (progress: PullProgress) => void, signal: AbortSignal): Promise<ImageInfo> {
    return this.#pulls.pull(reference, onProgress, signal);
  }

  readFiles(imageId: string, paths: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
    const now = this.#options.now ?? (() => new Date());
    return readImageFiles(this.#connection, imageId, paths, now(), signal);
  }

  async create(spec: ContainerSpec, signal: AbortSignal): Promise<string> {
    // Told apart by dockerode's `_query` and `_body`: without them it would write the body, secrets and all, into the URL too.
    const request = { _query: { name: spec.name }, _body: containerConfig(spec) };
    const call = { name: 'create', subject: 'create', signal } as const;
    const container = await this.#connection.call(call, (docker, abortSignal) =>
      docker.createContainer({ ...request, abortSignal } as Dockerode.ContainerCreateOptions),
    );
    if (typeof container?.id !== 'string') throw new EngineError('refused', "Docker's answer to create has no id");
    return container.id;
  }

  async start(id: string, signal: AbortSignal): Promise<void> {
    const call = { name: 'start', subject: 'container', signal, accept: [304] } as const;
    await this.#starts.through(signal, () =>
      this.#connection.call(call, (docker, abortSignal) => container(docker, id).start({ abortSignal })),
    );
  }

  async inspect(id: string, signal: AbortSignal): Promise<ContainerView> {
    const call = { name: 'inspect', subject: 'container', signal } as const;
    const answer = await this.#connection.call(call, (docker, abortSignal) =>
      dial(docker, `${pathOf(id)}/json`, {}, abortSignal),
    );
    const view = inspectedContainer(answer);
    if (view === undefined) throw new EngineError('refused', `Docker's answer about container ${id} can't be read`);
    return view;
  }

  async list(label: string, signal: AbortSignal): Promise<{ containers: ContainerView[]; unreadable: number }> {
    const query = { all: true, filters: JSON.stringify({ label: [label] }) };
    const call = { name: 'list', subject: 'engine', signal } as const;
    const answer = await this.#connection.call(call, (docker, abortSignal) =>
      dial(docker, '/containers/json', query, abortSignal),
    );
    if (!Array.isArray(answer)) throw new EngineError('refused', "Docker's list of containers can't be read");
    const containers = answer.map(listedContainer).filter((view) => view !== undefined);
    return { containers, unreadable: answer.length - containers.length };
  }

  async stop(id: string, graceSeconds: number, signal: AbortSignal): Promise<void> {
    const grace = Math.max(0, Math.ceil(graceSeconds));
    const call = { name: 'stop', subject: 'container', signal, moreSeconds: grace, accept: [304] } as const;
    await this.#connection.call(call, (docker, abortSignal) => container(docker, id).stop({ t: grace, abortSignal }));
  }

  async remove(id: string, signal: AbortSignal): Promise<void> {
    const call = { name: 'remove', subject: 'container', signal } as const;
    try {
      await this.#connection.call(call, (docker, abortSignal) =>
        container(docker, id).remove({ v: true, force: false, abortSignal }),
      );
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      if (error.code === 'not-found') return;
      if (error.status !== 409 || !/is already in progress/i.test(error.message)) throw error;
      await this.#gone(id, signal);
    }
  }

  async logs(id: string, tail: number, signal: AbortSignal): Promise<string[]> {
    if (tail <= 0) return [];
    const call = { name: 'logs', subject: 'container', signal } as const;
    const lines = await this.#connection.call(call, async (docker, abortSignal) => {
      const found = new LogLines(tail);
      const query = { stdout: true, stderr: true, follow: false, tail };
      const stream = await dialStream(docker, `${pathOf(id)}/logs`, query, abortSignal);
      for await (const chunk of stream) found.push(chunk as Buffer);
      return found.end();
    });
    return lines ?? [];
  }

  watch(label: string, observer: EngineObserver): EngineWatch {
    return new DockerWatch(this.#connection, label, observer, {
      refreshSeconds: this.#options.watchRefreshSeconds ?? 180,
      now: this.#options.now ?? (() => new Date()),
      log: this.#options.log ?? (() => undefined),
    });
  }

  /** Gives up the pulls that go on. */
  close(): void {
    this.#pulls.close();
  }

  /** Waits for a removal that somebody else has begun. */
  async #gone(id: string, signal: AbortSignal): Promise<void> {
    const deadline = performance.now() + this.#connection.callSeconds * 1000;
    for (;;) {
      const call = { name: 'inspect', subject: 'container', signal, accept: [404] } as const;
      const answer = await this.#connection.call(call, (docker, abortSignal) =>
        dial(docker, `${pathOf(id)}/json`, {}, abortSignal),
      );
      if (answer === undefined) return;
      if (performance.now() > deadline)
        throw new EngineError('timeout', `the removal of container ${id} that is under way does not end`);
      await delay(100, signal);
    }
  }
}

function pathOf(id: string): string {
  return `/containers/${encodeURIComponent(id)}`;
}

function container(docker: Dockerode, id: string): Dockerode.Container {
  return docker.getContainer(encodeURIComponent(id));
}
