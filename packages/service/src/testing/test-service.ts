/** The whole HTTP layer on a fake spawner, listening on a port of its own. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseConfiguration } from '../configuration/index.ts';
import type { Finding } from '../doctor/doctor.ts';
import { createApp } from '../http/app.ts';
import { openContract, type Contract } from '../http/contract.ts';
import { createEventStreams, type EventStreamsParts } from '../http/event-stream.ts';
import { createHandlers } from '../http/handlers/index.ts';
import { createMetrics } from '../http/metrics.ts';
import { limitServer } from '../http/server-limits.ts';
import { createReadiness } from '../readiness.ts';
import type { AuditEvent } from '../login/audit.ts';
import type { Caller } from '../tokens/index.ts';
import { FakeSpawner, moment } from './fake-spawner.ts';
import { FakeUsers } from './fake-users.ts';

export const callers: Readonly<Record<string, Caller>> = {
  'token-of-hub-a': { role: 'hub', hub: 'a' },
  'token-of-hub-b': { role: 'hub', hub: 'b' },
  'token-of-viewer': { role: 'viewer' },
  'token-of-admin': { role: 'admin' },
};

export interface TestService {
  readonly url: string;
  readonly port: number;
  readonly server: Server;
  readonly spawner: FakeSpawner;
  readonly users: FakeUsers;
  readonly audited: AuditEvent[];
  readonly contract: Contract;
  /** What was logged, as JSON lines. */
  readonly logged: string[];
  readonly faults: { tokens: string[]; listeners: string[] };
  backupFailure: unknown;
  findings: Finding[];
  call(method: string, path: string, options?: CallOptions): Promise<Called>;
  close(): Promise<void>;
}

export interface CallOptions {
  readonly token?: string;
  readonly json?: unknown;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

export interface Called {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // oxlint-disable-next-line no-explicit-any -- tests look into it as they like
  readonly json: any;
}

/** Compiling the contract takes longer than a test; it holds no state. */
const contractOnce = openContract();

export async function openTestService(streamLimits: Partial<EventStreamsParts> = {}): Promise<TestService> {
  const spawner = new FakeSpawner();
  const logged: string[] = [];
  const audited: AuditEvent[] = [];
  const faults = { tokens: [] as string[], listeners: [] as string[] };
  const write = (level: string) => (fields: object, message: string) => {
    logged.push(
      JSON.stringify({ level, message, ...fields }, (_, value) => (value instanceof Error ? value.stack : value)),
    );
  };
  const contract = await contractOnce;
  const streams = createEventStreams({ spawner, ...streamLimits });
  const users = new FakeUsers();
  const metrics = createMetrics({ spawner, users, streams, images: ['tiny'], ofProcess: false });
  const configuration = parseConfiguration(
    'hubs: [{name: a, apiUrl: "http://hub:8081/hub/api"}, {name: b}]\nimages: [tiny]\ncommands: [[sleep, "1"]]',
    'test',
    { state: '/s', runtime: '/r' },
  );
  const handlers = createHandlers({
    spawner,
    users,
    audit: { write: async (event) => void audited.push(event) },
    streams,
    configuration,
    instance: 'test-instance',
    version: '1.2.3',
    metrics,
    readiness: createReadiness({
      spawner,
      users,
      tokens: { faults: () => faults.tokens },
      listeners: { faults: () => faults.listeners },
    }),
    backup: async () => {
      if (service.backupFailure !== undefined) throw service.backupFailure;
      return { path: '/s/backup.db', bytes: 4096, at: moment };
    },
    doctor: { diagnose: async () => service.findings },
  });
  const app = createApp({
    contract,
    handlers,
    metrics,
    tokens: { identify: async (token) => callers[token] },
    log: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') },
  });
  const server = createServer(app);
  limitServer(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const service: TestService = {
    url,
    port,
    server,
    spawner,
    users,
    audited,
    contract,
    logged,
    faults,
    backupFailure: undefined,
    findings: [],
    async call(method, path, { token, json, headers = {}, body } = {}) {
      const response = await fetch(url + path, {
        method,
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(json === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(json === undefined ? {} : { body: JSON.stringify(json) }),
        ...(body === undefined ? {} : { body }),
      });
      const text = await response.text();
      const isJson = /json/.test(response.headers.get('content-type') ?? '');
      return {
        status: response.status,
        headers: response.headers,
        text,
        json: isJson && text !== '' ? JSON.parse(text) : undefined,
      };
    },
    async close() {
      streams.close();
      metrics.close();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return service;
}

export const aStart = {
  user: 'user1',
  serverName: '',
  generation: 7,
  budgetSeconds: 60,
  port: 8888,
  environment: { JUPYTERHUB_API_TOKEN: 'secret-of-the-hub' },
};
