/** Names of users and servers that mean something to a shell, a file system, Docker or DNS: all come out harmless. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { docker, sharedEngine, testFolder } from '../stack/shared-engine.ts';
import { Stack } from '../stack/stack.ts';
import { inspect } from './inspected.ts';
import { TokenHolder } from './token-holder.ts';

const engine = sharedEngine();

/** Names that the hub takes: their servers are started through its API. */
const takenByHub = ['bank\\user1', 'ана', 'a b', 'a-b', 'a_b', 'a.b', '-a', '$(id)', "';--", 'a'.repeat(200)];

/** Names that the hub refuses or writes otherwise: they come by a hub's token. */
const byToken = [
  ['../x', ''],
  ['..', ''],
  ['.', ''],
  ['a/b', ''],
  ['A-b', ''],
  ['а b', ''], // the first letter is Cyrillic
  [' a b', ''],
  ['a\u202eb', ''],
  ['ана'.repeat(40), ''],
  ['🦆'.repeat(60), ''],
  ['a', 'b'],
  ['a', '../x'],
  ['a', 'ГПУ'],
  ['a', '$(id)'],
  ['a', 'x'.repeat(200)],
] as const;

const names: readonly (readonly [string, string])[] = [...takenByHub.map((user) => [user, ''] as const), ...byToken];

let stack: Stack;
let hub: TokenHolder;

interface Made {
  readonly container: string;
  readonly hostname: string;
  readonly volumes: readonly string[];
  readonly user: string | undefined;
  readonly server: string | undefined;
}
const made = new Map<string, Made>();

beforeAll(async () => {
  stack = await Stack.start({
    folder: await testFolder(),
    engine,
    images: [engine.tinyImage],
    berthConfiguration: {
      containers: {
        volumes: [
          { source: 'home-{username}', target: '/home' },
          { source: 'server-{username}.{servername}', target: '/data' },
        ],
      },
    },
  });
  hub = await TokenHolder.of(stack.berth, 'hub.token', 'default');
  for (const user of takenByHub) {
    await stack.hubApi.createUser(user);
    await stack.hubApi.startServer(user);
    await hub.settled(user);
  }
  await Promise.all(byToken.map(([user, server]) => hub.started(user, server)));
  for (const [user, server] of names) made.set(`${user}\0${server}`, await look(user, server));
}, 240_000);

afterAll(async () => {
  const volumes = [...made.values()].flatMap((one) => one.volumes);
  await stack?.remove();
  if (volumes.length > 0) await docker(engine, 'volume', 'rm', '-f', ...volumes);
});

async function look(user: string, server: string): Promise<Made> {
  const { container } = await hub.server(user, server);
  const { Name, Config, Mounts } = await inspect(engine, container!.id);
  return {
    container: Name.slice(1),
    hostname: Config.Hostname,
    volumes: Mounts.flatMap((mount) => mount.Name ?? []).toSorted(), // Docker has no order for them
    user: Config.Labels['berth.user'],
    server: Config.Labels['berth.server'],
  };
}

test.each(names)('user %j with server %j gets safe names, and is itself in the labels', (user, server) => {
  const { container, hostname, volumes, ...labels } = made.get(`${user}\0${server}`)!;
  expect(labels).toEqual({ user, server });
  expect(container).toMatch(/^berth(-[a-z0-9]+)+$/);
  expect(container.length).toBeLessThanOrEqual(128);
  // RFC 1123, 2.1: letters, digits and inner hyphens, at most 63.
  expect(hostname).toMatch(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
  expect(volumes).toHaveLength(2);
  for (const volume of volumes) expect(volume).toMatch(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,254}$/);
});

test('no two of them share a container, a host name or a volume of their own', () => {
  const all = [...made.values()];
  expect(all).toHaveLength(names.length);
  expect(new Set(all.map(({ container }) => container)).size).toBe(names.length);
  expect(new Set(all.map(({ hostname }) => hostname)).size).toBe(names.length);
  expect(new Set(all.map(({ volumes }) => volumes.find((one) => one.startsWith('server-')))).size).toBe(names.length);
  const homes = new Set(all.map(({ volumes }) => volumes.find((one) => one.startsWith('home-'))));
  expect(homes.size).toBe(new Set(names.map(([user]) => user)).size);
});

test('a start after a stop finds the same names, and so the same volumes', async () => {
  for (const [user, server] of [names[0]!, names[1]!, byToken[0], byToken[11]]) {
    await hub.stopped(user, server);
    await hub.started(user, server);
    expect(await look(user, server)).toEqual(made.get(`${user}\0${server}`));
  }
});
