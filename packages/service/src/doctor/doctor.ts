/** Tries each part and says what to change. */

export interface Finding {
  /** `docker`, `network`, `image`, `files` and the like. */
  readonly part: string;
  readonly level: 'error' | 'warning' | 'ok';
  /** One sentence: what was found. */
  readonly finding: string;
  /** One sentence: what to change. */
  readonly mend?: string;
}

export interface Doctor {
  /** All findings, the worst first. Checks that fail are findings; it rejects only with the signal's reason. */
  diagnose(signal: AbortSignal): Promise<Finding[]>;
}
