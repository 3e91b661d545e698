/** Pulls: one at a time for each reference, whoever asks; none ends because a caller went away. */
import { EngineError, type ImageInfo, type PullProgress } from '@berth/spawner';
import { abortable } from './abortable.ts';
import type { DockerConnection } from './docker-connection.ts';
import { pullError, toEngineError } from './docker-errors.ts';
import { findImage, isContentId, isReference } from './docker-images.ts';
import { readJsonLines } from './json-lines.ts';
import { objectIn, textIn } from './json-value.ts';
import { PullSummary } from './pull-progress.ts';

type Listener = (progress: PullProgress) => void;

export interface PullLimits {
  /** A pull that says nothing for so long is given up. */
  readonly idleSeconds: number;
  /** A pull that takes so long in all is given up. */
  readonly totalSeconds: number;
}

interface Pull {
  readonly result: Promise<ImageInfo>;
  readonly listeners: Set<Listener>;
  readonly summary: PullSummary;
}

export class DockerPulls {
  readonly #connection: DockerConnection;
  readonly #limits: PullLimits;
  readonly #pulls = new Map<string, Pull>();
  readonly #closed = new AbortController();

  constructor(connection: DockerConnection, limits: PullLimits) {
    this.#connection = connection;
    this.#limits = limits;
  }

  async pull(reference: string, onProgress: Listener, signal: AbortSignal): Promise<ImageInfo> {
    signal.throwIfAborted();
    const pull = this.#pulls.get(reference) ?? this.#start(reference);
    if (pull.summary.last !== undefined) onProgress(pull.summary.last);
    const listener: Listener = (progress) => onProgress(progress);
    pull.listeners.add(listener);
    try {
      return await abortable(pull.result, signal);
    } finally {
      pull.listeners.delete(listener);
    }
  }

  /** Gives up all pulls. */
  close(): void {
    this.#closed.abort(new EngineError('image-pull-failed', 'the service ends'));
  }

  #start(reference: string): Pull {
    const listeners = new Set<Listener>();
    const summary = new PullSummary();
    const result = this.#run(reference, summary, listeners);
    const pull = { result, listeners, summary };
    this.#pulls.set(reference, pull);
    const forget = (): void => void this.#pulls.delete(reference);
    result.then(forget, forget);
    return pull;
  }

  async #run(reference: string, summary: PullSummary, listeners: Set<Listener>): Promise<ImageInfo> {
    const closed = this.#closed.signal;
    if (isContentId(reference)) {
      const image = await findImage(this.#connection, reference, closed);
      if (image !== undefined) return image;
      throw new EngineError('image-not-found', `${reference} isn't here, and no image is pulled by its content id`);
    }
    if (!isReference(reference)) throw new EngineError('image-not-found', `no reference of an image: ${reference}`);
    const { idleSeconds, totalSeconds } = this.#limits;
    const late = new AbortController();
    const giveUp = (why: string) => () => late.abort(new EngineError('image-pull-failed', why));
    const idle = setTimeout(giveUp(`the pull made no progress for ${idleSeconds} s`), idleSeconds * 1000);
    const total = setTimeout(giveUp(`the pull was not done within ${totalSeconds} s`), totalSeconds * 1000);
    try {
      await this.#read(reference, AbortSignal.any([closed, late.signal]), (value) => {
        idle.refresh();
        const progress = summary.add(value);
        if (progress !== undefined) for (const listener of listeners) listener(progress);
      });
    } finally {
      clearTimeout(idle);
      clearTimeout(total);
    }
    const image = await findImage(this.#connection, reference, closed);
    if (image === undefined) throw new EngineError('image-pull-failed', `${reference} was pulled, but isn't here`);
    return image;
  }

  async #read(reference: string, signal: AbortSignal, onValue: (value: unknown) => void): Promise<void> {
    let said: string | undefined;
    try {
      // A registry may take its time before the first byte: the limit is that of silence.
      const call = { name: 'pull', subject: 'image', signal, moreSeconds: this.#limits.idleSeconds } as const;
      const stream = await this.#connection.call(call, (docker, abortSignal) =>
        docker.pull(reference, { abortSignal }),
      );
      await readJsonLines(
        stream as AsyncIterable<string | Uint8Array>,
        (value) => {
          said ??= errorIn(value);
          onValue(value);
        },
        () => undefined,
      );
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      const translated = toEngineError(error, 'image', this.#connection.socketPath);
      if (translated.code === 'refused') throw pullError(translated.message, translated.status, error);
      throw translated;
    }
    if (said !== undefined) throw pullError(said);
  }
}

/** `error` is gone from newer engines, `errorDetail` stays (API 1.48). */
function errorIn(value: unknown): string | undefined {
  const line = objectIn(value);
  return textIn(objectIn(line?.['errorDetail'])?.['message']) ?? textIn(line?.['error']);
}
