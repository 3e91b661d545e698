/** A service that answers what a test says, on a free port or on a unix socket. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { problems, type Event, type HistoryEntry, type ProblemCode, type Server } from '@berth/contract';

export interface FakeRequest {
  /** `GET /v1/servers?user=x`, decoded. */
  readonly line: string;
  readonly token: string | undefined;
  readonly body: unknown;
}

/** By method and path without query; a function sees the query. */
export type Routes = Readonly<Record<string, unknown | ((query: URLSearchParams) => unknown)>>;

export class FakeProblem {
  readonly code: ProblemCode;
  readonly detail: string;
  constructor(code: ProblemCode, detail: string) {
    this.code = code;
    this.detail = detail;
  }
}

/** Answered as server-sent events; the connection then stays open. */
export class FakeStream {
  readonly events: readonly Event[];
  constructor(...events: Event[]) {
    this.events = events;
  }
}

export interface FakeService {
  readonly url: string;
  readonly requests: FakeRequest[];
  close(): Promise<void>;
}

export async function fakeService(routes: Routes, socketPath?: string): Promise<FakeService> {
  const requests: FakeRequest[] = [];
  const server = createServer((request, response) => void answer(request, response, routes, requests));
  await new Promise<void>((done) =>
    socketPath ? server.listen(socketPath, done) : server.listen(0, '127.0.0.1', done),
  );
  return {
    url: socketPath ? `unix://${socketPath}` : `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((done) => server.close(() => done()));
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, routes: Routes, requests: FakeRequest[]) {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://fake');
  let text = '';
  for await (const chunk of request) text += String(chunk);
  requests.push({
    line: `${request.method} ${decodeURIComponent(request.url ?? '')}`,
    token: request.headers.authorization?.replace('Bearer ', ''),
    body: text === '' ? undefined : JSON.parse(text),
  });
  const route = routes[`${request.method} ${pathname}`];
  const value: unknown = typeof route === 'function' ? route(searchParams) : route;
  if (value instanceof FakeStream) {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const event of value.events) response.write(`id: ${event.id}\ndata: ${JSON.stringify(event)}\n\n`);
    return;
  }
  const failure = value ?? new FakeProblem('server-not-found', 'No such server.');
  if (!(failure instanceof FakeProblem)) return send(response, 200, 'application/json', value);
  const { code, detail } = failure;
  const { status, title } = problems[code];
  const problem = { type: `urn:berth:problem:${code}`, title, status, code, detail, instance: 'request-1' };
  send(response, status, 'application/problem+json', problem);
}

function send(response: ServerResponse, status: number, type: string, value: unknown): void {
  response.writeHead(status, { 'content-type': type }).end(JSON.stringify(value));
}

/** What the tests take for now. */
export const now = new Date('2026-03-01T12:00:00Z');

export function server(changes: Partial<Server> = {}): Server {
  const user = changes.user ?? 'user1';
  const key = changes.key ?? `${user}-2kqyexqnlzapnpdq`;
  return {
    key,
    hub: 'default',
    user,
    serverName: '',
    generation: 1,
    status: { state: 'running', since: '2026-03-01T10:00:00Z', url: 'http://172.20.0.5:8888' },
    observedAt: '2026-03-01T12:00:00Z',
    stale: false,
    progress: [],
    image: 'jupyter/base:1',
    container: { id: 'c1', name: `berth-${key}` },
    drift: [],
    abandoned: false,
    ...changes,
  };
}

export function ended(changes: Partial<HistoryEntry> = {}): HistoryEntry {
  return {
    key: 'user1-2kqyexqnlzapnpdq',
    hub: 'default',
    user: 'user1',
    serverName: '',
    generation: 1,
    image: 'jupyter/base:1',
    requestedAt: '2026-03-01T08:59:50Z',
    runningAt: '2026-03-01T09:00:00Z',
    endedAt: '2026-03-01T11:00:00Z',
    outcome: 'stopped',
    logTail: [],
    ...changes,
  };
}
