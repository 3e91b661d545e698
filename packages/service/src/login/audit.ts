/**
 * The audit log: who did what, from where, and what was decided, one JSON line each, only ever appended. It never holds a secret, nor what was
 * typed into a login form where nobody of that name is known: people type passwords there.
 */
import { createHmac } from 'node:crypto';
import { open } from 'node:fs/promises';

export interface AuditEvent {
  readonly event:
    | 'login'
    | 'refresh'
    | 'ticket-destroyed'
    | 'user-forgotten'
    | 'server-stopped'
    | 'drain-begun'
    | 'drain-ended'
    | 'backup-made';
  readonly outcome: 'ok' | 'refused' | 'failed';
  /** `hub default`, `admin`. */
  readonly by: string;
  /** The hub's name for the user it is about. */
  readonly user?: string | undefined;
  readonly sid?: string | undefined;
  /** Where nobody of the typed name is known: the same for the same name. */
  readonly unknownUser?: string | undefined;
  readonly address?: string | undefined;
  /** Code of the refusal. */
  readonly code?: string | undefined;
  /** The whitelist entry that let the user in. */
  readonly allowedBy?: string | undefined;
  readonly key?: string | undefined;
}

export interface Audit {
  /** Resolves once the line is written; never rejects: a disk that is full shows in `faults`, and in the service's log. */
  write(event: AuditEvent): Promise<void>;
  /** A stand-in for a name that nobody has. */
  unknown(typed: string): string;
  faults(): readonly string[];
}

export interface AuditParts {
  /** Made with mode 0600; opened anew for each line, so that it can be rotated. */
  readonly file: string;
  readonly key: Uint8Array;
  readonly now: () => Date;
  readonly log: { error(fields: object, message: string): void };
}

export function createAudit({ file, key, now, log }: AuditParts): Audit {
  let failure: string | undefined;
  let last: Promise<void> = Promise.resolve();
  const append = async (line: string) => {
    try {
      const handle = await open(file, 'a', 0o600);
      try {
        await handle.appendFile(line);
      } finally {
        await handle.close();
      }
      failure = undefined;
    } catch (error) {
      failure = `The audit log ${file} can't be written: ${(error as Error).message}.`;
      log.error({ part: 'audit', lost: line.trim() }, failure);
    }
  };
  return {
    write(event) {
      const line = `${JSON.stringify({ at: now().toISOString(), ...event })}\n`;
      last = last.then(() => append(line));
      return last;
    },
    unknown: (typed) => createHmac('sha256', key).update(`audit ${typed}`).digest('hex').slice(0, 16),
    faults: () => (failure === undefined ? [] : [failure]),
  };
}
