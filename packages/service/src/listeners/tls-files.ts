/** The listener's certificate and key: read at start, and again when either file changes. */
import { readFile, stat } from 'node:fs/promises';
import type { Server } from 'node:https';
import { createSecureContext } from 'node:tls';
import type { Log } from '../http/request-log.ts';
import { ListenerError } from './listener-error.ts';

export interface TlsPaths {
  readonly certificate: string;
  readonly key: string;
}

export interface TlsMaterial {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** Rejects with a ListenerError that names the file. */
export async function readTls(paths: TlsPaths): Promise<TlsMaterial> {
  const read = async (path: string) => {
    try {
      return await readFile(path);
    } catch (error) {
      throw new ListenerError(`${path} (listen.http.tls) can't be read: ${(error as Error).message}`, { cause: error });
    }
  };
  const material = { cert: await read(paths.certificate), key: await read(paths.key) };
  try {
    createSecureContext(material);
  } catch (error) {
    const reason = (error as Error).message;
    throw new ListenerError(`${paths.certificate} and ${paths.key} are no certificate and its key: ${reason}`, {
      cause: error,
    });
  }
  return material;
}

/** Looks at the files from time to time. Files that don't fit leave what is in use in use; `fault` says so. `settled`: the look under way is done. */
export function watchTls(server: Server, paths: TlsPaths, log: Log, everyMs = 10_000) {
  let stamp: string | undefined;
  let fault: string | undefined;
  const look = async () => {
    const now = await stampOf(paths);
    if (stamp === undefined) stamp = now;
    if (now === stamp) return;
    try {
      server.setSecureContext(await readTls(paths));
      fault = undefined;
      log.info({ certificate: paths.certificate }, 'read a changed certificate');
    } catch (error) {
      fault = `${(error as Error).message}; the certificate read before stays in use`;
      log.warn({ certificate: paths.certificate }, fault);
    }
    stamp = now;
  };
  let looking = look();
  const timer = setInterval(() => {
    looking = look();
  }, everyMs);
  timer.unref();
  return { fault: () => fault, close: () => clearInterval(timer), settled: () => looking };
}

async function stampOf({ certificate, key }: TlsPaths): Promise<string> {
  const stamps = await Promise.all(
    [certificate, key].map((path) =>
      stat(path).then(
        ({ mtimeMs, size, ino }) => `${ino}:${size}:${mtimeMs}`,
        () => 'absent',
      ),
    ),
  );
  return stamps.join(' ');
}
