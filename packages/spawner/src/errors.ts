/** One error class for what can't be done; its code decides what a caller makes of it. */
import { EngineError, type EngineErrorCode } from './engine.ts';
import type { SpawnErrorCode } from './server.ts';
import { StoreError } from './store.ts';

export class SpawnError extends Error {
  readonly code: SpawnErrorCode;
  /** With `generation-superseded`: the generation in force. */
  readonly current: number | undefined;
  constructor(code: SpawnErrorCode, message: string, options?: { current?: number; cause?: unknown }) {
    super(message, { cause: options?.cause });
    this.name = 'SpawnError';
    this.code = code;
    this.current = options?.current;
  }
}

const fromEngineCode: Record<EngineErrorCode, SpawnErrorCode> = {
  unreachable: 'docker-unreachable',
  timeout: 'docker-timeout',
  'not-found': 'docker-refused',
  'name-taken': 'name-taken',
  'image-not-found': 'image-not-found',
  'image-pull-failed': 'image-pull-failed',
  'disk-full': 'disk-full',
  refused: 'docker-refused',
};

/** Any failure as a SpawnError; what isn't foreseen is `internal`. */
export function toSpawnError(error: unknown): SpawnError {
  if (error instanceof SpawnError) return error;
  if (error instanceof EngineError) return new SpawnError(fromEngineCode[error.code], error.message, { cause: error });
  if (error instanceof StoreError)
    return new SpawnError(error.code === 'disk-full' ? 'disk-full' : 'store-failed', error.message, { cause: error });
  return new SpawnError('internal', 'Berth made a mistake; the log of the service says which.', { cause: error });
}

/** True where asking again later may help: the engine is away, not against it. */
export function isEngineAway(error: unknown): boolean {
  return error instanceof EngineError && (error.code === 'unreachable' || error.code === 'timeout');
}

export function isNotFound(error: unknown): boolean {
  return error instanceof EngineError && error.code === 'not-found';
}
