/** Docker's API and nothing else: what a start costs where nobody but Docker is in the way. */
import { Agent, request } from 'node:http';

/** What the benches read of `docker inspect`. */
export interface Inspected {
  readonly Id: string;
  readonly Config: { readonly Image: string; readonly Env: readonly string[]; readonly Labels: Record<string, string> };
  readonly HostConfig: Readonly<Record<string, unknown>>;
  readonly NetworkSettings: { readonly Networks: Readonly<Record<string, { readonly IPAddress: string }>> };
}

export class DockerApi {
  readonly #socketPath: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  async create(name: string, body: object): Promise<string> {
    const { Id } = (await this.#call('POST', `/containers/create?name=${name}`, body)) as { Id: string };
    return Id;
  }

  async start(id: string): Promise<void> {
    await this.#call('POST', `/containers/${id}/start`);
  }

  async inspect(id: string): Promise<Inspected> {
    return (await this.#call('GET', `/containers/${id}/json`)) as Inspected;
  }

  async stop(id: string): Promise<void> {
    await this.#call('POST', `/containers/${id}/stop?t=10`);
  }

  async remove(id: string): Promise<void> {
    await this.#call('DELETE', `/containers/${id}?v=1`);
  }

  /** Ids of all containers, running or not. */
  async list(): Promise<string[]> {
    return ((await this.#call('GET', '/containers/json?all=1')) as { Id: string }[]).map(({ Id }) => Id);
  }

  close(): void {
    this.#agent.destroy();
  }

  #call(method: string, path: string, body?: object): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const options = { socketPath: this.#socketPath, method, path: `/v1.41${path}`, agent: this.#agent };
      const asked = request({ ...options, headers: { 'content-type': 'application/json' } }, (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => (text += chunk));
        answer.on('error', reject);
        answer.on('end', () => {
          const { statusCode = 0 } = answer;
          if (statusCode >= 400) reject(new Error(`${method} ${path}: Docker answered ${statusCode} ${text}`));
          else resolve(text === '' ? undefined : JSON.parse(text));
        });
      });
      asked.on('error', reject);
      asked.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}
