/** What happens to a call before and after its effect: latency, limits, faults, counting. */
import { EngineError } from '@berth/spawner';
import { abortable, delay } from '../abortable.ts';

/** The calls of an Engine that reach it; `watch` counts streams. */
export type EngineCall =
  | 'describe'
  | 'ensureNetwork'
  | 'findImage'
  | 'pull'
  | 'readFiles'
  | 'create'
  | 'start'
  | 'inspect'
  | 'list'
  | 'stop'
  | 'remove'
  | 'logs'
  | 'watch';

/** `before`: nothing has happened yet. `after`: it has happened, only the answer is late or lost. */
export type FaultTime = 'before' | 'after';

/** A call that is held. */
export interface Hold {
  /** Resolves when a call has come to this point. */
  readonly reached: Promise<void>;
  /** Lets it go on. */
  release(): void;
}

interface Fault {
  readonly call: EngineCall;
  readonly when: FaultTime;
  act(): Promise<void>;
}

export class SimulatedCalls {
  readonly #counts = new Map<EngineCall, number>();
  readonly #latencies: Partial<Record<EngineCall, number>>;
  readonly #callSeconds: number | undefined;
  readonly #down = new Set<(reason: unknown) => void>();
  #faults: Fault[] = [];
  #reason: string | undefined;

  constructor(latencies: Partial<Record<EngineCall, number>>, callSeconds: number | undefined) {
    this.#latencies = { ...latencies };
    this.#callSeconds = callSeconds;
  }

  /** Why nobody answers, or undefined. */
  get downReason(): string | undefined {
    return this.#reason;
  }

  count(call: EngineCall): void {
    this.#counts.set(call, this.counted(call) + 1);
  }

  counted(call: EngineCall): number {
    return this.#counts.get(call) ?? 0;
  }

  resetCounts(): void {
    this.#counts.clear();
  }

  setLatency(call: EngineCall, milliseconds: number): void {
    this.#latencies[call] = milliseconds;
  }

  failNext(call: EngineCall, error: Error, when: FaultTime): void {
    this.#faults.push({ call, when, act: () => Promise.reject(error) });
  }

  hangNext(call: EngineCall, when: FaultTime): void {
    this.#faults.push({ call, when, act: () => new Promise(() => undefined) });
  }

  holdNext(call: EngineCall, when: FaultTime): Hold {
    const reached = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    const act = async (): Promise<void> => {
      reached.resolve();
      await released.promise;
    };
    this.#faults.push({ call, when, act });
    return { reached: reached.promise, release: () => released.resolve() };
  }

  /** From now on nobody answers; calls under way break off, whatever they have done by then. */
  goDown(reason: string): void {
    this.#reason = reason;
    for (const breakOff of this.#down) breakOff(this.#unreachable());
  }

  comeBack(): void {
    this.#reason = undefined;
  }

  /** Runs `effect` as the answer to a call: counted, delayed, disturbed, bounded. */
  async run<T>(call: EngineCall, signal: AbortSignal, effect: () => T | Promise<T>, limitSeconds = 0): Promise<T> {
    this.count(call);
    signal.throwIfAborted();
    if (this.#reason !== undefined) throw this.#unreachable();
    const broken = new AbortController();
    const breakOff = (reason: unknown): void => broken.abort(reason);
    this.#down.add(breakOff);
    const limit = this.#callSeconds === undefined ? undefined : this.#callSeconds + limitSeconds;
    const late = (): void => breakOff(new EngineError('timeout', `${call}: no answer within ${limit} s`));
    const timer = limit === undefined ? undefined : setTimeout(late, limit * 1000);
    try {
      const both = AbortSignal.any([signal, broken.signal]);
      const latency = this.#latencies[call] ?? 0;
      if (latency > 0) await delay(latency, both);
      await this.#disturb(call, 'before', both);
      const result = await abortable(Promise.resolve(effect()), both);
      await this.#disturb(call, 'after', both);
      return result;
    } finally {
      clearTimeout(timer);
      this.#down.delete(breakOff);
    }
  }

  async #disturb(call: EngineCall, when: FaultTime, signal: AbortSignal): Promise<void> {
    const fault = this.#faults.find((one) => one.call === call && one.when === when);
    if (fault === undefined) return;
    this.#faults = this.#faults.filter((one) => one !== fault);
    await abortable(fault.act(), signal);
  }

  #unreachable(): EngineError {
    return new EngineError('unreachable', this.#reason ?? 'the simulated engine is down');
  }
}
