/** A man in the middle of Berth and dockerd: passes everything on, counts it, and spoils what a test asks for. */
import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

/** A call to Docker, its path without version and query: `POST /containers/create`. */
export interface DockerCall {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** ms since the epoch. */
  readonly at: number;
}

export type Spoiling =
  /** Docker never hears of it; this is the answer. */
  | { readonly kind: 'answer'; readonly status: number; readonly message: string }
  /** Docker never hears of it, and nobody answers. Once lifted, the connection breaks. */
  | { readonly kind: 'hang' }
  /** Docker does it, but its answer is held back until lifted. */
  | { readonly kind: 'hold' }
  /** Docker's JSON answer, changed. */
  | { readonly kind: 'change'; readonly change: (body: unknown) => unknown };

/** Takes a spoiling back, and lets go what it holds. */
export type Lift = () => void;

interface Rule {
  readonly pattern: RegExp;
  readonly spoiling: Spoiling;
  readonly lifted: Promise<void>;
}

export class DockerProxy {
  readonly socketPath: string;
  readonly #target: string;
  readonly #server: Server;
  readonly #calls: DockerCall[] = [];
  readonly #rules = new Set<Rule>();
  readonly #streams = new Set<ServerResponse>();
  #mute = false;

  static async start(options: { readonly socketPath: string; readonly target: string }): Promise<DockerProxy> {
    const proxy = new DockerProxy(options.socketPath, options.target);
    proxy.#server.listen(options.socketPath);
    await once(proxy.#server, 'listening');
    return proxy;
  }

  private constructor(socketPath: string, target: string) {
    this.socketPath = socketPath;
    this.#target = target;
    this.#server = createServer((asked, answer) => void this.#serve(asked, answer).catch(() => answer.destroy()));
  }

  /** Calls so far whose `METHOD /path` fits; event streams count once, when they open. */
  calls(pattern: RegExp = /./): readonly DockerCall[] {
    return this.#calls.filter(({ method, path }) => pattern.test(`${method} ${path}`));
  }

  /** From now on, until lifted, calls whose `METHOD /path` fits are spoiled. */
  spoil(pattern: RegExp, spoiling: Spoiling): Lift {
    let lift: Lift = () => undefined;
    const lifted = new Promise<void>((resolve) => (lift = resolve));
    const rule = { pattern, spoiling, lifted };
    this.#rules.add(rule);
    return () => {
      this.#rules.delete(rule);
      lift();
    };
  }

  /** Event streams open at the moment. */
  get eventStreams(): number {
    return this.#streams.size;
  }

  /** Breaks the open event streams. */
  cutEvents(): void {
    for (const stream of this.#streams) stream.destroy();
  }

  /** Writes a line into the open event streams. */
  garbleEvents(line: string): void {
    for (const stream of this.#streams) stream.write(`${line}\n`);
  }

  /** Open event streams stay open; what Docker says on them is dropped. */
  muteEvents(mute: boolean): void {
    this.#mute = mute;
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  async #serve(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    const url = new URL(asked.url ?? '/', 'http://docker');
    const path = url.pathname.replace(/^\/v1\.\d+/, '');
    const { method = 'GET' } = asked;
    this.#calls.push({ method, path, query: url.searchParams, at: Date.now() });
    const rule = [...this.#rules].find(({ pattern }) => pattern.test(`${method} ${path}`));
    const spoiling = rule?.spoiling;
    if (spoiling?.kind === 'answer') {
      asked.resume();
      answer.writeHead(spoiling.status, { 'content-type': 'application/json' });
      answer.end(JSON.stringify({ message: spoiling.message }));
      return;
    }
    if (rule && spoiling?.kind === 'hang') {
      asked.resume();
      await rule.lifted;
      answer.destroy();
      return;
    }
    const { headers } = asked;
    const passed = request({ socketPath: this.#target, path: asked.url, method, headers, agent: false });
    answer.once('close', () => passed.destroy());
    asked.pipe(passed);
    const [said] = (await once(passed, 'response')) as [IncomingMessage];
    if (path === '/events') return this.#stream(said, answer);
    if (spoiling?.kind === 'change') {
      const body = JSON.stringify(spoiling.change(JSON.parse(await textOf(said))));
      answer.writeHead(said.statusCode ?? 502, { 'content-type': 'application/json' });
      answer.end(body);
      return;
    }
    if (rule) {
      const body = await textOf(said);
      await rule.lifted;
      answer.writeHead(said.statusCode ?? 502, { 'content-type': said.headers['content-type'] ?? 'application/json' });
      answer.end(body);
      return;
    }
    answer.writeHead(said.statusCode ?? 502, said.headers);
    said.once('error', () => answer.destroy());
    said.pipe(answer);
  }

  #stream(said: IncomingMessage, answer: ServerResponse): void {
    answer.writeHead(said.statusCode ?? 502, said.headers);
    answer.flushHeaders();
    this.#streams.add(answer);
    answer.once('close', () => (this.#streams.delete(answer), said.destroy()));
    said.once('error', () => answer.destroy());
    said.once('end', () => answer.end());
    said.on('data', (chunk: Buffer) => this.#mute || answer.write(chunk));
  }
}

async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
