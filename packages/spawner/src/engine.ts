/**
 * What Berth needs of a container engine. Names no vendor: Docker implements it in @berth/docker-engine.
 *
 * Each call takes an AbortSignal and rejects with an EngineError; an abort rejects with the signal's reason. Unless said
 * otherwise, a call for a container that doesn't exist rejects with code `not-found`.
 */
import type { ContainerSpec } from './container-spec.ts';

export interface Engine {
  /** What the engine says of itself. */
  describe(signal: AbortSignal): Promise<EngineInfo>;
  /**
   * Finds the network, or makes it as asked where nobody has (rejects with `not-found` where `mustExist`). An existing
   * network is never changed.
   */
  ensureNetwork(network: NetworkRequest, signal: AbortSignal): Promise<NetworkInfo>;
  /** The image that `reference` names here, or undefined. Nothing is pulled. */
  findImage(reference: string, signal: AbortSignal): Promise<ImageInfo | undefined>;
  /**
   * Pulls an image. Pulls of one reference at one time are one pull, which outlives the callers that asked: an abort
   * ends the waiting, not the pull. Rejects with `image-not-found` or `image-pull-failed`.
   */
  pull(reference: string, onProgress: (progress: PullProgress) => void, signal: AbortSignal): Promise<ImageInfo>;
  /**
   * Texts of files in an image, by absolute path; those that it doesn't have, that are no plain file or larger than 1 MiB are left
   * out. Nothing of the image is run.
   */
  readFiles(imageId: string, paths: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, string>>;
  /** Creates a container; rejects with `name-taken` where the name is in use, `image-not-found` where the image is gone. */
  create(spec: ContainerSpec, signal: AbortSignal): Promise<string>;
  /** Starts a created container. Already running is success. */
  start(id: string, signal: AbortSignal): Promise<void>;
  inspect(id: string, signal: AbortSignal): Promise<ContainerView>;
  /** All containers, running or not, that carry this label (and value, where given). What can't be read is left out and counted. */
  list(label: string, signal: AbortSignal): Promise<{ containers: ContainerView[]; unreadable: number }>;
  /** Asks it to end, and kills it after `graceSeconds`. Resolves once it no longer runs; not running is success. */
  stop(id: string, graceSeconds: number, signal: AbortSignal): Promise<void>;
  /** Removes a container that doesn't run, its anonymous volumes too. Not existing is success; a removal under way is waited for. */
  remove(id: string, signal: AbortSignal): Promise<void>;
  /** Last lines of both streams, oldest first, without terminal control characters; at most `tail` lines of at most 2,000 characters. */
  logs(id: string, tail: number, signal: AbortSignal): Promise<string[]>;
  /**
   * Follows what happens to containers that carry the label. `onGap` is called once when the stream is first
   * established and after each time events may have been missed: list again then. Reconnects by itself, with backoff
   * and also where the stream is open but mute; never throws, never gives up until closed.
   */
  watch(label: string, observer: EngineObserver): EngineWatch;
}

export interface EngineObserver {
  onEvent(event: EngineEvent): void;
  onGap(): void;
  /** The engine can't be reached; `onGap` follows when it is back. */
  onDown(reason: string): void;
}

export interface EngineWatch {
  close(): void;
}

export interface EngineEvent {
  readonly action: 'create' | 'start' | 'die' | 'oom' | 'destroy';
  readonly containerId: string;
  readonly labels: Readonly<Record<string, string>>;
  /** With `die`. */
  readonly exitCode?: number;
  readonly at: Date;
}

export interface EngineInfo {
  readonly name: string;
  readonly version: string;
  readonly apiVersion: string;
  readonly os: string;
  readonly cgroupVersion: 1 | 2;
  readonly cgroupDriver: 'cgroupfs' | 'systemd' | 'none';
  readonly liveRestore: boolean;
  readonly usernsRemap: boolean;
  readonly dataRoot: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly warnings: readonly string[];
}

export interface NetworkRequest {
  readonly name: string;
  /** False forbids traffic between its containers. */
  readonly interContainer: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly mustExist: boolean;
}

export interface NetworkInfo {
  readonly id: string;
  readonly name: string;
  /** The host's own address on it, or undefined where it has none. */
  readonly gateway: string | undefined;
  readonly subnet: string | undefined;
  readonly interContainer: boolean;
  /** True where this call made it. */
  readonly created: boolean;
}

export interface ImageInfo {
  /** Content id, `sha256:...`. */
  readonly id: string;
  /** The image's USER as written: '', 'root', '1000', 'jovyan:users', '1000:100'. */
  readonly user: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface PullProgress {
  /** One sentence: "12 of 40 layers, 310 of 900 MB". */
  readonly message: string;
  /** 0 to 1 where known. */
  readonly fraction?: number;
}

/** A container as the engine sees it. From `list`, fields that a list doesn't carry are undefined; `inspect` fills all that exist. */
export interface ContainerView {
  readonly id: string;
  readonly name: string;
  readonly imageId: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly state: ContainerState;
  readonly createdAt: Date;
  /** Address by network name; empty while not running. */
  readonly addresses: Readonly<Record<string, string>>;
  /** Host side of published ports, by container port. */
  readonly published: Readonly<Record<number, { readonly address: string; readonly port: number }>>;
  /** Its memory limit, where it has one and the engine was asked by `inspect`. */
  readonly memoryBytes?: number;
}

export type ContainerState =
  | { readonly phase: 'created' }
  | { readonly phase: 'running'; readonly startedAt?: Date; readonly paused: boolean }
  | { readonly phase: 'exited'; readonly exit?: ContainerExit }
  | { readonly phase: 'removing' };

export interface ContainerExit {
  readonly code: number;
  readonly oomKilled: boolean;
  readonly at: Date;
  /** The engine's own error text, where it has one (for example: exec format error). */
  readonly error?: string;
}

export type EngineErrorCode =
  /** Nobody answers at the engine's socket, or the connection broke before an answer. */
  | 'unreachable'
  /** No answer within the call's own limit. */
  | 'timeout'
  | 'not-found'
  | 'name-taken'
  | 'image-not-found'
  | 'image-pull-failed'
  | 'disk-full'
  /** Any other error answer. */
  | 'refused';

export class EngineError extends Error {
  readonly code: EngineErrorCode;
  /** The engine's HTTP status, where it answered. */
  readonly status: number | undefined;
  constructor(code: EngineErrorCode, message: string, options?: { status?: number | undefined; cause?: unknown }) {
    super(message, { cause: options?.cause });
    this.name = 'EngineError';
    this.code = code;
    this.status = options?.status;
  }
}
