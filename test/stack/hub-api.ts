/** JupyterHub's REST API with an API token. */
import type { Hub } from './hub.ts';

/** A server in the hub's user model; only what the tests look at. */
export interface HubServer {
  readonly name: string;
  readonly ready: boolean;
  readonly pending: string | null;
  readonly stopped?: boolean;
  readonly url: string;
}

export interface HubUser {
  readonly name: string;
  readonly admin: boolean;
  readonly servers: Readonly<Record<string, HubServer>>;
}

export class HubApi {
  readonly #base: string;
  readonly #token: string;

  constructor(hub: Pick<Hub, 'origin' | 'baseUrl' | 'adminToken'>) {
    this.#base = `${hub.origin}${hub.baseUrl}hub/api`;
    this.#token = hub.adminToken;
  }

  /** Any call; the answer is whatever the hub says. `path` begins with a slash. */
  async call(method: string, path: string, body?: unknown): Promise<Response> {
    return fetch(this.#base + path, {
      method,
      headers: { authorization: `token ${this.#token}`, 'content-type': 'application/json' },
      signal: AbortSignal.timeout(60_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  async createUser(name: string): Promise<void> {
    await this.#expect([201, 409], 'POST', `/users/${encodeURIComponent(name)}`);
  }

  /** Undefined where the hub knows no such user. */
  async user(name: string): Promise<HubUser | undefined> {
    const answer = await this.#expect([200, 404], 'GET', `/users/${encodeURIComponent(name)}`);
    return answer.status === 404 ? undefined : ((await answer.json()) as HubUser);
  }

  /** Asks for a server. 201: it runs; 202: it is on its way. */
  async startServer(user: string, server = '', options?: unknown): Promise<201 | 202> {
    const answer = await this.#expect([201, 202], 'POST', serverPath(user, server), options);
    return answer.status as 201 | 202;
  }

  /** Asks a server to stop. 204: it is stopped; 202: on its way. */
  async stopServer(user: string, server = ''): Promise<204 | 202> {
    const answer = await this.#expect([204, 202], 'DELETE', serverPath(user, server));
    return answer.status as 204 | 202;
  }

  async #expect(statuses: readonly number[], method: string, path: string, body?: unknown): Promise<Response> {
    const answer = await this.call(method, path, body);
    if (statuses.includes(answer.status)) return answer;
    throw new Error(`${method} ${path}: the hub answered ${answer.status} ${(await answer.text()).slice(0, 500)}`);
  }
}

export function serverPath(user: string, server: string): string {
  const base = `/users/${encodeURIComponent(user)}`;
  return server === '' ? `${base}/server` : `${base}/servers/${encodeURIComponent(server)}`;
}
