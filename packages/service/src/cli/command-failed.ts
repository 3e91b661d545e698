import type { ExitCode } from './exit-codes.ts';

/** A command that can't go on: its exit code and a sentence for the person at the terminal. */
export class CommandFailed extends Error {
  readonly exitCode: ExitCode;
  constructor(exitCode: ExitCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'CommandFailed';
    this.exitCode = exitCode;
  }
}
