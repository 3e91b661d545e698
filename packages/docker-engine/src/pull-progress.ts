/** What a pull's stream says, summed up. */
import type { PullProgress } from '@berth/spawner';
import { numberIn, objectIn, textIn } from './json-value.ts';

interface Layer {
  readonly done: boolean;
  readonly current: number;
  readonly total: number;
}

const DONE = new Set(['Pull complete', 'Already exists']);
/** Statuses of a layer; others with an id are about the tag. */
const LAYER =
  /^(Pulling fs layer|Waiting|Downloading|Verifying Checksum|Download complete|Extracting|Pull complete|Already exists)/;

/** Download counts for most of the time, unpacking for the rest. */
const DOWNLOAD_PART = 0.7;

export class PullSummary {
  readonly #layers = new Map<string, Layer>();
  #fraction = 0;
  #last: PullProgress | undefined;

  /** Takes one value of the stream; gives the progress where it reads differently now. */
  add(value: unknown): PullProgress | undefined {
    const line = objectIn(value);
    const id = textIn(line?.['id']);
    const status = textIn(line?.['status']);
    if (line === undefined || id === undefined || status === undefined || !LAYER.test(status)) return undefined;
    const detail = objectIn(line['progressDetail']);
    const known = this.#layers.get(id) ?? { done: false, current: 0, total: 0 };
    const total = (status === 'Downloading' ? numberIn(detail?.['total']) : undefined) ?? known.total;
    const current = status === 'Downloading' ? (numberIn(detail?.['current']) ?? known.current) : known.current;
    const loaded = /^(Download complete|Extracting|Pull complete)/.test(status);
    this.#layers.set(id, { done: DONE.has(status), current: loaded ? total : current, total });
    return this.#changed();
  }

  /** As it stands, for somebody who joins. */
  get last(): PullProgress | undefined {
    return this.#last;
  }

  #changed(): PullProgress | undefined {
    const layers = [...this.#layers.values()];
    const done = layers.filter((layer) => layer.done).length;
    const total = layers.reduce((sum, layer) => sum + layer.total, 0);
    const current = layers.reduce((sum, layer) => sum + layer.current, 0);
    const bytes = total === 0 ? '' : `, ${megabytes(current)} of ${megabytes(total)} MB`;
    const message = `${done} of ${layers.length} layers${bytes}`;
    if (message === this.#last?.message) return undefined;
    const unpacked = done / layers.length;
    const fraction = total === 0 ? unpacked : DOWNLOAD_PART * (current / total) + (1 - DOWNLOAD_PART) * unpacked;
    // Layers are announced one by one: what looks like a step back isn't shown.
    this.#fraction = Math.max(this.#fraction, fraction);
    this.#last = { message, fraction: this.#fraction };
    return this.#last;
  }
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1e6);
}
