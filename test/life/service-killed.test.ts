/** The service killed behind each step of a start and of a stop: the hub's user loses nothing and nothing is left over. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startSteps, stopSteps, type FaultPoint } from '@berth/spawner';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { waitFor } from '../stack/program.ts';
import { sharedEngine, testFolder } from '../stack/shared-engine.ts';
import { Stack } from '../stack/stack.ts';

interface ServerRow {
  readonly user: string;
  readonly generation: number;
  readonly status: { readonly state: string };
  readonly container?: { readonly id: string };
}

let stack: Stack;

beforeAll(async () => {
  const engine = sharedEngine();
  const images = [engine.tinyImage];
  stack = await Stack.start({ folder: await testFolder(), engine, images, faulty: true });
});

afterAll(async () => {
  await stack?.remove();
});

/** From now on the service dies behind that step. */
async function dieBehind(point: FaultPoint): Promise<void> {
  await writeFile(join(stack.berth.state, 'fault'), point);
}

async function rows(user: string): Promise<ServerRow[]> {
  const states = 'starting,running,stopping,exited,failed,stopped';
  return (await stack.berth.get<{ items: ServerRow[] }>(`/v1/servers?state=${states}&user=${user}`)).items;
}

async function history(user: string): Promise<{ outcome: string; exit?: { code: number | null } }[]> {
  return (await stack.berth.get<{ items: { outcome: string }[] }>(`/v1/history?user=${user}`)).items;
}

async function ready(user: string): Promise<boolean> {
  return (await stack.hubApi.user(user))?.servers['']?.ready === true;
}

async function oneContainerOnRecord(user: string): Promise<void> {
  const containers = await stack.containers(user);
  expect(containers.map(({ State }) => State.Running)).toEqual([true]);
  expect(await rows(user)).toMatchObject([{ status: { state: 'running' }, container: { id: containers[0]?.Id } }]);
}

describe.each(startSteps)('killed in a start, behind "%s"', (step) => {
  test('the user gets the server all the same, in one container', async () => {
    const user = `start-${step}`;
    await stack.hubApi.createUser(user);
    await dieBehind(`start:${step}`);
    await stack.hubApi.startServer(user);
    await stack.berth.exited();
    await stack.berth.start();
    await waitFor('the hub says ready', () => ready(user));
    await oneContainerOnRecord(user);
    await stack.hubApi.stopServer(user);
    await waitFor('its container is gone', async () => (await stack.containers(user)).length === 0);
  });
});

describe.each(stopSteps)('killed in a stop, behind "%s"', (step) => {
  test('the server is stopped all the same, its end in history once', async () => {
    const user = `stop-${step}`;
    await stack.hubApi.createUser(user);
    await stack.hubApi.startServer(user);
    await waitFor('the hub says ready', () => ready(user));
    await dieBehind(`stop:${step}`);
    await stack.hubApi.stopServer(user);
    await stack.berth.exited();
    await stack.berth.start();
    await waitFor('its container is gone', async () => (await stack.containers(user)).length === 0);
    await waitFor('the hub says stopped', async () => !(await stack.hubApi.user(user))?.servers['']);
    await waitFor('it is on record', async () => (await rows(user))[0]?.status.state === 'stopped');
    const entries = await history(user);
    expect(entries).toMatchObject([{ outcome: 'stopped', exit: { code: expect.any(Number) } }]);
  });
});

test('after all that, no container is left and none is on record', async () => {
  await waitFor('all containers are gone', async () => (await stack.containers()).length === 0);
  expect(await stack.berth.get('/v1/servers')).toMatchObject({ items: [] });
});
