/** A Docker daemon that answers errors, hangs, tells nothing or nonsense: Berth between a proxy that spoils its calls and users. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { DockerProxy, type Lift, type Spoiling } from '../stack/docker-proxy.ts';
import { waitFor } from '../stack/program.ts';
import { docker, sharedEngine, testFolder } from '../stack/shared-engine.ts';
import { Stack } from '../stack/stack.ts';
import { attempt, cli, failureIn, history, nothingLeft, ready, rows, state } from './views.ts';

/** Seconds of the hub's start_timeout; the adapter's budget is 5 s less. */
const startTimeout = 10;
const late = ['sh', '-c', 'sleep 3; exec /bin/serve'];
const hubConfiguration = `
def by_name(spawner):
    if spawner.user.name.startswith("late"):
        spawner.cmd = ${JSON.stringify(late)}
        spawner.start_timeout = 60

c.Spawner.pre_spawn_hook = by_name
c.Spawner.poll_interval = 1
c.Spawner.start_timeout = ${startTimeout}
`;

const engine = sharedEngine();
const lifts: Lift[] = [];
let proxy: DockerProxy;
let stack: Stack;

beforeAll(async () => {
  const folder = await testFolder();
  proxy = await DockerProxy.start({ socketPath: join(folder, 'proxy.sock'), target: engine.socketPath });
  const dockerBlock = { socket: proxy.socketPath, resync: '5s', callTimeout: '20s' };
  const berthConfiguration = { docker: dockerBlock, commands: [late], containers: { stopGrace: '1s' } };
  const images = [engine.tinyImage];
  stack = await Stack.start({ folder, engine, images, hubConfiguration, berthConfiguration });
});

afterEach(() => {
  for (const lift of lifts.splice(0)) lift();
  proxy.muteEvents(false);
});

afterAll(async () => {
  await stack?.remove();
  await proxy?.close();
});

function spoil(pattern: RegExp, spoiling: Spoiling): Lift {
  const lift = proxy.spoil(pattern, spoiling);
  lifts.push(lift);
  return lift;
}

async function start(user: string): Promise<string> {
  await stack.hubApi.createUser(user);
  await stack.hubApi.startServer(user);
  await waitFor(`the hub says ${user}'s server is ready`, () => ready(stack, user));
  const [container] = await stack.containers(user);
  if (container === undefined) throw new Error(`${user} has no container`);
  return container.Id;
}

const steps = [
  ['get the image', 'image', /^GET \/images\/.+\/json$/],
  ['create the container', 'create', /^POST \/containers\/create$/],
  ['start the container', 'start', /^POST \/containers\/[^/]+\/start$/],
  ["find the container's address", 'inspect', /^GET \/containers\/[^/]+\/json$/],
] as const;

describe.each(steps)('a daemon that can\'t "%s"', (step, name, pattern) => {
  test('and answers 500: the user reads its words, and nothing is left', async () => {
    const user = `refused-${name}`;
    const browser = await stack.loggedIn(user);
    const lift = spoil(pattern, { kind: 'answer', status: 500, message: 'the graph driver is on holiday' });
    const seen = await attempt(stack, browser, user);
    expect(failureIn(seen)).toContain('the graph driver is on holiday');
    expect(seen.after).toContain('the graph driver is on holiday');
    expect(await history(stack, user)).toMatchObject([
      { outcome: 'failed', failure: { code: 'docker-refused', step } },
    ]);
    expect(await cli(stack, 'ps', '--all', '--user', user)).toContain('the graph driver is on holiday');
    lift();
    await nothingLeft(stack, user);
  });

  test('and hangs: the hub gives up in time, the reason names the step and its seconds, and nothing is left', async () => {
    const user = `hung-${name}`;
    const browser = await stack.loggedIn(user);
    const lift = spoil(pattern, { kind: 'hang' });
    const began = Date.now();
    const seen = await attempt(stack, browser, user);
    const reason = new RegExp(`within [45]\\.\\d s: the step "${step}" had taken [\\d.]+ s`);
    expect(failureIn(seen)).toMatch(reason);
    expect(seen.after).toMatch(reason);
    expect(seen.progress.at(-1)?.at).toBeLessThan(began + (startTimeout + 2) * 1000);
    expect(await cli(stack, 'history', '--user', user)).toMatch(reason);
    lift();
    await nothingLeft(stack, user);
    await start(user);
  });
});

test('a server that never listens is given up in time, the step named', async () => {
  const user = 'deaf';
  const browser = await stack.loggedIn(user);
  spoil(/^GET \/containers\/[^/]+\/json$/, {
    kind: 'change',
    change: (body) =>
      JSON.parse(JSON.stringify(body).replaceAll(/"IPAddress":"10\.[\d.]+"/g, '"IPAddress":"127.0.0.9"')),
  });
  const seen = await attempt(stack, browser, user);
  expect(failureIn(seen)).toMatch(/the step "wait for the server to listen" had taken [\d.]+ s/);
  await nothingLeft(stack, user);
});

test('a previous server that does not go is named as the step that took the time', async () => {
  const user = 'sticky';
  await start(user);
  const [row] = await rows(stack, user);
  const lift = spoil(/^POST \/containers\/[^/]+\/stop$/, { kind: 'hang' });
  const body = { user, serverName: '', generation: Date.now(), budgetSeconds: 2, port: 8888, environment: {} };
  expect((await stack.berth.call('hub', 'PUT', `/v1/servers/${row?.key}`, body)).status).toBe(202);
  await waitFor('the start has failed', async () => (await state(stack, user)) === 'failed');
  expect((await rows(stack, user))[0]?.status).toMatchObject({
    failure: {
      code: 'start-timeout',
      message: expect.stringMatching(/the step "remove the previous server" had taken/),
    },
  });
  lift();
  await nothingLeft(stack, user);
});

const spoiledStreams: [string, () => void][] = [
  ['cut', () => proxy.cutEvents()],
  ['garbled', () => proxy.garbleEvents('{"status": "start", "id": \u0000 not json')],
  ['fed with events of another shape', () => proxy.garbleEvents('{"Type":"container","Action":null,"Actor":[]}')],
  ['stalled', () => proxy.muteEvents(true)],
];

test.each(spoiledStreams)('with the event stream %s in mid-start, the start succeeds', async (how, disturb) => {
  const user = `late-${how.slice(0, 3)}`;
  await stack.hubApi.createUser(user);
  const asked = stack.hubApi.startServer(user); // the hub answers once it is ready, where that is soon
  await waitFor('Berth waits for it to listen', async () => {
    const status = (await rows(stack, user))[0]?.status;
    return status?.state === 'starting' && status.step === 'wait for the server to listen';
  });
  expect(proxy.eventStreams).toBe(1);
  disturb();
  await asked;
  await waitFor('the hub says ready', () => ready(stack, user));
  expect(await history(stack, user)).toEqual([]);
  await waitFor('the stream is there again', async () => proxy.eventStreams === 1);
});

test('with the event stream open but mute, the end of a server is seen within one resync', async () => {
  const container = await start('quiet');
  proxy.muteEvents(true);
  await docker(engine, 'kill', container);
  const ended = Date.now();
  await waitFor('Berth knows', async () => (await state(stack, 'quiet')) === 'exited');
  expect(Date.now() - ended).toBeLessThan(7000);
  expect(await history(stack, 'quiet')).toMatchObject([{ outcome: 'exited', exit: { code: 137 } }]);
});

test('a thousand polls are no call to Docker', async () => {
  await start('polled');
  await waitFor('nothing is under way', async () =>
    (await rows(stack, 'polled')).every((row) => row.status.state === 'running'),
  );
  const { key } = (await rows(stack, 'polled'))[0] ?? {};
  const before = proxy.calls().length;
  for (let round = 0; round < 20; round++) {
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => stack.berth.call('hub', 'GET', `/v1/servers/${key}`)),
    );
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    await Promise.all(answers.map((answer) => answer.text()));
  }
  // What the resync of every 5 s asks meanwhile is no answer to a poll.
  const more = proxy.calls().slice(before);
  expect(more.filter(({ path }) => path !== '/containers/json' && path !== '/events')).toEqual([]);
});

test('odd entries in the list of containers hide nobody else', async () => {
  await start('odd');
  const container = await start('even');
  const odd = (one: Record<string, unknown>) => {
    const labels = one['Labels'] as Record<string, string>;
    return labels['berth.user'] === 'odd' ? { ...one, Names: null } : one;
  };
  const nonsense = [null, 7, {}, { Id: 'x', Names: [], Labels: null, State: 'melting' }];
  const lift = spoil(/^GET \/containers\/json$/, {
    kind: 'change',
    change: (body) => [...nonsense, ...(body as Record<string, unknown>[]).map(odd)],
  });
  proxy.muteEvents(true);
  const before = proxy.calls(/^GET \/containers\/json$/).length;
  await docker(engine, 'kill', container);
  await waitFor('the one that ended is noticed', async () => (await state(stack, 'even')) === 'exited');
  await waitFor('Berth has listed twice', async () => proxy.calls(/^GET \/containers\/json$/).length > before + 1);
  expect(await state(stack, 'odd')).toBe('running');
  expect(await stack.containers('odd')).toMatchObject([{ State: { Running: true } }]);
  expect(await stack.berth.status('/readyz')).toBe(200);
  lift();
});

test('a server that starts while a list is under way lives on, though the list does not know it', async () => {
  const list = /^GET \/containers\/json$/;
  const asked = proxy.calls(list).length;
  const lift = spoil(list, { kind: 'hold' });
  await waitFor('a list is under way', async () => proxy.calls(list).length > asked);
  const container = await start('newborn');
  lift();
  const after = proxy.calls(list).length;
  await waitFor('Berth has listed anew', async () => proxy.calls(list).length > after);
  expect(await state(stack, 'newborn')).toBe('running');
  expect(await stack.containers('newborn')).toMatchObject([{ Id: container, State: { Running: true } }]);
});
