/**
 * A start and a stop during which nothing is heard for long, in real time: a limit on silence anywhere between hub,
 * adapter, service and Docker, shorter than these, would fail them. Nublado had three such (nublado.md, failure 6).
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProgressMessage } from '../stack/browser.ts';
import { waitFor } from '../stack/program.ts';
import { docker, sharedEngine, testFolder } from '../stack/shared-engine.ts';
import { Stack } from '../stack/stack.ts';

const silentSeconds = 60;
const graceSeconds = 40;
/** Each user's server, by a command that berth.yaml lists. A signal that is ignored stays so over `exec`. */
const commands = {
  slow: ['sh', '-c', `sleep ${silentSeconds}; exec serve`],
  stubborn: ['sh', '-c', `trap '' TERM; exec serve`],
};

const engine = sharedEngine();
let stack: Stack;

beforeAll(async () => {
  stack = await Stack.start({
    folder: await testFolder(),
    engine,
    images: [engine.tinyImage],
    berthConfiguration: { commands: Object.values(commands), containers: { stopGrace: `${graceSeconds}s` } },
    hubConfiguration: `
c.Spawner.start_timeout = 120
commands = ${JSON.stringify(commands)}
def choose(spawner):
    spawner.cmd = commands[spawner.user.name]
c.Spawner.pre_spawn_hook = choose`,
  });
});

afterAll(async () => {
  await stack?.remove();
});

test(`a start that is silent for ${silentSeconds} s and a stop of ${graceSeconds} s, at the same time, both succeed`, async () => {
  expect(await Promise.all([silentStart(), stubbornStop()])).toEqual(['ready', 'stopped']);
}, 240_000);

/** What the hub says in the end. */
async function silentStart(): Promise<string> {
  const browser = await stack.loggedIn('slow');
  await browser.startServer('slow');
  const messages: ProgressMessage[] = [];
  for await (const message of browser.progress('slow')) messages.push(message);

  expect(messages.at(-1)).toMatchObject({ ready: true, progress: 100 });
  const gaps = messages.slice(1).map(({ at }, i) => at - messages[i]!.at);
  expect(Math.max(...gaps)).toBeGreaterThan((silentSeconds - 5) * 1000);
  expect((await stack.hubApi.user('slow'))?.servers['']).toMatchObject({ ready: true, pending: null });
  const containers = await stack.containers('slow');
  expect(containers.map(({ State }) => State.Running)).toEqual([true]);
  // The tiny image's server has no such page, and says so in words of its own.
  expect((await browser.open('/user/slow/')).text).toContain('The requested URL was not found');
  return 'ready';
}

async function stubbornStop(): Promise<string> {
  const browser = await stack.loggedIn('stubborn');
  await browser.startServer('stubborn');
  expect((await browser.progressToEnd('stubborn')).at(-1)).toMatchObject({ ready: true });
  const [container] = await stack.containers('stubborn');

  const began = Date.now();
  expect((await browser.api('DELETE', '/users/stubborn/server')).status).toBe(202);
  await sleep(began + (graceSeconds - 5) * 1000 - Date.now());
  expect((await stack.hubApi.user('stubborn'))?.servers['']).toMatchObject({ pending: 'stop' });
  expect(await docker(engine, 'inspect', '-f', '{{.State.Running}}', container!.Id)).toBe('true\n');

  await waitFor(
    'the hub says stopped',
    async () => Object.keys((await stack.hubApi.user('stubborn'))?.servers ?? {}).length === 0,
    { seconds: 60 },
  );
  expect(Date.now() - began).toBeGreaterThan((graceSeconds - 1) * 1000);
  expect(await stack.containers('stubborn')).toEqual([]);
  const history = await stack.berth.get<{ items: object[] }>('/v1/history?user=stubborn');
  expect(history.items).toMatchObject([{ outcome: 'stopped', exit: { code: 137 } }]);
  expect(stack.hub.log()).not.toMatch(/was NOT stopped/);
  return 'stopped';
}
