/** Starts and stops through a real hub with real containers, against what they can't be cheaper than. */
import { join } from 'node:path';
import { Berth } from '../stack/berth.ts';
import { TINY_IMAGE } from '../stack/tiny-image.ts';
import { bareContestant, doNothingConfiguration, hubContestant, type Contestant } from './contestants.ts';
import { DockerApi } from './docker-api.ts';
import { median, milliseconds, seconds, table, timed, times } from './figures.ts';
import { recipeOf } from './recipe.ts';

export interface StartsOptions {
  readonly folder: string;
  readonly engine: { readonly socketPath: string; readonly bridgeAddress: string };
  readonly rounds: number;
  /** Servers that are started at once. */
  readonly servers: number;
  readonly say: (line: string) => void;
  /** Ends the bench before its next measurement. */
  readonly signal: AbortSignal;
}

interface Times {
  readonly starts: number[];
  readonly stops: number[];
  readonly singleStarts: number[];
  readonly singleStops: number[];
}

type Kind = keyof Times;

const singlesPerRound = 6;

export async function benchStarts(options: StartsOptions): Promise<string> {
  const { rounds, say } = options;
  const users = Array.from({ length: options.servers }, (_, i) => `user${String(i).padStart(2, '0')}`);
  const opened: { close(): Promise<unknown> }[] = [];
  try {
    const contestants = await openContestants(options, users, opened);
    const found = new Map<Contestant, Times>(
      contestants.map((one) => [one, { starts: [], stops: [], singleStarts: [], singleStops: [] }]),
    );
    for (let round = 0; round < rounds; round++) {
      // Each comes first in turn: whoever follows finds warmer caches.
      for (let i = 0; i < contestants.length; i++) {
        options.signal.throwIfAborted();
        const one = contestants[(round + i) % contestants.length];
        if (one !== undefined) await measure(one, users, found.get(one));
      }
      const line = contestants.map((one) => `${one.name} ${seconds(found.get(one)?.starts.at(-1) ?? 0)}`).join(', ');
      say(`  round ${round + 1} of ${rounds}: ${line}`);
    }
    return report(
      options.servers,
      contestants.map((one) => found.get(one)).filter((times) => times !== undefined),
    );
  } finally {
    for (const one of opened.toReversed()) await one.close();
  }
}

async function measure(one: Contestant, users: readonly string[], times: Times | undefined): Promise<void> {
  times?.starts.push(await timed(() => one.start(users)));
  times?.stops.push(await timed(() => one.stop(users)));
  for (const user of users.slice(0, singlesPerRound)) {
    times?.singleStarts.push(await timed(() => one.start([user])));
    times?.singleStops.push(await timed(() => one.stop([user])));
  }
}

/** In this order: Berth, dockerspawner, bare Docker, floor. Each has started and stopped all servers once. */
async function openContestants(
  { folder, engine, say }: StartsOptions,
  users: readonly string[],
  opened: { close(): Promise<unknown> }[],
): Promise<Contestant[]> {
  const docker = new DockerApi(engine.socketPath);
  const hub = { hubAddress: engine.bridgeAddress, users };
  say('  starting Berth and three hubs');
  const service = await Berth.start({
    ...{ folder: join(folder, 'b'), dockerSocket: engine.socketPath, images: [TINY_IMAGE] },
    configuration: { instance: 'bench-starts' },
  });
  opened.push({ close: () => service.remove() });
  const environment = { BERTH_URL: service.url, BERTH_TOKEN_FILE: service.tokenFile('hub') };
  const berth = await hubContestant({
    ...{ ...hub, name: 'Berth', folder: join(folder, 'hub-berth'), spawner: 'berth', environment },
  });
  opened.push(berth);

  const [user = ''] = users;
  await berth.start([user]);
  const recipe = recipeOf(await onlyContainer(docker), TINY_IMAGE);
  await berth.stop([user]);

  const dockerspawner = await hubContestant({
    ...{ ...hub, name: 'dockerspawner', folder: join(folder, 'hub-docker'), spawner: 'docker' },
    environment: { DOCKER_HOST: `unix://${engine.socketPath}` },
    configuration: recipe.dockerspawner,
  });
  opened.push(dockerspawner);
  await dockerspawner.start([user]);
  recipe.check('dockerspawner', await onlyContainer(docker));
  await dockerspawner.stop([user]);

  const bare = bareContestant(docker, recipe.body);
  opened.push(bare);
  await bare.start([user]);
  recipe.check('the bare API', await onlyContainer(docker));
  await bare.stop([user]);

  // Stands for all servers of the spawner that does nothing; the same program as in the others' containers.
  const standing = await docker.create('bench-standing', recipe.body);
  await docker.start(standing);
  const [network] = Object.values((await docker.inspect(standing)).NetworkSettings.Networks);
  const floor = await hubContestant({
    ...{ ...hub, name: 'floor', folder: join(folder, 'hub-floor'), spawner: 'simple' },
    configuration: doNothingConfiguration(`http://${network?.IPAddress}:8888`),
  });
  opened.push(floor);

  const all = [berth, dockerspawner, bare, floor];
  for (const one of all) await measure(one, users, undefined);
  return all;
}

async function onlyContainer(docker: DockerApi) {
  const [id = '', ...others] = await docker.list();
  if (others.length > 0) throw new Error('there are containers of somebody else on the daemon of the bench');
  return docker.inspect(id);
}

function report(servers: number, found: readonly Times[]): string {
  const row = (what: string, kind: Kind, write: (value: number) => string, of = median): string[] => {
    const [berth = 0, dockerspawner = 0, bare = 0, floor = 0] = found.map((times) => of(times[kind]));
    const sum = bare + floor;
    return [
      ...[what, write(berth), write(dockerspawner), write(bare), write(floor)],
      ...[times(berth / sum), times(dockerspawner / sum), milliseconds(berth - sum)],
    ];
  };
  const fastest = (values: readonly number[]) => Math.min(...values);
  const contestants = ['Berth', 'dockerspawner', 'bare Docker', 'hub alone'];
  return table(
    ['', ...contestants, 'Berth / sum', 'dockerspawner / sum', 'Berth - sum'],
    [
      row(`${servers} starts at once, median`, 'starts', seconds),
      row(`${servers} stops at once, median`, 'stops', seconds),
      row('one start, median', 'singleStarts', milliseconds),
      row('one start, fastest', 'singleStarts', milliseconds, fastest),
      row('one stop, median', 'singleStops', milliseconds),
      row('one stop, fastest', 'singleStops', milliseconds, fastest),
    ],
  );
}
