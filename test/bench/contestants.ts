/** The four that start servers in turn: Berth, dockerspawner, the bare Docker API, and a spawner that does nothing. */
import { Hub } from '../stack/hub.ts';
import { HubApi } from '../stack/hub-api.ts';
import { venvFolder } from '../stack/venvs.ts';
import type { DockerApi } from './docker-api.ts';

export interface Contestant {
  readonly name: string;
  /** Resolves once all of these users' servers may be used. */
  start(users: readonly string[]): Promise<void>;
  /** Resolves once all of them are gone. */
  stop(users: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

export interface HubContestantOptions {
  readonly name: string;
  readonly folder: string;
  readonly hubAddress: string;
  readonly users: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** What JupyterHub calls it. */
  readonly spawner: string;
  /** Python lines of its jupyterhub_config.py. */
  readonly configuration?: string;
}

/** For every hub the same. An answer to a start or a stop comes when it is done, not after ten seconds. */
const hubConfiguration = `
c.JupyterHub.tornado_settings = {"slow_spawn_timeout": 300, "slow_stop_timeout": 300}
c.JupyterHub.concurrent_spawn_limit = 100
c.JupyterHub.log_level = "WARN"
c.Spawner.start_timeout = 120
`;

/** A hub of its own with this spawner. */
export async function hubContestant(options: HubContestantOptions): Promise<Contestant> {
  const { name, folder, hubAddress, spawner, environment = {}, configuration = '' } = options;
  const hub = await Hub.start({
    ...{ folder, hubAddress, spawner, environment, venv: venvFolder('5.5.1') },
    configuration: hubConfiguration + configuration,
  });
  const api = new HubApi(hub);
  const expectStatus = async (wanted: number, answer: Promise<number>, what: string) => {
    const status = await answer;
    if (status !== wanted) throw new Error(`${name}: ${what} was answered with ${status}\n${hub.log().slice(-2000)}`);
  };
  try {
    for (const user of options.users) await api.createUser(user);
  } catch (error) {
    await hub.remove();
    throw error;
  }
  return {
    name,
    start: async (users) =>
      void (await Promise.all(users.map((user) => expectStatus(201, api.startServer(user), `the start of ${user}`)))),
    stop: async (users) =>
      void (await Promise.all(users.map((user) => expectStatus(204, api.stopServer(user), `the stop of ${user}`)))),
    close: () => hub.remove(),
  };
}

/** Returns the URL of a server that runs already: what is left is the hub's own work. */
export function doNothingConfiguration(url: string): string {
  return `
from jupyterhub.spawner import Spawner

class DoNothing(Spawner):
    running = False

    async def start(self):
        self.running = True
        return ${JSON.stringify(url)}

    async def poll(self):
        return None if self.running else 0

    async def stop(self, now=False):
        self.running = False

c.JupyterHub.spawner_class = DoNothing
`;
}

/** Create, start, inspect; stop, remove: what any spawner on Docker has to ask for. */
export function bareContestant(docker: DockerApi, body: object): Contestant {
  const ids = new Map<string, string>();
  return {
    name: 'bare Docker API',
    async start(users) {
      const one = async (user: string) => {
        const id = await docker.create(`bare-${user}`, body);
        await docker.start(id);
        await docker.inspect(id);
        ids.set(user, id);
      };
      await Promise.all(users.map(one));
    },
    async stop(users) {
      const one = async (user: string) => {
        const id = ids.get(user) ?? '';
        await docker.stop(id);
        await docker.remove(id);
      };
      await Promise.all(users.map(one));
    },
    close: async () => docker.close(),
  };
}
