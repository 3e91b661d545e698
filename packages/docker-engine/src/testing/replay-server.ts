/** A daemon on a unix socket that answers with recorded bodies, and as strictly about versions as the engine it stands for. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compareApiVersions, parseApiVersion, type ApiVersion } from '../api-version.ts';

export interface Exchange {
  readonly name: string;
  readonly method: string;
  /** Without the version. */
  readonly path: string;
  readonly query?: string;
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly text?: string;
  readonly base64?: string;
}

export interface Recording {
  readonly engine: string;
  readonly api: ApiVersion;
  readonly minimumApi: ApiVersion;
  readonly provenance: string;
  readonly exchanges: readonly Exchange[];
}

export interface Request {
  readonly method: string;
  readonly version: string | undefined;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: string;
}

type Answer = (request: Request, response: ServerResponse) => void;

export const RECORDED = ['20.10', '28', '29'] as const;

export async function readRecording(engine: (typeof RECORDED)[number]): Promise<Recording> {
  const file = new URL(`../recorded/engine-${engine}.json`, import.meta.url);
  return JSON.parse(await readFile(file, 'utf8')) as Recording;
}

export class ReplayServer {
  readonly socketPath: string;
  readonly requests: Request[] = [];
  readonly #folder: string;
  #recording: Recording;
  #server: Server | undefined;
  readonly #special = new Map<string, Answer>();

  static async start(recording: Recording): Promise<ReplayServer> {
    const replay = new ReplayServer(await mkdtemp(join(tmpdir(), 'berth-replay-')), recording);
    await replay.listen();
    return replay;
  }

  private constructor(folder: string, recording: Recording) {
    this.#folder = folder;
    this.#recording = recording;
    this.socketPath = join(folder, 'docker.sock');
  }

  /** From now on another engine answers. */
  become(recording: Recording): void {
    this.#recording = recording;
  }

  /** Answers these itself: `GET /events`. */
  on(methodAndPath: string, answer: Answer): void {
    this.#special.set(methodAndPath, answer);
  }

  async listen(): Promise<void> {
    const server = createServer((request, response) => void this.#answer(request, response));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.socketPath, resolve));
  }

  /** Breaks all connections and listens no longer. */
  async hangUp(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    server?.closeAllConnections();
    if (server !== undefined) await new Promise((resolve) => server.close(resolve));
  }

  async remove(): Promise<void> {
    await this.hangUp();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of incoming.setEncoding('utf8')) body += String(chunk);
    const url = new URL(incoming.url ?? '/', 'http://docker');
    const [, version, path = url.pathname] = /^\/v(\d+\.\d+)(\/.*)$/.exec(url.pathname) ?? [];
    const request = { method: incoming.method ?? '', version, path, query: url.searchParams, body };
    this.requests.push(request);
    const refusal = this.#versionRefusal(version);
    if (refusal !== undefined) send(response, { status: 400, json: { message: refusal } });
    else if (this.#special.has(`${request.method} ${path}`))
      this.#special.get(`${request.method} ${path}`)?.(request, response);
    else send(response, this.#recorded(request) ?? { status: 404, json: { message: 'page not found' } });
  }

  /** moby, daemon/server/middleware/version.go. */
  #versionRefusal(text: string | undefined): string | undefined {
    const version = parseApiVersion(text);
    const { api, minimumApi } = this.#recording;
    if (version === undefined) return undefined;
    if (compareApiVersions(version, api) > 0)
      return `client version ${version} is too new. Maximum supported API version is ${api}`;
    if (compareApiVersions(version, minimumApi) < 0)
      return (
        `client version ${version} is too old. Minimum supported API version is ${minimumApi}, ` +
        'please upgrade your client to a newer version'
      );
    return undefined;
  }

  /** The first one whose query, where it has one, agrees with what is asked. */
  #recorded(request: Request): Exchange | undefined {
    const agrees = (query: string | undefined): boolean =>
      [...new URLSearchParams(query)].every(
        ([key, value]) => !['name', 'fromImage', 'tag'].includes(key) || request.query.get(key) === value,
      );
    return this.#recording.exchanges.find(
      (one) => one.method === request.method && one.path === request.path && agrees(one.query),
    );
  }
}

function send(response: ServerResponse, answer: Omit<Exchange, 'name' | 'method' | 'path'>): void {
  response.writeHead(answer.status, { ...answer.headers });
  if (answer.base64 !== undefined) response.end(Buffer.from(answer.base64, 'base64'));
  else response.end(answer.json === undefined ? (answer.text ?? '') : JSON.stringify(answer.json));
}
