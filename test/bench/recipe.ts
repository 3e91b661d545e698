/**
 * The container that everyone makes: read from one that Berth made, so that dockerspawner and the bare API get the same
 * image, network and limits, and compared again with what they then make.
 */
import type { Inspected } from './docker-api.ts';

const compared = [
  'NetworkMode',
  'Init',
  'SecurityOpt',
  'CapAdd',
  'CapDrop',
  'PidsLimit',
  'Ulimits',
  'LogConfig',
  'Memory',
  'NanoCpus',
  'ShmSize',
  'PortBindings',
  'Mounts',
  'Binds',
] as const;

export interface Recipe {
  /** The body of `POST /containers/create`. */
  readonly body: object;
  /** Lines of jupyterhub_config.py that have dockerspawner make it. */
  readonly dockerspawner: string;
  /** Throws where a container differs in what its start costs. */
  check(whose: string, container: Inspected): void;
}

export function recipeOf(model: Inspected, image: string): Recipe {
  const { HostConfig, Config } = model;
  const own = (name: (typeof compared)[number]) => HostConfig[name];
  if (own('Memory') !== 0 || own('NanoCpus') !== 0 || isFull(own('Mounts')) || isFull(own('Binds'))) {
    throw new Error('the model container has limits or mounts that dockerspawner is not told of here');
  }
  const hostConfig = {
    init: own('Init'),
    security_opt: own('SecurityOpt'),
    cap_drop: own('CapDrop'),
    pids_limit: own('PidsLimit'),
    ulimits: own('Ulimits'),
    log_config: own('LogConfig'),
    shm_size: own('ShmSize'),
  };
  return {
    body: { Image: image, Env: Config.Env, Labels: { 'berth-bench': 'bare' }, HostConfig },
    dockerspawner: `
import json
c.DockerSpawner.image = ${JSON.stringify(image)}
c.DockerSpawner.use_internal_ip = True
c.DockerSpawner.network_name = ${JSON.stringify(own('NetworkMode'))}
c.DockerSpawner.remove = True
c.DockerSpawner.extra_host_config = json.loads(${JSON.stringify(JSON.stringify(hostConfig))})
`,
    check(whose, { HostConfig: other }) {
      for (const name of compared) {
        const [expected, found] = [plain(HostConfig[name]), plain(other[name])];
        if (expected === found) continue;
        throw new Error(`${whose} made a container of another kind: ${name} is ${found}, with Berth ${expected}`);
      }
    },
  };
}

function isFull(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0;
}

/** Absent, null and empty are one to Docker. */
function plain(value: unknown): string {
  const empty =
    value === undefined || value === null || JSON.stringify(value) === '[]' || JSON.stringify(value) === '{}';
  return empty ? 'nothing' : JSON.stringify(value);
}
