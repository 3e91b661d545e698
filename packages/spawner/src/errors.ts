/** One error class for what can't be done; its code decides what a caller makes of it. */
import type { SpawnErrorCode } from './server.ts';

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
