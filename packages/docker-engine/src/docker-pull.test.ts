import { afterEach, expect, test } from '@jest/globals';
import type { ServerResponse } from 'node:http';
import { createDockerEngine } from './index.ts';
import { eventually, patience } from './testing/engine-contract.ts';
import { readRecording, ReplayServer } from './testing/replay-server.ts';

const servers: ReplayServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.remove();
});

/** An engine whose pulls the test writes itself. */
async function pulling(pullIdleSeconds = 5, pullSeconds = 60) {
  const server = await ReplayServer.start(await readRecording('29'));
  servers.push(server);
  const pulls: ServerResponse[] = [];
  server.on('POST /images/create', (_request, response) => {
    response.flushHeaders();
    pulls.push(response);
  });
  const engine = createDockerEngine({ socketPath: server.socketPath, callSeconds: 5, pullIdleSeconds, pullSeconds });
  const said: string[] = [];
  const pull = (signal = patience()) => engine.pull('berth-test/tiny:1', ({ message }) => said.push(message), signal);
  const stream = () => eventually(() => pulls[0]);
  return { server, engine, pull, pulls, said, stream };
}

const line = (value: object): string => `${JSON.stringify(value)}\r\n`;

test('progress is summed up over the layers', async () => {
  const { pull, said, stream } = await pulling();
  const pulled = pull();
  const answer = await stream();
  answer.write(line({ status: 'Pulling from berth-test/tiny', id: '1' }));
  answer.write(line({ status: 'Pulling fs layer', id: 'a' }) + line({ status: 'Already exists', id: 'b' }));
  const loading = { status: 'Downloading', id: 'a', progressDetail: { current: 310e6, total: 900e6 } };
  answer.write(`not JSON\n${line(loading)}${line({ status: 'Pull complete', id: 'a' })}`);
  answer.end(line({ status: 'Status: Downloaded newer image for berth-test/tiny:1' }));
  expect((await pulled).id).toMatch(/^sha256:/);
  expect(said).toEqual([
    '0 of 1 layers',
    '1 of 2 layers',
    '1 of 2 layers, 310 of 900 MB',
    '2 of 2 layers, 900 of 900 MB',
  ]);
});

test('two who ask share one pull, who joins late hears where it stands, and it outlives who leaves', async () => {
  const { server, pull, said, stream } = await pulling();
  const leaving = new AbortController();
  const first = pull(leaving.signal);
  (await stream()).write(line({ status: 'Pulling fs layer', id: 'a' }));
  await eventually(() => (said.length === 1 ? true : undefined));
  const second = pull();
  await eventually(() => (said.length === 2 ? true : undefined));
  leaving.abort('left');
  await expect(first).rejects.toBe('left');
  (await stream()).end(line({ status: 'Pull complete', id: 'a' }));
  expect((await second).user).toBe('1000');
  expect(said).toEqual(['0 of 1 layers', '0 of 1 layers', '1 of 1 layers']);
  expect(server.requests.filter((one) => one.path === '/images/create')).toHaveLength(1);
});

test.each([
  [{ errorDetail: { message: 'manifest for x not found: manifest unknown' } }, 'image-not-found'],
  [{ error: 'pull access denied for x, repository does not exist' }, 'image-not-found'],
  [{ errorDetail: { message: 'unexpected EOF' }, error: 'unexpected EOF' }, 'image-pull-failed'],
  [{ errorDetail: { message: 'write /var/lib/docker/tmp: no space left on device' } }, 'disk-full'],
])('an error in the stream, %j, is %s', async (error, code) => {
  const { pull, stream } = await pulling();
  const pulled = pull();
  (await stream()).end(line({ status: 'Pulling fs layer', id: 'a' }) + line(error));
  await expect(pulled).rejects.toMatchObject({ code });
});

test('a pull whose connection breaks has failed, and the next one is a new one', async () => {
  const { pull, pulls, stream } = await pulling();
  const broken = pull();
  (await stream()).destroy();
  await expect(broken).rejects.toMatchObject({ code: 'unreachable' });
  const again = pull();
  (await eventually(() => pulls[1])).end();
  expect((await again).id).toMatch(/^sha256:/);
});

test('a pull that says nothing for too long is given up', async () => {
  const { pull } = await pulling(0.1);
  await expect(pull()).rejects.toMatchObject({ code: 'image-pull-failed', message: expect.stringContaining('0.1 s') });
});

test('what is no reference of an image is never sent', async () => {
  const { server, engine } = await pulling();
  for (const reference of ['', '../x', 'a b', 'x?y=1', '-x'])
    await expect(engine.pull(reference, () => undefined, patience())).rejects.toMatchObject({
      code: 'image-not-found',
    });
  expect(server.requests).toHaveLength(0);
});

test('a pull that takes long, but says something all the while, is not given up', async () => {
  const { pull, stream } = await pulling(0.3);
  const pulled = pull();
  const answer = await stream();
  for (let i = 0; i < 8; i++) {
    answer.write(line({ status: 'Extracting', id: 'a' }));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  answer.end();
  expect((await pulled).id).toMatch(/^sha256:/);
});

test('a pull that goes on and on is given up at its limit, however much it says', async () => {
  const { pull, stream } = await pulling(5, 0.3);
  const pulled = pull();
  const answer = await stream();
  const talking = setInterval(() => answer.write(line({ status: 'Downloading', id: 'a' })), 20);
  await expect(pulled).rejects.toMatchObject({
    code: 'image-pull-failed',
    message: expect.stringContaining('the pull was not done within 0.3 s'),
  });
  clearInterval(talking);
});
