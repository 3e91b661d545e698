/** The database deleted while servers run, and a container that poses as Berth's. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { waitFor } from '../stack/program.ts';
import { docker, sharedEngine, testFolder } from '../stack/shared-engine.ts';
import { Stack } from '../stack/stack.ts';

interface Row {
  readonly key: string;
  readonly user: string;
  readonly serverName: string;
  readonly generation: number;
  readonly image: string;
  readonly status: { readonly state: string; readonly url?: string };
  readonly container?: { readonly id: string };
}

let stack: Stack;
const engine = sharedEngine();

beforeAll(async () => {
  stack = await Stack.start({ folder: await testFolder(), engine, images: [engine.tinyImage] });
  for (const [user, server] of [
    ['user1', ''],
    ['user1', 'second'],
    ['bank\\ана', ''],
  ] as const) {
    await stack.hubApi.createUser(user);
    await stack.hubApi.startServer(user, server);
    await waitFor('the hub says ready', async () => (await stack.hubApi.user(user))?.servers[server]?.ready === true);
  }
});

afterAll(async () => {
  await stack?.remove();
});

async function rows(): Promise<Row[]> {
  return (await stack.berth.get<{ items: Row[] }>('/v1/servers')).items;
}

/** A server adopted within its start's time counts as running once it was seen to listen. */
async function allRunning(): Promise<void> {
  await waitFor('all run', async () => (await rows()).every(({ status }) => status.state === 'running'));
}

function essence({ key, user, serverName, generation, image, status, container }: Row) {
  return { key, user, serverName, generation, image, state: status.state, url: status.url, container };
}

test('a database deleted under a running service is rebuilt from the containers, all of them, as they were', async () => {
  const before = await rows();
  expect(before).toHaveLength(3);
  for (const name of await readdir(stack.berth.state))
    if (name.startsWith('berth.db')) await rm(join(stack.berth.state, name));
  await stack.berth.kill();
  await stack.berth.start();
  await allRunning();
  expect((await rows()).map(essence)).toEqual(before.map(essence));
  expect((await stack.hubApi.user('user1'))?.servers['second']?.ready).toBe(true);
});

test('a container that poses with copied labels is reported, not adopted, not removed', async () => {
  const before = await rows();
  const [victim] = await stack.containers('user1');
  const labels = Object.entries(victim?.Config.Labels ?? {}).flatMap(([name, value]) => [
    '--label',
    `${name}=${value}`,
  ]);
  const poser = (await docker(engine, 'run', '-d', ...labels, engine.tinyImage)).trim();
  await stack.berth.restart();
  await allRunning();
  expect((await rows()).map(essence)).toEqual(before.map(essence));
  const readiness = await stack.berth.get<{ parts: { part: string; detail?: string }[] }>('/readyz');
  expect(JSON.stringify(readiness.parts)).toContain('is left alone');
  expect((await docker(engine, 'inspect', '-f', '{{.State.Running}}', poser)).trim()).toBe('true');
  await docker(engine, 'rm', '-f', poser);
});
