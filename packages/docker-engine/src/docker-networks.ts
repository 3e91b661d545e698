import { EngineError, type NetworkInfo, type NetworkRequest } from '@berth/spawner';
import { abortable } from './abortable.ts';
import type { DockerConnection } from './docker-connection.ts';
import { dial } from './docker-dial.ts';
import { listIn, objectIn, textIn } from './json-value.ts';

const ENABLE_ICC = 'com.docker.network.bridge.enable_icc';

/**
 * Finds networks by name, or makes bridges; one at a time, because Docker before 25 makes two of one name for two who ask
 * at once, and then refuses both as ambiguous (CheckDuplicate is checked without a lock; seen with 20.10).
 */
export class DockerNetworks {
  readonly #connection: DockerConnection;
  #last: Promise<void> = Promise.resolve();

  constructor(connection: DockerConnection) {
    this.#connection = connection;
  }

  async ensure(request: NetworkRequest, signal: AbortSignal): Promise<NetworkInfo> {
    const turn = this.#last;
    const done = Promise.withResolvers<void>();
    this.#last = done.promise;
    try {
      await abortable(turn, signal);
      return await ensureNetwork(this.#connection, request, signal);
    } finally {
      // Whoever left the queue still stands between those before and after.
      void turn.then(() => done.resolve());
    }
  }
}

async function ensureNetwork(
  connection: DockerConnection,
  request: NetworkRequest,
  signal: AbortSignal,
): Promise<NetworkInfo> {
  const existing = await findNetwork(connection, request.name, signal);
  if (existing !== undefined) return existing;
  if (request.mustExist) throw new EngineError('not-found', `network ${request.name} not found`, { status: 404 });
  const created = await createNetwork(connection, request, signal);
  const network = await findNetwork(connection, request.name, signal);
  if (network === undefined) throw new EngineError('refused', `network ${request.name} was made, but isn't there`);
  return { ...network, created };
}

/** True where this call made it, false where another program was faster. */
async function createNetwork(
  connection: DockerConnection,
  request: NetworkRequest,
  signal: AbortSignal,
): Promise<boolean> {
  const options = {
    Name: request.name,
    Driver: 'bridge',
    // Engines before 25 would make a second one of the same name.
    CheckDuplicate: true,
    Labels: { ...request.labels },
    Options: request.interContainer ? {} : { [ENABLE_ICC]: 'false' },
  };
  const call = { name: 'create network', subject: 'network', signal, accept: [409] } as const;
  const made = await connection.call(call, (docker, abortSignal) => docker.createNetwork({ ...options, abortSignal }));
  return made !== undefined;
}

async function findNetwork(
  connection: DockerConnection,
  name: string,
  signal: AbortSignal,
): Promise<NetworkInfo | undefined> {
  let answer: unknown;
  try {
    answer = await connection.call({ name: 'inspect network', subject: 'network', signal }, (docker, abortSignal) =>
      dial(docker, `/networks/${encodeURIComponent(name)}`, {}, abortSignal),
    );
  } catch (error) {
    if (error instanceof EngineError && error.code === 'not-found') return undefined;
    throw error;
  }
  const network = objectIn(answer);
  const id = textIn(network?.['Id']);
  // Docker also finds a network by the beginning of an id.
  if (network === undefined || id === undefined || network['Name'] !== name) return undefined;
  const pools = listIn(objectIn(network['IPAM'])?.['Config']).map(objectIn);
  const pool = pools.find((one) => textIn(one?.['Subnet'])?.includes('.')) ?? pools[0];
  return {
    id,
    name,
    // Some engines write `172.18.0.1/16`; before the first container some write none.
    gateway: textIn(pool?.['Gateway'])?.replace(/\/\d+$/, ''),
    subnet: textIn(pool?.['Subnet']),
    interContainer: objectIn(network['Options'])?.[ENABLE_ICC] !== 'false',
    created: false,
  };
}
