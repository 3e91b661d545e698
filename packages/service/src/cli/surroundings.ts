/** All that the command line takes from outside, so that it runs in a test as it does in a shell. */
import type { ServeOptions, Service } from '../serve.ts';

/** Where a command writes. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** True where `out` is a terminal: tables fit it, `--watch` redraws it. */
  readonly interactive: boolean;
  readonly colour: boolean;
  /** Its width in columns as it is now, where it is a terminal. */
  readonly columns?: number | undefined;
}

/** The environment variables that count. */
export interface Environment {
  readonly BERTH_URL?: string | undefined;
  readonly BERTH_TOKEN?: string | undefined;
  readonly BERTH_TOKEN_FILE?: string | undefined;
  readonly BERTH_STATE?: string | undefined;
}

export interface Surroundings {
  readonly version: string;
  readonly terminal: Terminal;
  readonly environment: Environment;
  readonly now: () => Date;
  /** Aborted when the person or the system asks the program to end. */
  readonly signal: AbortSignal;
  readonly serve: (options: ServeOptions) => Promise<Service>;
}
