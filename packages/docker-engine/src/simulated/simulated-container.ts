import type { ContainerExit, ContainerSpec, ContainerState, ContainerView } from '@berth/spawner';

/** How a simulated container's program behaves. */
export interface Behaviour {
  /** It ends by itself so many milliseconds after its start, with this code. */
  readonly exits?: { readonly afterMilliseconds: number; readonly code: number; readonly oomKilled?: boolean };
  /** What a polite signal makes it do: end after so many milliseconds with this code. By default at once, with 143. */
  readonly onStop?: { readonly afterMilliseconds: number; readonly code: number };
  /** What it writes as it starts. */
  readonly says?: readonly string[];
  /** It can't be started: the engine's words. */
  readonly startError?: string;
}

type Running = { readonly phase: 'running'; readonly startedAt: Date; readonly paused: boolean };
type Phase = { readonly phase: 'created' } | Running | { readonly phase: 'exited'; readonly exit: ContainerExit };

/** One container of the simulated engine; its states change only here. */
export class SimulatedContainer {
  readonly id: string;
  readonly spec: ContainerSpec;
  readonly behaviour: Behaviour;
  readonly createdAt: Date;
  readonly lines: string[] = [];
  /** Set while a removal is under way. */
  removal: Promise<void> | undefined;
  /** On its network, while it runs. */
  address: string | undefined;
  /** Ends the program of its own accord. */
  timer: ReturnType<typeof setTimeout> | undefined;
  #state: Phase = { phase: 'created' };
  readonly #ended = new Set<() => void>();

  constructor(id: string, spec: ContainerSpec, behaviour: Behaviour, createdAt: Date) {
    this.id = id;
    this.spec = spec;
    this.behaviour = behaviour;
    this.createdAt = createdAt;
  }

  get running(): boolean {
    return this.#state.phase === 'running';
  }

  start(address: string | undefined, at: Date): void {
    this.address = address;
    this.#state = { phase: 'running', startedAt: at, paused: false };
    this.lines.push(...(this.behaviour.says ?? []));
  }

  end(exit: ContainerExit): void {
    clearTimeout(this.timer);
    this.address = undefined;
    this.#state = { phase: 'exited', exit };
    for (const tell of this.#ended) tell();
    this.#ended.clear();
  }

  /** Resolves once it no longer runs. */
  ended(): Promise<void> {
    return this.running ? new Promise((resolve) => this.#ended.add(resolve)) : Promise.resolve();
  }

  pause(paused: boolean): void {
    if (this.#state.phase === 'running') this.#state = { ...this.#state, paused };
  }

  /** As `inspect` gives it, or as `list` does, which knows less of an exit. */
  view(listed: boolean): ContainerView {
    const { address, spec } = this;
    const { memoryBytes } = spec.limits;
    const published = this.running ? spec.publish : [];
    return {
      id: this.id,
      name: spec.name,
      imageId: spec.imageId,
      labels: { ...spec.labels },
      state: this.#view(listed),
      createdAt: this.createdAt,
      addresses: address === undefined ? {} : { [spec.network.name]: address },
      published: Object.fromEntries(
        published.map((one) => [one.containerPort, { address: one.address, port: one.hostPort }]),
      ),
      ...(listed || memoryBytes === undefined ? {} : { memoryBytes }),
    };
  }

  #view(listed: boolean): ContainerState {
    if (this.removal !== undefined) return { phase: 'removing' };
    if (!listed) return this.#state;
    if (this.#state.phase === 'running') return { phase: 'running', paused: this.#state.paused };
    return { phase: this.#state.phase };
  }
}
