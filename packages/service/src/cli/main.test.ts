import { afterEach, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { fakeService, FakeStream, server } from './testing/fake-service.ts';

const main = fileURLToPath(new URL('main.ts', import.meta.url));
const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

/** The program as a shell starts it, with the sources in place of dist. */
function start(words: readonly string[], url: string) {
  const environment = { PATH: '/usr/bin:/bin', BERTH_URL: url, BERTH_TOKEN: 'secret' };
  const child = spawn(process.execPath, ['--conditions=berth-source', '--no-warnings', main, ...words], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { out: '', err: '' };
  child.stdout.on('data', (chunk) => (output.out += String(chunk)));
  child.stderr.on('data', (chunk) => (output.err += String(chunk)));
  const ended = once(child, 'close').then(([exitCode]) => ({ exitCode: exitCode as number | null, ...output }));
  return { child, ended };
}

async function serving() {
  const service = await fakeService({
    'GET /v1/servers': { items: [server()], next: null },
    [`GET /v1/servers/${server().key}`]: server(),
    [`DELETE /v1/servers/${server().key}`]: server(),
    [`GET /v1/servers/${server().key}/logs`]: { key: server().key, lines: Array(5000).fill('x'.repeat(1000)) },
    'GET /v1/events': new FakeStream({ type: 'snapshot', id: 1, servers: [server()] }),
  });
  cleanups.push(() => service.close());
  return service;
}

test('the environment says where the service is; a pipe gets no colours', async () => {
  const { url } = await serving();
  const { exitCode, out, err } = await start(['ps'], url).ended;
  expect(out).toMatch(/^USER .*\nuser1 +running .*\n$/);
  expect([exitCode, err]).toEqual([0, '']);
});

test('--version is the version of the package', async () => {
  expect(await start(['--version'], '').ended).toEqual({
    exitCode: 0,
    out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    err: '',
  });
});

test.each([
  ['ps --watch ends well', ['ps', '--watch'], 0],
  ['stop --wait was not done', ['stop', server().key, '--wait'], 130],
])('Ctrl-C: %s', async (_case, words, expected) => {
  const { url, requests } = await serving();
  const { child, ended } = start(words, url);
  while (!requests.some(({ line }) => line === 'GET /v1/events')) await setTimeout(10);
  child.kill('SIGINT');
  const { exitCode, err } = await ended;
  expect([exitCode, err]).toEqual([expected, '']);
});

test('a reader that leaves early (| head) is no failure', async () => {
  const { url } = await serving();
  const { child, ended } = start(['logs', server().key], url);
  child.stdout.once('data', () => child.stdout.destroy());
  const { exitCode, err } = await ended;
  expect([exitCode, err]).toEqual([0, '']);
});

test('all of a long output is written before the program ends', async () => {
  const { url } = await serving();
  expect((await start(['logs', server().key], url).ended).out).toHaveLength(5000 * 1001);
});
