import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { waitFor } from '../stack/program.ts';
import { sharedEngine, testFolder } from '../stack/shared-engine.ts';
import { Stack } from '../stack/stack.ts';

let stack: Stack;

beforeAll(async () => {
  const engine = sharedEngine();
  stack = await Stack.start({ folder: await testFolder(), engine, images: [engine.notebookImage] });
});

afterAll(async () => {
  await stack?.remove();
});

test('a user logs in, starts a notebook in a container of her own, computes, and stops it', async () => {
  const browser = await stack.loggedIn('user1');

  const waiting = await browser.startServer('user1');
  expect(waiting).toMatchObject({ status: 200, path: '/hub/spawn-pending/user1' });

  const progress = await browser.progressToEnd('user1');
  expect(progress.at(-1)).toMatchObject({ ready: true, progress: 100 });

  const containers = await stack.containers('user1');
  expect(containers).toHaveLength(1);
  expect(containers[0]?.State.Running).toBe(true);

  const notebook = await browser.openNotebook('user1');
  const kernel = await notebook.startKernel();
  expect(await notebook.execute(kernel, 'print(6 * 7)')).toBe('42\n');
  // The kernel runs in that container: Berth names the host in it for the server.
  const hostname = await notebook.execute(kernel, 'import socket; print(socket.gethostname())');
  expect(hostname.trim()).toBe(containers[0]?.Config.Labels['berth.key']);

  const stopped = await browser.api('DELETE', '/users/user1/server');
  expect([202, 204]).toContain(stopped.status);
  await waitFor('the container is gone', async () => (await stack.containers('user1')).length === 0, { seconds: 30 });
  await waitFor(
    'the hub says so',
    async () => Object.keys((await stack.hubApi.user('user1'))?.servers ?? {}).length === 0,
  );
  const history = await stack.berth.get<{ items: { user: string; outcome: string }[] }>('/v1/history');
  expect(history.items).toMatchObject([{ user: 'user1', outcome: 'stopped' }]);
});
