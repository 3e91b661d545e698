/**
 * An engine in memory: what benches run on, and tests of everything above an Engine. It keeps the same contract as the
 * real one (testing/engine-contract.ts is run against both) and can be disturbed at each call.
 */
import {
  EngineError,
  type ContainerSpec,
  type ContainerView,
  type Engine,
  type EngineEvent,
  type EngineInfo,
  type EngineObserver,
  type EngineWatch,
  type ImageInfo,
  type NetworkInfo,
  type NetworkRequest,
  type PullProgress,
} from '@berth/spawner';
import { abortable, delay } from '../abortable.ts';
import { carriesLabel } from '../label-filter.ts';
import { SimulatedCalls, type EngineCall, type FaultTime, type Hold } from './simulated-calls.ts';
import { SimulatedContainer, type Behaviour } from './simulated-container.ts';
import { SimulatedEvents } from './simulated-events.ts';
import { SimulatedImages, type ImageDetails } from './simulated-images.ts';
import { SimulatedNetworks } from './simulated-networks.ts';

export interface SimulatedEngineOptions {
  /** Milliseconds that a call takes; 0 where not said. */
  readonly latency?: Partial<Record<EngineCall, number>>;
  /** Limit of a call, after which it rejects with `timeout`; without it only an abort ends one that hangs. */
  readonly callSeconds?: number;
  readonly now?: () => Date;
  /** What the program in a container does; by default it runs until it is stopped. */
  readonly behaviour?: (spec: ContainerSpec) => Behaviour;
  /** Its address, instead of the lowest free one of its network. */
  readonly addressOf?: (spec: ContainerSpec) => string;
  readonly info?: Partial<EngineInfo>;
}

export class SimulatedEngine implements Engine {
  readonly #calls: SimulatedCalls;
  readonly #events = new SimulatedEvents();
  readonly #images = new SimulatedImages();
  readonly #networks = new SimulatedNetworks();
  readonly #containers = new Map<string, SimulatedContainer>();
  readonly #pulls = new Map<string, Promise<ImageInfo>>();
  readonly #options: SimulatedEngineOptions;
  readonly #now: () => Date;
  #created = 0;
  #unreadable = 0;

  constructor(options: SimulatedEngineOptions = {}) {
    this.#options = options;
    this.#now = options.now ?? (() => new Date());
    this.#calls = new SimulatedCalls(options.latency ?? {}, options.callSeconds);
  }

  // The engine.

  describe(signal: AbortSignal): Promise<EngineInfo> {
    return this.#calls.run('describe', signal, () => ({ ...DESCRIPTION, ...this.#options.info }));
  }

  ensureNetwork(network: NetworkRequest, signal: AbortSignal): Promise<NetworkInfo> {
    return this.#calls.run('ensureNetwork', signal, () => this.#networks.ensure(network));
  }

  findImage(reference: string, signal: AbortSignal): Promise<ImageInfo | undefined> {
    return this.#calls.run('findImage', signal, () => this.#images.find(reference));
  }

  async pull(reference: string, onProgress: (progress: PullProgress) => void, signal: AbortSignal): Promise<ImageInfo> {
    signal.throwIfAborted();
    let pull = this.#pulls.get(reference);
    if (pull === undefined) {
      const own = new AbortController().signal;
      pull = this.#calls.run('pull', own, () => this.#images.pull(reference));
      this.#pulls.set(reference, pull);
      const forget = (): void => void this.#pulls.delete(reference);
      pull.then(forget, forget);
    }
    onProgress({ message: '1 of 2 layers', fraction: 0.5 });
    return abortable(pull, signal);
  }

  readFiles(imageId: string, paths: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
    return this.#calls.run('readFiles', signal, () => {
      const files = this.#images.filesOf(imageId);
      return new Map(paths.flatMap((path) => (files[path] === undefined ? [] : [[path, files[path]] as const])));
    });
  }

  create(spec: ContainerSpec, signal: AbortSignal): Promise<string> {
    return this.#calls.run('create', signal, () => {
      if (this.#images.find(spec.imageId) === undefined)
        throw new EngineError('image-not-found', `No such image: ${spec.imageId}`, { status: 404 });
      if ([...this.#containers.values()].some((one) => one.spec.name === spec.name))
        throw new EngineError('name-taken', `The name ${spec.name} is already in use`, { status: 409 });
      const id = (++this.#created).toString(16).padStart(12, '0').padEnd(64, '0');
      const container = new SimulatedContainer(id, spec, this.#options.behaviour?.(spec) ?? {}, this.#now());
      this.#containers.set(id, container);
      this.#tell(container, 'create');
      return id;
    });
  }

  start(id: string, signal: AbortSignal): Promise<void> {
    return this.#calls.run('start', signal, () => this.#start(this.#existing(id)));
  }

  inspect(id: string, signal: AbortSignal): Promise<ContainerView> {
    return this.#calls.run('inspect', signal, () => this.#existing(id).view(false));
  }

  list(label: string, signal: AbortSignal): Promise<{ containers: ContainerView[]; unreadable: number }> {
    return this.#calls.run('list', signal, () => ({
      containers: [...this.#containers.values()]
        .filter((one) => carriesLabel(one.spec.labels, label))
        .map((one) => one.view(true)),
      unreadable: this.#unreadable,
    }));
  }

  stop(id: string, graceSeconds: number, signal: AbortSignal): Promise<void> {
    return this.#calls.run('stop', signal, () => this.#stop(this.#existing(id), graceSeconds), graceSeconds);
  }

  remove(id: string, signal: AbortSignal): Promise<void> {
    const container = this.#find(id);
    if (container?.running === false && this.#calls.downReason === undefined && !signal.aborted) {
      const gone = Promise.withResolvers<void>();
      container.removal ??= gone.promise;
      const settled = (): void => {
        if (container.removal === gone.promise) container.removal = undefined;
        gone.resolve();
      };
      const removal = this.#calls.run('remove', signal, () => this.#remove(id));
      removal.then(settled, settled);
      return removal;
    }
    return this.#calls.run('remove', signal, () => this.#remove(id));
  }

  logs(id: string, tail: number, signal: AbortSignal): Promise<string[]> {
    return this.#calls.run('logs', signal, () => {
      const { lines } = this.#existing(id);
      return tail > 0 ? lines.slice(-tail) : [];
    });
  }

  watch(label: string, observer: EngineObserver): EngineWatch {
    this.#calls.count('watch');
    return this.#events.watch(label, observer, this.#calls.downReason);
  }

  // What a test or a bench says and asks.

  /** An image that is here. */
  addImage(reference: string, details: ImageDetails = {}): ImageInfo {
    return this.#images.add(reference, details);
  }

  /** An image that a pull would find. */
  addRemoteImage(reference: string, details: ImageDetails = {}): ImageInfo {
    return this.#images.addRemote(reference, details);
  }

  removeImage(reference: string): void {
    this.#images.remove(reference);
  }

  /** How often a call was made, successful or not. */
  callCount(call: EngineCall): number {
    return this.#calls.counted(call);
  }

  resetCallCounts(): void {
    this.#calls.resetCounts();
  }

  setLatency(call: EngineCall, milliseconds: number): void {
    this.#calls.setLatency(call, milliseconds);
  }

  /** The next such call rejects. Faults of one call queue up. */
  failNext(call: EngineCall, error: EngineError, when: FaultTime = 'before'): void {
    this.#calls.failNext(call, error, when);
  }

  /** The next such call hangs until it is aborted or its limit has passed. */
  hangNext(call: EngineCall, when: FaultTime = 'before'): void {
    this.#calls.hangNext(call, when);
  }

  /** The next such call waits until it is released. */
  holdNext(call: EngineCall, when: FaultTime = 'before'): Hold {
    return this.#calls.holdNext(call, when);
  }

  /** Ids and states of all containers, whatever their labels. */
  containers(): ContainerView[] {
    return [...this.#containers.values()].map((one) => one.view(false));
  }

  /** What the container was made of, by id or name. */
  specOf(idOrName: string): ContainerSpec {
    return this.#existing(idOrName).spec;
  }

  /** The program in a running container ends by itself. */
  exit(idOrName: string, exit: { readonly code: number; readonly oomKilled?: boolean; readonly error?: string }): void {
    const container = this.#existing(idOrName);
    if (container.running) this.#end(container, exit);
  }

  /** Somebody else removed the container, running or not. */
  vanish(idOrName: string): void {
    const container = this.#existing(idOrName);
    if (container.running) this.#end(container, { code: 137 });
    this.#containers.delete(container.id);
    this.#tell(container, 'destroy');
  }

  pause(idOrName: string, paused: boolean): void {
    this.#existing(idOrName).pause(paused);
  }

  /** Adds to what the container has written. */
  say(idOrName: string, ...lines: string[]): void {
    this.#existing(idOrName).lines.push(...lines);
  }

  /** Nobody answers any more; calls under way break off. Containers run on, and may still be made to exit. */
  goDown(reason = 'connect ECONNREFUSED'): void {
    this.#calls.goDown(reason);
    this.#events.down(reason);
    this.#events.setMute(true);
  }

  comeBack(): void {
    this.#calls.comeBack();
    this.#events.setMute(false);
    this.#events.gap();
  }

  /** While mute, events are lost and nobody is told: a stream that is open but dead. */
  muteEvents(mute: boolean): void {
    this.#events.setMute(mute);
  }

  /** The event stream is made anew, as after a forced reconnect. */
  reconnectEvents(): void {
    this.#events.gap();
  }

  /** Sends an event as it is, whether true or not. */
  emit(event: EngineEvent): void {
    this.#events.emit(event);
  }

  /** So many entries of each list can't be read. */
  setUnreadable(count: number): void {
    this.#unreadable = count;
  }

  /** Event streams that are open. */
  get watchers(): number {
    return this.#events.open;
  }

  #start(container: SimulatedContainer): void {
    const { spec, behaviour } = container;
    if (container.running) return;
    if (behaviour.startError !== undefined) throw new EngineError('refused', behaviour.startError, { status: 500 });
    if (!this.#networks.has(spec.network.name))
      throw new EngineError('refused', `network ${spec.network.name} not found`, { status: 404 });
    const taken = spec.publish.find((port) => this.#published(port.address, port.hostPort));
    if (taken !== undefined)
      throw new EngineError(
        'refused',
        `Bind for ${taken.address}:${taken.hostPort} failed: port is already allocated`,
        {
          status: 500,
        },
      );
    container.start(this.#options.addressOf?.(spec) ?? this.#networks.take(spec.network.name), this.#now());
    this.#tell(container, 'start');
    const { exits } = behaviour;
    if (exits !== undefined) container.timer = setTimeout(() => this.#end(container, exits), exits.afterMilliseconds);
  }

  async #stop(container: SimulatedContainer, graceSeconds: number): Promise<void> {
    if (!container.running) return;
    const polite = container.behaviour.onStop ?? { afterMilliseconds: 0, code: 143 };
    const grace = graceSeconds * 1000;
    const wait = Math.min(polite.afterMilliseconds, grace);
    const code = polite.afterMilliseconds <= grace ? polite.code : 137;
    const over = new AbortController();
    if (wait > 0) {
      const timer = delay(wait, over.signal).catch(() => undefined);
      await Promise.race([timer, container.ended()]);
      over.abort();
    }
    if (container.running) this.#end(container, { code });
  }

  #remove(id: string): void {
    const container = this.#find(id);
    if (container === undefined) return;
    if (container.running)
      throw new EngineError('refused', `You cannot remove a running container ${id}`, { status: 409 });
    this.#containers.delete(container.id);
    this.#tell(container, 'destroy');
  }

  #end(container: SimulatedContainer, exit: { code: number; oomKilled?: boolean; error?: string }): void {
    const { address, spec } = container;
    if (address !== undefined) this.#networks.giveBack(spec.network.name, address);
    container.end({
      code: exit.code,
      oomKilled: exit.oomKilled ?? false,
      at: this.#now(),
      ...(exit.error === undefined ? {} : { error: exit.error }),
    });
    if (exit.oomKilled === true) this.#tell(container, 'oom');
    this.#tell(container, 'die', exit.code);
  }

  #tell(container: SimulatedContainer, action: EngineEvent['action'], exitCode?: number): void {
    this.#events.emit({
      action,
      containerId: container.id,
      labels: container.spec.labels,
      at: this.#now(),
      ...(exitCode === undefined ? {} : { exitCode }),
    });
  }

  #published(address: string, port: number): boolean {
    return [...this.#containers.values()].some(
      (one) => one.running && one.spec.publish.some((other) => other.hostPort === port && other.address === address),
    );
  }

  #find(idOrName: string): SimulatedContainer | undefined {
    return this.#containers.get(idOrName) ?? [...this.#containers.values()].find((one) => one.spec.name === idOrName);
  }

  #existing(idOrName: string): SimulatedContainer {
    const container = this.#find(idOrName);
    if (container === undefined) throw new EngineError('not-found', `No such container: ${idOrName}`, { status: 404 });
    return container;
  }
}

const DESCRIPTION: EngineInfo = {
  name: 'simulated',
  version: '0.0.0',
  apiVersion: '1.41',
  os: 'simulated',
  cgroupVersion: 2,
  cgroupDriver: 'systemd',
  liveRestore: true,
  usernsRemap: false,
  dataRoot: '/var/lib/docker',
  cpus: 8,
  memoryBytes: 64 * 1024 ** 3,
  warnings: [],
};
