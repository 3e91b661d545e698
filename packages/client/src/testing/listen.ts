/** A node:http server for one test, on a free port of 127.0.0.1 or on a unix socket in a folder of its own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Listening {
  readonly url: string;
  close(): Promise<void>;
}

export async function listen(answer: RequestListener): Promise<Listening> {
  const server = createServer(answer);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => close(server) };
}

export async function listenOnSocket(answer: RequestListener): Promise<Listening> {
  const folder = await mkdtemp(join(tmpdir(), 'berth-client-'));
  const server = createServer(answer);
  await new Promise<void>((done) => server.listen(join(folder, 'hub.sock'), done));
  return {
    url: `unix://${join(folder, 'hub.sock')}`,
    close: async () => {
      await close(server);
      await rm(folder, { recursive: true });
    },
  };
}

export function json(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': status < 400 ? 'application/json' : 'application/problem+json' });
  response.end(JSON.stringify(value));
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((done) => server.close(() => done()));
}
