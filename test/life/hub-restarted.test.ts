/** The hub stopped and killed, at rest and in mid-start: its users' servers go on, and what was starting becomes ready. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { waitFor } from '../stack/program.ts';
import { sharedEngine, testFolder } from '../stack/shared-engine.ts';
import { Stack } from '../stack/stack.ts';

/** Users whose names begin with "slow" get a server that listens after six seconds only. */
const slow = ['sh', '-c', 'sleep 6; exec /bin/serve'];
const hubConfiguration = `
def slow_server(spawner):
    if spawner.user.name.startswith("slow"):
        spawner.cmd = ${JSON.stringify(slow)}

c.Spawner.pre_spawn_hook = slow_server
`;

let stack: Stack;

beforeAll(async () => {
  const engine = sharedEngine();
  const berthConfiguration = { commands: [slow] };
  const folder = await testFolder();
  stack = await Stack.start({ folder, engine, images: [engine.tinyImage], hubConfiguration, berthConfiguration });
});

afterAll(async () => {
  await stack?.remove();
});

async function ready(user: string): Promise<boolean> {
  return (await stack.hubApi.user(user))?.servers['']?.ready === true;
}

describe.each(['stop', 'kill'] as const)('the hub ended by %s', (how) => {
  test('at rest: the same container serves on, and the hub knows it', async () => {
    const user = `rest-${how}`;
    await stack.hubApi.createUser(user);
    await stack.hubApi.startServer(user);
    await waitFor('the hub says ready', () => ready(user));
    const before = await stack.containers(user);
    await stack.hub[how]();
    await stack.hub.start();
    await waitFor('the hub says ready again', () => ready(user));
    expect(await stack.containers(user)).toMatchObject([{ Id: before[0]?.Id, State: { Running: true } }]);
    await stack.hubApi.stopServer(user);
    await waitFor('its container is gone', async () => (await stack.containers(user)).length === 0);
  });

  test('in mid-start: the start goes on without the hub, and the next hub leads the user to it', async () => {
    const user = `slow-${how}`;
    await stack.hubApi.createUser(user);
    await stack.hubApi.startServer(user);
    await waitFor('its container runs', async () => (await stack.containers(user))[0]?.State.Running === true);
    await stack.hub[how]();
    await stack.hub.start();
    await waitFor('nothing is in motion', async () => {
      const servers = await stack.berth.get<{ items: { user: string; status: { state: string } }[] }>('/v1/servers');
      const hubServer = (await stack.hubApi.user(user))?.servers[''];
      const mine = servers.items.filter((one) => one.user === user).map(({ status }) => status.state);
      return hubServer === undefined ? mine.length === 0 : hubServer.ready && mine.join() === 'running';
    });
    if (how === 'kill') expect(await ready(user)).toBe(true);
    if (await ready(user)) await stack.hubApi.stopServer(user);
    else await stack.hubApi.startServer(user);
    await waitFor('hub and Docker agree', async () => {
      const containers = (await stack.containers(user)).length;
      return containers === ((await ready(user)) ? 1 : 0);
    });
  });
});
