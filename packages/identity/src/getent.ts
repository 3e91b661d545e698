/** getent(1) in a child process: the name services of the host (files, PBIS, SSSD, winbind), without their code in ours. */
import { spawn } from 'node:child_process';
import { IdentityError } from './errors.ts';

/**
 * Asks once. Rejects with IdentityError `name-service-failed` where there was no answer in time, and with the signal's reason
 * where the caller gave up.
 */
export type Getent = (words: readonly string[], signal: AbortSignal) => Promise<GetentAnswer>;

export interface GetentAnswer {
  /** 0 found, 2 not (or not all) found; null: ended by a signal. */
  readonly exitCode: number | null;
  readonly output: string;
}

export interface GetentSettings {
  /** Default `getent`, found in /usr/bin or /bin. */
  readonly command?: string;
  /** Limit of one call; default 10. The child is killed then. */
  readonly timeoutSeconds?: number;
  /** A group of all employees has a long line; default 64 MiB. */
  readonly largestAnswerBytes?: number;
}

export function getentProcess(settings: GetentSettings = {}): Getent {
  const { command = 'getent', timeoutSeconds = 10, largestAnswerBytes = 64 * 1024 * 1024 } = settings;
  return async (words, signal) => {
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      // An environment of its own: LD_PRELOAD and the like have no say in who a user is.
      const child = spawn(command, words, {
        stdio: ['ignore', 'pipe', 'ignore'],
        env: { PATH: '/usr/bin:/bin', LC_ALL: 'C.UTF-8' },
      });
      const chunks: Buffer[] = [];
      let size = 0;
      // A child that hangs in the kernel outlives its SIGKILL: the answer doesn't wait for its end.
      const end = (act: () => void) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        child.stdout.destroy();
        child.kill('SIGKILL');
        act();
      };
      const fail = (reason: string, cause?: unknown) =>
        end(() => reject(new IdentityError('name-service-failed', `getent ${words[0] ?? ''} ${reason}`, { cause })));
      const onAbort = () => end(() => reject(signal.reason));
      const timer = setTimeout(
        () =>
          fail(
            `gave no answer within ${timeoutSeconds} s. Right would be name services that answer: see nsswitch.conf.`,
          ),
        timeoutSeconds * 1000,
      );
      signal.addEventListener('abort', onAbort, { once: true });
      child.stdout.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        size += chunk.length;
        if (size > largestAnswerBytes) fail(`answered with more than ${largestAnswerBytes} bytes.`);
      });
      child.on('error', (cause) =>
        fail(`could not be run as ${command}: ${cause.message}. It comes with libc-bin.`, cause),
      );
      child.on('close', (exitCode) => end(() => resolve({ exitCode, output: Buffer.concat(chunks).toString('utf8') })));
    });
  };
}
