/** Full disks: Berth's state folder, and Docker's data. Each is a small tmpfs of its own. */
import { afterEach, expect, test } from '@jest/globals';
import { mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Dockerd } from '../stack/dockerd.ts';
import { runCommand, tryCommand } from '../stack/run-command.ts';
import { waitFor } from '../stack/program.ts';
import { docker, sharedEngine, testFolder } from '../stack/shared-engine.ts';
import { Stack } from '../stack/stack.ts';
import { loadTinyImage } from '../stack/tiny-image.ts';
import { attempt, cli, failureIn, history, nothingLeft, ready, state } from './views.ts';

const cleanUps: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

/** A small file system of its own at `folder`. */
async function mountSmall(folder: string, size: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await runCommand('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=0700`, 'berth-test', folder]);
  cleanUps.push(() => tryCommand('umount', ['-l', folder])); // a daemon that is removed has done it
}

/** Fills the file system to its last byte; the file that does it is returned, for rm. */
async function fill(folder: string): Promise<string> {
  const file = join(folder, 'filling');
  const { bavail, bsize } = await statfs(folder);
  await writeFile(file, Buffer.alloc(bavail * bsize)).catch(() => undefined);
  for (let piece = 4096; piece >= 1; piece /= 4)
    while (
      await writeFile(file, Buffer.alloc(piece), { flag: 'a' }).then(
        () => true,
        () => false,
      )
    );
  expect((await statfs(folder)).bavail).toBe(0);
  return file;
}

const hubConfiguration = 'c.Spawner.poll_interval = 1\n';

test("Berth's own disk is full: starts fail with that sentence, what runs runs on and ends, and all is made up for", async () => {
  const engine = sharedEngine();
  const folder = await testFolder();
  const stateFolder = join(folder, 'b', 'state');
  await mountSmall(stateFolder, '8m');
  const berthConfiguration = { docker: { socket: engine.socketPath, resync: '5s' } };
  const images = [engine.tinyImage];
  const stack = await Stack.start({ folder, engine, images, hubConfiguration, berthConfiguration });
  cleanUps.push(() => stack.remove());
  for (const user of ['stays', 'goes', 'dies']) {
    await stack.hubApi.createUser(user);
    await stack.hubApi.startServer(user);
    await waitFor(`${user} is ready`, () => ready(stack, user));
  }

  const filling = await fill(stateFolder);
  const browser = await stack.loggedIn('late');
  const seen = await attempt(stack, browser, 'late');
  expect(failureIn(seen)).toMatch(/disk is full|no space left/i);
  expect(seen.after).toMatch(/disk is full|no space left/i);
  await nothingLeft(stack, 'late');

  expect(await ready(stack, 'stays')).toBe(true);
  expect(await state(stack, 'stays')).toBe('running');
  await stack.hubApi.stopServer('goes');
  await nothingLeft(stack, 'goes');
  await docker(engine, 'kill', (await stack.containers('dies'))[0]?.Id ?? '');
  await waitFor('the end is known', async () => (await state(stack, 'dies')) === 'exited');
  await nothingLeft(stack, 'dies');
  const readiness = await (await fetch(`${stack.berth.url}/readyz`)).text();
  expect(readiness).toMatch(/"part":"store","state":"down"/);
  expect(await stack.containers('stays')).toMatchObject([{ State: { Running: true } }]);

  await rm(filling);
  await waitFor('history has caught up', async () => (await history(stack, 'dies')).length === 1);
  expect(await history(stack, 'goes')).toMatchObject([{ outcome: 'stopped' }]);
  expect(await history(stack, 'dies')).toMatchObject([{ outcome: 'exited', exit: { code: 137 } }]);
  await waitFor('Berth is ready again', async () => (await stack.berth.status('/readyz')) === 200);
  await browser.startServer('late');
  await waitFor('the one who was refused gets a server', () => ready(stack, 'late'));
  await stack.berth.kill();
  await stack.berth.start();
  expect(await state(stack, 'goes')).toBe('stopped');
  expect(await state(stack, 'dies')).toBe('exited');
  expect(await state(stack, 'stays')).toBe('running');
});

test("Docker's disk is full: the start fails with Docker's own words, nothing is left, and once there is space it starts", async () => {
  const folder = await testFolder();
  const data = join(folder, 'd', 'data');
  await mountSmall(data, '96m');
  const dockerd = await Dockerd.start({ root: join(folder, 'd') });
  cleanUps.push(() => dockerd.remove());
  const image = await loadTinyImage(dockerd.socketPath);
  const engine = { socketPath: dockerd.socketPath, bridgeAddress: dockerd.bridgeAddress };
  const stack = await Stack.start({ folder, engine, images: [image], hubConfiguration });
  cleanUps.push(() => stack.remove());
  await stack.hubApi.createUser('first');
  await stack.hubApi.startServer('first');
  await waitFor('the first is ready', () => ready(stack, 'first'));

  const filling = await fill(data);
  const browser = await stack.loggedIn('late');
  const seen = await attempt(stack, browser, 'late');
  expect(failureIn(seen)).toMatch(/no space left on device/);
  expect(seen.after).toMatch(/no space left on device/);
  expect(await history(stack, 'late')).toMatchObject([{ outcome: 'failed', failure: { code: 'disk-full' } }]);
  expect(await cli(stack, 'ps', '--all')).toMatch(/no space left on device/);
  expect(await ready(stack, 'first')).toBe(true);

  await rm(filling);
  await nothingLeft(stack, 'late');
  expect((await dockerd.docker('ps', '-aq')).trim().split('\n')).toHaveLength(1);
  await browser.startServer('late');
  await waitFor('it starts', () => ready(stack, 'late'));
});
