import type { EngineEvent, EngineObserver, EngineWatch } from '@berth/spawner';
import { carriesLabel } from '../label-filter.ts';

/** The event streams of a simulated engine. What is told to an observer is told later, never from within the call that caused it. */
export class SimulatedEvents {
  readonly #watchers = new Set<{ readonly label: string; readonly observer: EngineObserver }>();
  #mute = false;

  watch(label: string, observer: EngineObserver, downReason: string | undefined): EngineWatch {
    const watcher = { label, observer };
    this.#watchers.add(watcher);
    if (downReason === undefined) this.#later(watcher, () => observer.onGap());
    else this.#later(watcher, () => observer.onDown(downReason));
    return { close: () => void this.#watchers.delete(watcher) };
  }

  get open(): number {
    return this.#watchers.size;
  }

  /** True: events are lost and nobody is told. */
  setMute(mute: boolean): void {
    this.#mute = mute;
  }

  emit(event: EngineEvent): void {
    if (this.#mute) return;
    for (const watcher of this.#watchers)
      if (carriesLabel(event.labels, watcher.label)) this.#later(watcher, () => watcher.observer.onEvent(event));
  }

  gap(): void {
    for (const watcher of this.#watchers) this.#later(watcher, () => watcher.observer.onGap());
  }

  down(reason: string): void {
    for (const watcher of this.#watchers) this.#later(watcher, () => watcher.observer.onDown(reason));
  }

  #later(watcher: { readonly label: string; readonly observer: EngineObserver }, tell: () => void): void {
    queueMicrotask(() => {
      if (this.#watchers.has(watcher)) tell();
    });
  }
}
