/** dockerd stopped and started under running servers, with and without live-restore. */
import { afterEach, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { Dockerd } from '../stack/dockerd.ts';
import { waitFor } from '../stack/program.ts';
import { testFolder } from '../stack/shared-engine.ts';
import { Stack } from '../stack/stack.ts';
import { loadTinyImage } from '../stack/tiny-image.ts';

interface Row {
  readonly stale: boolean;
  readonly observedAt: string;
  readonly status: { readonly state: string; readonly exit?: { readonly reason: string } };
}

let stack: Stack | undefined;
let dockerd: Dockerd | undefined;

afterEach(async () => {
  await stack?.remove();
  await dockerd?.remove();
  [stack, dockerd] = [undefined, undefined];
});

async function arrange(
  liveRestore: boolean,
): Promise<{ stack: Stack; dockerd: Dockerd; row: () => Promise<Row | undefined> }> {
  const folder = await testFolder();
  dockerd = await Dockerd.start({ root: join(folder, 'd'), liveRestore });
  const image = await loadTinyImage(dockerd.socketPath);
  const engine = { socketPath: dockerd.socketPath, bridgeAddress: dockerd.bridgeAddress };
  const hubConfiguration = 'c.JupyterHub.last_activity_interval = 5\nc.Spawner.poll_interval = 2\n';
  stack = await Stack.start({ folder, engine, images: [image], hubConfiguration });
  const made = stack;
  await made.hubApi.createUser('user1');
  await made.hubApi.startServer('user1');
  await waitFor('the hub says ready', async () => (await made.hubApi.user('user1'))?.servers['']?.ready === true);
  const row = async () => {
    const states = 'starting,running,stopping,exited,failed,stopped';
    return (await made.berth.get<{ items: Row[] }>(`/v1/servers?state=${states}`)).items[0];
  };
  return { stack: made, dockerd, row };
}

test('with live-restore, a server outlives the daemon: nothing is declared dead, and its container is the same', async () => {
  const { stack, dockerd, row } = await arrange(true);
  const before = await stack.containers('user1');
  await dockerd.stop();
  await waitFor('Berth says that it cannot see', async () => (await row())?.stale === true);
  expect(await row()).toMatchObject({ status: { state: 'running' } });
  expect(await stack.berth.status('/readyz')).toBe(503);
  await new Promise((resolve) => setTimeout(resolve, 5000));
  expect((await stack.hubApi.user('user1'))?.servers['']?.ready).toBe(true);
  await dockerd.start();
  await waitFor('Berth sees again', async () => (await row())?.stale === false);
  expect(await row()).toMatchObject({ status: { state: 'running' } });
  expect(await stack.containers('user1')).toMatchObject([{ Id: before[0]?.Id, State: { Running: true } }]);
});

test('without live-restore, servers end with the daemon: the hub learns it once the daemon is back, and starts anew', async () => {
  const { stack, dockerd, row } = await arrange(false);
  await dockerd.stop();
  await waitFor('Berth says that it cannot see', async () => (await row())?.stale === true);
  expect((await row())?.status.state).toBe('running');
  await stack.hubApi.createUser('user2');
  await stack.hubApi.call('POST', '/users/user2/server');
  await waitFor('a start meanwhile fails with its reason', async () => {
    const { items } = await stack.berth.get<{ items: { failure?: { code: string } }[] }>('/v1/history?user=user2');
    return items[0]?.failure?.code === 'docker-unreachable';
  });
  await dockerd.start();
  await waitFor('Berth knows of the end', async () => (await row())?.status.state === 'exited');
  await waitFor('the hub does', async () => (await stack.hubApi.user('user1'))?.servers['']?.ready !== true);
  await waitFor('no container is left', async () => (await stack.containers('user1')).length === 0);
  await stack.hubApi.startServer('user1');
  await waitFor('it runs anew', async () => (await stack.hubApi.user('user1'))?.servers['']?.ready === true);
});
