/** The service away: killed or stopped, while the hub polls and while the hub restarts. Unknown is not dead. */
import { afterEach, beforeAll, afterAll, describe, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitFor } from '../stack/program.ts';
import { sharedEngine, testFolder } from '../stack/shared-engine.ts';
import { Stack } from '../stack/stack.ts';
import { attempt, failureIn, history, nothingLeft, ready, rows, state } from './views.ts';

const outageSeconds = 15;
const sentence =
  "The service that starts notebook servers (Berth) can't be reached at the moment. Nothing was started.";
const hubConfiguration = `
c.Spawner.poll_interval = 1
c.JupyterHub.last_activity_interval = 3
c.Spawner.start_timeout = 30

def by_name(spawner):
    if spawner.user.name.startswith("resigned"):
        spawner.stop_timeout = 3

c.Spawner.pre_spawn_hook = by_name
`;

const engine = sharedEngine();
let stack: Stack;

beforeAll(async () => {
  const images = [engine.tinyImage];
  stack = await Stack.start({ folder: await testFolder(), engine, images, hubConfiguration });
});

afterEach(async () => {
  await stack.berth.start();
  await stack.hub.start();
});

afterAll(async () => {
  await stack?.remove();
});

async function running(user: string): Promise<string> {
  await stack.hubApi.createUser(user);
  await stack.hubApi.startServer(user);
  await waitFor(`${user} is ready`, () => ready(stack, user));
  const [container] = await stack.containers(user);
  if (container === undefined) throw new Error(`${user} has no container`);
  return container.Id;
}

/** The user's server answers through the proxy, to a browser that has its cookie or not: 200, or a redirect of the server's. */
async function reachable(user: string): Promise<boolean> {
  const browser = await stack.loggedIn(user);
  const page = await browser.open(`/user/${user}/`);
  return page.path.startsWith(`/user/${user}/`);
}

describe.each(['kill', 'stop'] as const)('the service ended by %s', (how) => {
  test(`while the hub polls, for ${outageSeconds} s: no server is declared dead or stopped, and all is as before`, async () => {
    const user = `polled-${how}`;
    const container = await running(user);
    await stack.berth[how]();
    for (const end = Date.now() + outageSeconds * 1000; Date.now() < end; await sleep(500))
      expect((await stack.hubApi.user(user))?.servers['']).toMatchObject({ ready: true, pending: null });
    expect(await reachable(user)).toBe(true);
    await stack.berth.start();
    await sleep(3000);
    expect(await ready(stack, user)).toBe(true);
    expect(await state(stack, user)).toBe('running');
    expect(await stack.containers(user)).toMatchObject([{ Id: container, State: { Running: true } }]);
    expect(await history(stack, user)).toEqual([]);
  });

  test('and the hub restarted meanwhile: its servers are there afterwards, the same, and reachable', async () => {
    const user = `restarted-${how}`;
    const container = await running(user);
    await stack.berth[how]();
    await stack.hub.restart();
    await sleep(5000);
    expect(stack.hub.log()).not.toMatch(new RegExp(`${user}.* (appears to have stopped|not running|is stopping)`));
    await stack.berth.start();
    await waitFor('the hub says ready', () => ready(stack, user));
    expect(await reachable(user)).toBe(true);
    expect(await stack.containers(user)).toMatchObject([{ Id: container, State: { Running: true } }]);
    expect(await history(stack, user)).toEqual([]);
  });
});

test('a start while the service is away fails with a sentence that helps, within its time, and the next one succeeds', async () => {
  const user = 'unlucky';
  const browser = await stack.loggedIn(user);
  await stack.berth.kill();
  const began = Date.now();
  const seen = await attempt(stack, browser, user);
  expect(Date.now() - began).toBeLessThan(30_000);
  expect(seen.progress.map(({ message }) => message)).toContain(
    'Waiting for the service that starts notebook servers.',
  );
  expect(failureIn(seen)).toContain(sentence);
  expect(seen.after).toContain(sentence);
  await stack.berth.start();
  expect(await rows(stack, user)).toEqual([]);
  await browser.startServer(user);
  await waitFor('it starts', () => ready(stack, user));
});

test('a service that comes back within seconds costs a start nothing but those', async () => {
  const user = 'lucky';
  const browser = await stack.loggedIn(user);
  await stack.berth.kill();
  const attempted = attempt(stack, browser, user);
  await sleep(1500);
  await stack.berth.start();
  expect((await attempted).progress.at(-1)).toMatchObject({ ready: true });
});

test('a stop while the service is away waits for it, and is done once it is back', async () => {
  const user = 'patient';
  await running(user);
  await stack.berth.kill();
  expect(await stack.hubApi.stopServer(user)).toBe(202);
  await sleep(2000);
  expect(await stack.containers(user)).toMatchObject([{ State: { Running: true } }]);
  expect((await stack.hubApi.user(user))?.servers['']).toMatchObject({ pending: 'stop' });
  await stack.berth.start();
  await nothingLeft(stack, user);
  await waitFor('the hub says stopped', async () => (await stack.hubApi.user(user))?.servers[''] === undefined);
  expect(await history(stack, user)).toMatchObject([{ outcome: 'stopped' }]);
});

test('a stop that the service does not hear of in time is logged with what to do; the next start takes the old one away', async () => {
  const user = 'resigned';
  const container = await running(user);
  await stack.berth.kill();
  await stack.hubApi.stopServer(user);
  await waitFor('the hub has given up', async () => (await stack.hubApi.user(user))?.servers[''] === undefined);
  expect(stack.hub.log()).toMatch(/resigned.* was NOT stopped.*berth stop/);
  await stack.berth.start();
  expect(await state(stack, user)).toBe('running');
  await stack.hubApi.startServer(user);
  await waitFor('a new one is ready', () => ready(stack, user));
  const left = await stack.containers(user);
  expect(left).toHaveLength(1);
  expect(left[0]?.Id).not.toBe(container);
  await stack.hubApi.stopServer(user);
  await nothingLeft(stack, user);
});
