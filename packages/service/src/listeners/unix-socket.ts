/** The unix socket's file: a stale one is removed, one that somebody listens on is left alone. */
import { chmod, lstat, unlink } from 'node:fs/promises';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import { ListenerError } from './listener-error.ts';

/** sun_path holds 108 bytes, its closing zero included (unix(7)). */
const longestPath = 107;

/** Listens with mode 0660. Rejects with a ListenerError. */
export async function listenOnSocket(server: Server, path: string): Promise<void> {
  if (Buffer.byteLength(path) > longestPath)
    throw new ListenerError(
      `The socket's path ${path} is longer than ${longestPath} bytes: set listen.socket to a shorter one.`,
    );
  await removeStale(path);
  // Bound in the same turn: no moment passes in which the file is open to all.
  const before = process.umask(0o117);
  try {
    server.listen(path);
  } finally {
    process.umask(before);
  }
  await once(server, 'listening');
  await chmod(path, 0o660);
}

async function removeStale(path: string): Promise<void> {
  try {
    const found = await lstat(path);
    if (!found.isSocket()) throw new ListenerError(`${path} exists and is no socket: remove it, or set listen.socket.`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  if (await isAnswered(path))
    throw new ListenerError(`Another program listens on ${path}: stop it, or set listen.socket to another path.`);
  await unlink(path);
}

async function isAnswered(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(2000) });
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code !== 'ECONNREFUSED' && code !== 'ENOENT';
  } finally {
    socket.destroy();
  }
}
