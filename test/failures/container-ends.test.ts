/** Containers that end: at once, for memory, from outside; in the start and after it. User, admin and Docker agree on why. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { waitFor } from '../stack/program.ts';
import { docker, sharedEngine, testFolder } from '../stack/shared-engine.ts';
import { Stack } from '../stack/stack.ts';
import { attempt, cli, failureIn, history, nothingLeft, readable, ready, rows, state } from './views.ts';

/** The first part of a user's name chooses what their container runs. */
const commands = {
  quits: ['sh', '-c', 'echo the licence file is missing; exit 3'],
  done: ['true'],
  absent: ['no-such-program'],
  greedy: ['tail', '-c', '100m', '/dev/zero'],
  slow: ['sh', '-c', 'sleep 60'],
  hungry: ['sh', '-c', '/bin/serve & while [ ! -e /tmp/now ]; do sleep 0.1; done; exec tail -c 100m /dev/zero'],
};
const hubConfiguration = `
commands = ${JSON.stringify(commands)}

def by_name(spawner):
    spawner.cmd = commands.get(spawner.user.name.split("-")[0])
    spawner.mem_limit = 32 * 1024 * 1024

c.Spawner.pre_spawn_hook = by_name
c.Spawner.poll_interval = 1
`;

const engine = sharedEngine();
let stack: Stack;

beforeAll(async () => {
  const berthConfiguration = { commands: Object.values(commands) };
  const images = [engine.tinyImage];
  stack = await Stack.start({ folder: await testFolder(), engine, images, hubConfiguration, berthConfiguration });
});

afterAll(async () => {
  await stack?.remove();
});

async function running(user: string): Promise<string> {
  await stack.hubApi.createUser(user);
  await stack.hubApi.startServer(user);
  await waitFor('the hub says ready', () => ready(stack, user));
  const [container] = await stack.containers(user);
  if (container === undefined) throw new Error(`${user} has no container`);
  return container.Id;
}

const endsAtOnce = [
  ['quits', 'exit code 3. Its last words: the licence file is missing', { code: 3, oomKilled: false }],
  ['done', 'The server ended by itself', { code: 0, oomKilled: false }],
  ['absent', 'no-such-program', { code: 127, oomKilled: false }],
  ['greedy', 'The server needed more than its memory limit of 32 MiB and was killed', { code: 137, oomKilled: true }],
] as const;

test.each(endsAtOnce)(
  'a server whose command is "%s" fails at once; everybody reads: %s',
  async (user, reason, exit) => {
    const browser = await stack.loggedIn(user);
    const began = Date.now();
    const seen = await attempt(stack, browser, user);
    expect(Date.now() - began).toBeLessThan(8000);

    expect(failureIn(seen)).toContain(reason);
    expect(seen.after).toContain(reason);

    const [row] = await rows(stack, user);
    expect(row?.status).toMatchObject({ state: 'failed', failure: { code: 'exited-in-start', exit } });
    expect(await cli(stack, 'ps', '--all', '--user', user)).toContain(reason);
    expect(await cli(stack, 'history', '--user', user)).toContain(reason);
    expect(await history(stack, user)).toMatchObject([{ outcome: 'failed', failure: { exit } }]);
    await nothingLeft(stack, user);
  },
);

const fromOutside = [
  ['kill', ['kill'], /ended from outside \(SIGKILL\)/],
  ['stop', ['stop', '-t', '5'], /ended from outside \(SIGTERM\)/],
  ['rm -f', ['rm', '-f'], /ended from outside \(SIGKILL\)|container vanished/],
] as const;

describe.each(fromOutside)('a container ended by docker %s', (how, words, reason) => {
  const suffix = how.replaceAll(/\W+/g, '');

  test('in mid-start: the start fails at once with that reason', async () => {
    const user = `slow-${suffix}`;
    const browser = await stack.loggedIn(user);
    const attempted = attempt(stack, browser, user);
    await waitFor('Berth waits for it to listen', async () => {
      const status = (await rows(stack, user))[0]?.status;
      return status?.state === 'starting' && status.step === 'wait for the server to listen';
    });
    const [container] = await stack.containers(user);
    await docker(engine, ...words, container?.Id ?? '');
    const ended = Date.now();
    const seen = await attempted;
    expect(Date.now() - ended).toBeLessThan(8000);
    expect(failureIn(seen)).toMatch(reason);
    expect(seen.after).toMatch(reason);
    expect(await cli(stack, 'history', '--user', user)).toMatch(reason);
    expect(await history(stack, user)).toMatchObject([{ outcome: 'failed', failure: { code: 'exited-in-start' } }]);
    await nothingLeft(stack, user);
  });

  test('at rest: hub and Berth know within seconds, and the user reads why before the next start', async () => {
    const user = `rest-${suffix}`;
    const container = await running(user);
    expect(await docker(engine, ...words, container)).toContain(container);
    await told(user, reason);
  });
});

/** Everybody knows that a running server ended, and why. */
async function told(user: string, reason: RegExp): Promise<void> {
  await waitFor('Berth knows', async () => (await state(stack, user)) === 'exited', { seconds: 5 });
  await waitFor('the hub knows', async () => (await stack.hubApi.user(user))?.servers[''] === undefined);
  const [row] = await rows(stack, user);
  expect(row?.status).toMatchObject({ exit: { reason: expect.stringMatching(reason) } });
  expect(await cli(stack, 'ps', '--user', user)).toMatch(reason);
  expect(await cli(stack, 'history', '--user', user)).toMatch(reason);
  expect(await history(stack, user)).toHaveLength(1);
  await nothingLeft(stack, user);

  const browser = await stack.loggedIn(user);
  const form = await browser.open(`/hub/spawn/${user}`);
  expect(readable(form.text)).toMatch(reason);
  await browser.startServer(user);
  await waitFor('it runs anew', () => ready(stack, user));
  expect((await rows(stack, user))[0]?.progress[0]?.message).toMatch(reason);
  expect(readable((await browser.open('/hub/home')).text)).not.toMatch(reason);
}

test('a server that needs too much memory while it runs: everybody reads so, and what its limit was', async () => {
  const user = 'hungry';
  const container = await running(user);
  await docker(engine, 'exec', container, 'touch', '/tmp/now');
  await told(user, /needed more than its memory limit of 32 MiB and was killed/);
  expect(await history(stack, user)).toMatchObject([{ outcome: 'exited', exit: { code: 137, oomKilled: true } }]);
  await stack.hubApi.stopServer(user);
});

test('a program in it that needs too much memory is killed alone: the server lives on', async () => {
  const user = 'careful';
  const container = await running(user);
  await expect(docker(engine, 'exec', container, 'tail', '-c', '100m', '/dev/zero')).rejects.toThrow(/137/);
  expect(await ready(stack, user)).toBe(true);
  expect(await state(stack, user)).toBe('running');
  await docker(engine, 'stop', container);
  await waitFor('Berth knows of the end', async () => (await state(stack, user)) === 'exited');
  const [ended] = await history(stack, user);
  expect(ended?.exit?.reason).toMatch(/^The server was ended from outside \(SIGTERM\)\./);
});
