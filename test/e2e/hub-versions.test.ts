import { expect, test } from '@jest/globals';
import { hubVersions } from '../stack/hub.ts';
import { waitFor } from '../stack/program.ts';
import { sharedEngine, testFolder } from '../stack/shared-engine.ts';
import { Stack } from '../stack/stack.ts';

test.each(hubVersions)(
  'beside JupyterHub %s a user logs in, computes, survives a restart of hub and service, and stops',
  async (hubVersion) => {
    const engine = sharedEngine();
    const folder = await testFolder();
    const stack = await Stack.start({ folder, engine, images: [engine.notebookImage], hubVersion });
    try {
      const browser = await stack.loggedIn('user1');
      await browser.startServer('user1');
      expect((await browser.progressToEnd('user1')).at(-1)).toMatchObject({ ready: true });
      const notebook = await browser.openNotebook('user1');
      const kernel = await notebook.startKernel();
      expect(await notebook.execute(kernel, 'kept = 6 * 7\nprint(kept)')).toBe('42\n');
      const [container] = await stack.containers('user1');

      await stack.berth.kill();
      await stack.hub.kill();
      await stack.berth.start();
      await stack.hub.start();

      expect((await stack.containers('user1')).map((one) => one.Id)).toEqual([container?.Id]);
      await waitFor(
        'the hub knows the server as ready',
        async () => (await stack.hubApi.user('user1'))?.servers['']?.ready === true,
      );
      const again = await browser.openNotebook('user1');
      expect(await again.execute(kernel, 'print(kept + 1)')).toBe('43\n');

      expect([202, 204]).toContain((await browser.api('DELETE', '/users/user1/server')).status);
      await waitFor('the container is gone', async () => (await stack.containers('user1')).length === 0);
    } catch (error) {
      throw new Error(stack.logs(), { cause: error });
    } finally {
      await stack.remove();
    }
  },
  240_000,
);
