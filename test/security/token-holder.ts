/** Whoever holds a token, hub or thief: any request, written by hand. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { serverKey } from '@berth/spawner';
import type { Berth } from '../stack/berth.ts';
import { waitFor } from '../stack/program.ts';

export interface Answer {
  readonly status: number;
  readonly text: string;
  /** The body as JSON; undefined where it is none. */
  readonly json: Readonly<Record<string, unknown>> | undefined;
}

/** The states of a server as the contract writes them; only what tests look at. */
export interface WireServer {
  readonly key: string;
  readonly status: { readonly state: string; readonly failure?: { readonly code: string; readonly message: string } };
  readonly container?: { readonly id: string; readonly name: string };
}

export class TokenHolder {
  readonly #berth: Pick<Berth, 'url'>;
  readonly #token: string;
  /** The hub that the token stands for; any word for other roles. */
  readonly hub: string;

  static async of(berth: Pick<Berth, 'url' | 'state'>, file: string, hub: string): Promise<TokenHolder> {
    return new TokenHolder(berth, (await readFile(join(berth.state, file), 'utf8')).trim(), hub);
  }

  constructor(berth: Pick<Berth, 'url'>, token: string, hub: string) {
    this.#berth = berth;
    this.#token = token;
    this.hub = hub;
  }

  /** `body` is sent as it is where it is a string, else as JSON. */
  async send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const answer = await fetch(this.#berth.url + path, {
      method,
      headers: { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json', ...headers },
      signal: AbortSignal.timeout(30_000),
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, text, json: parsed(text) };
  }

  key(user: string, serverName = ''): string {
    return serverKey({ hub: this.hub, user, serverName });
  }

  /** A PUT of a start as the contract wants it; `more` is laid over it. */
  async put(user: string, serverName = '', more: object = {}): Promise<Answer> {
    return this.send('PUT', `/v1/servers/${this.key(user, serverName)}`, startOf(user, serverName, more));
  }

  async server(user: string, serverName = ''): Promise<WireServer> {
    const { json } = await this.send('GET', `/v1/servers/${this.key(user, serverName)}`);
    return json as unknown as WireServer;
  }

  /** Starts a server; resolves once it runs, rejects with the reason where it doesn't. */
  async started(user: string, serverName = '', more: object = {}): Promise<WireServer> {
    const answer = await this.put(user, serverName, more);
    if (answer.status !== 202 && answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`);
    const server = await this.settled(user, serverName);
    if (server.status.state !== 'running') throw new Error(JSON.stringify(server.status));
    return server;
  }

  /** The server once it is neither starting nor stopping. */
  async settled(user: string, serverName = ''): Promise<WireServer> {
    let server = await this.server(user, serverName);
    await waitFor(`${user}/${serverName} is settled`, async () => {
      server = await this.server(user, serverName);
      return !['starting', 'stopping'].includes(server.status.state);
    });
    return server;
  }

  async stopped(user: string, serverName = ''): Promise<void> {
    await this.send('DELETE', `/v1/servers/${this.key(user, serverName)}`);
    await this.settled(user, serverName);
  }

  /** What the event stream brings within `ms`, from its beginning. */
  async events(ms: number): Promise<string> {
    const end = new AbortController();
    const timer = setTimeout(() => end.abort(), ms);
    let text = '';
    try {
      const answer = await fetch(`${this.#berth.url}/v1/events`, {
        headers: { authorization: `Bearer ${this.#token}` },
        signal: end.signal,
      });
      if (answer.body === null) return text;
      for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) text += chunk;
    } catch (error) {
      if (!end.signal.aborted) throw error;
    } finally {
      clearTimeout(timer);
    }
    return text;
  }
}

let latest = 0;

/** A start's body; generations only grow. */
export function startOf(user: string, serverName = '', more: object = {}): Readonly<Record<string, unknown>> {
  latest = Math.max(Date.now(), latest + 1);
  return { user, serverName, generation: latest, budgetSeconds: 60, port: 8888, environment: {}, ...more };
}

function parsed(text: string): Answer['json'] {
  try {
    return JSON.parse(text) as Answer['json'];
  } catch {
    return undefined;
  }
}
