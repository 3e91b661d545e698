/** Where the service listens: a unix socket, and TCP with TLS or on loopback. */
import { once } from 'node:events';
import { mkdir, unlink } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { dirname } from 'node:path';
import type { NetworkInfo } from '@berth/spawner';
import type { Configuration, HttpListener } from '../configuration/index.ts';
import type { Log } from '../http/request-log.ts';
import { limitServer } from '../http/server-limits.ts';
import { onNotebookNetwork } from './notebook-network.ts';
import { readTls, watchTls } from './tls-files.ts';
import { listenOnSocket } from './unix-socket.ts';

export interface ListenersParts {
  readonly listen: Configuration['listen'];
  readonly app: RequestListener;
  /** The network that notebooks join, once it is known. */
  readonly network: () => NetworkInfo | undefined;
  readonly log: Log;
}

export interface Listeners {
  /** `http://127.0.0.1:8550`, `unix:///run/berth/hub.sock`. */
  readonly addresses: readonly string[];
  /** Why a listener isn't served, or not as configured. */
  faults(): readonly string[];
  /** Accepts nothing new, lets what is under way end within `graceMs`, then cuts it. */
  close(graceMs: number): Promise<void>;
}

interface Opened {
  readonly server: Server;
  readonly address: string;
  fault(): string | undefined;
  close(): Promise<void> | void;
}

/** Rejects with a ListenerError or node:net's error; what was opened before is closed again. */
export async function openListeners(parts: ListenersParts): Promise<Listeners> {
  const { socket, http } = parts.listen;
  const opened: Opened[] = [];
  const close = async (graceMs: number) => {
    await Promise.all(opened.map((one) => closeServer(one, graceMs)));
  };
  try {
    if (socket !== false) opened.push(await openSocket(parts, socket));
    if (http !== false) opened.push(await openTcp(parts, http));
  } catch (error) {
    await close(0);
    throw error;
  }
  return {
    addresses: opened.map(({ address }) => address),
    faults: () => opened.flatMap((one) => one.fault() ?? []),
    close,
  };
}

async function openSocket({ app }: ListenersParts, path: string): Promise<Opened> {
  const server = createServer(app);
  limitServer(server);
  await mkdir(dirname(path), { recursive: true, mode: 0o755 });
  await listenOnSocket(server, path);
  return {
    server,
    address: `unix://${path}`,
    fault: () => undefined,
    close: () => unlink(path).catch(() => undefined),
  };
}

async function openTcp({ app, network, log }: ListenersParts, http: HttpListener): Promise<Opened> {
  const { address: host, port, tls } = http;
  const limits = { keepAlive: true, keepAliveInitialDelay: 30_000 };
  const secure =
    tls === undefined ? undefined : createTlsServer({ ...limits, ...(await readTls(tls)), minVersion: 'TLSv1.2' }, app);
  const server: Server = secure ?? createServer(limits, app);
  limitServer(server);
  server.listen(port, host);
  await once(server, 'listening');
  const { port: actual } = server.address() as AddressInfo;
  const certificate = secure === undefined || tls === undefined ? undefined : watchTls(secure, tls, log);
  const guard = guardServer(server, host, network, log);
  return {
    server,
    address: `${tls === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${actual}`,
    fault: () => guard.fault() ?? certificate?.fault(),
    close() {
      certificate?.close();
      guard.close();
    },
  };
}

/** A server on the notebooks' network is closed as soon as that is known; a notebook that comes by another way is cut off. */
function guardServer(server: Server, host: string, network: () => NetworkInfo | undefined, log: Log) {
  let fault: string | undefined;
  const enforce = () => {
    if (fault !== undefined || !onNotebookNetwork(host, network())) return;
    fault = `${host} lies on the network ${network()?.name}, which notebooks join, and isn't served: set listen.http.address to another address`;
    log.error({ address: host }, fault);
    server.close();
    server.closeAllConnections();
  };
  server.on('connection', (socket) => {
    enforce();
    if (fault === undefined && !onNotebookNetwork(socket.remoteAddress, network())) return;
    log.warn({ from: socket.remoteAddress }, 'a notebook tried to reach the service and was cut off');
    socket.destroy();
  });
  const timer = setInterval(enforce, 1000);
  timer.unref();
  return {
    fault() {
      enforce();
      return fault;
    },
    close: () => clearInterval(timer),
  };
}

/** Idle connections are closed at once, busy ones as they become idle. */
async function closeServer({ server, close }: Opened, graceMs: number): Promise<void> {
  if (server.listening) {
    const closed = once(server, 'close');
    server.close();
    const sweep = setInterval(() => server.closeIdleConnections(), 50);
    const cut = setTimeout(() => server.closeAllConnections(), graceMs);
    await closed;
    clearInterval(sweep);
    clearTimeout(cut);
  }
  await close();
}
