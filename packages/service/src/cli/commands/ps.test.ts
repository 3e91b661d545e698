import { afterEach, expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Server } from '@berth/contract';
import { berth } from '../testing/berth.ts';
import { fakeService, FakeStream, server, type FakeService, type Routes } from '../testing/fake-service.ts';

const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function serving(routes: Routes, socket?: string): Promise<FakeService> {
  const service = await fakeService(routes, socket);
  cleanups.push(() => service.close());
  return service;
}

const list = (...items: Server[]) => ({ 'GET /v1/servers': { items, next: null } });

const everyKind: Server[] = [
  server({ drift: ['image', 'memory'], abandoned: true }),
  server({
    user: 'user2',
    serverName: 'gpu',
    key: 'user2-gpu-aaaaaaaaaaaaaaaa',
    stale: true,
    observedAt: '2026-03-01T11:55:00Z',
  }),
  server({
    user: 'user3',
    status: { state: 'starting', since: '2026-03-01T11:59:48Z', deadline: '2026-03-01T12:00:48Z', step: 'pull' },
    progress: [{ at: '2026-03-01T11:59:50Z', percent: 30, message: 'Pulling jupyter/base:1' }],
  }),
  server({
    user: 'user4',
    status: {
      state: 'exited',
      exit: { at: '2026-03-01T09:00:00Z', code: 137, oomKilled: true, reason: 'It used more memory than its limit.' },
    },
  }),
  server({
    user: 'user5',
    status: {
      state: 'failed',
      since: '2026-02-26T12:00:00Z',
      failure: { code: 'image-not-found', step: 'pull', message: 'The image does not exist.', retryable: false },
    },
  }),
  server({
    user: 'evil\u001b[2J\u202e',
    key: 'evil-aaaaaaaaaaaaaaaa',
    status: { state: 'stopping', since: '2026-03-01T12:00:00Z' },
  }),
];
delete everyKind[4]!.container;

test('each server is a row with what is the matter with it', async () => {
  const { url } = await serving(list(...everyKind));
  const { exitCode, out } = await berth(['ps', '--url', url]);
  expect(out).toBe(
    [
      'USER          SERVER  STATE     AGE  IMAGE           CONTAINER                         NOTE',
      'evil\\u{202e}          stopping  0s   jupyter/base:1  berth-evil-aaaaaaaaaaaaaaaa',
      'user1                 running   2h   jupyter/base:1  berth-user1-2kqyexqnlzapnpdq      drift: image, memory; abandoned: no hub asks for it',
      'user2         gpu     running   2h   jupyter/base:1  berth-user2-gpu-aaaaaaaaaaaaaaaa  stale: last seen 5m ago',
      'user3                 starting  12s  jupyter/base:1  berth-user3-2kqyexqnlzapnpdq      30% Pulling jupyter/base:1',
      'user4                 exited    3h   jupyter/base:1  berth-user4-2kqyexqnlzapnpdq      It used more memory than its limit.',
      'user5                 failed    3d   jupyter/base:1                                    The image does not exist.',
      '',
    ].join('\n'),
  );
  expect(exitCode).toBe(0);
});

test('servers of several hubs are told apart by a column', async () => {
  const { url } = await serving(list(server({ hub: 'b' }), server({ hub: 'a', key: 'user1-bbbbbbbbbbbbbbbb' })));
  expect((await berth(['ps', '--url', url])).out).toBe(
    [
      'HUB  USER   SERVER  STATE    AGE  IMAGE           CONTAINER                     NOTE',
      'a    user1          running  2h   jupyter/base:1  berth-user1-bbbbbbbbbbbbbbbb',
      'b    user1          running  2h   jupyter/base:1  berth-user1-2kqyexqnlzapnpdq',
      '',
    ].join('\n'),
  );
});

test('without servers it says so', async () => {
  const { url } = await serving(list());
  expect(await berth(['ps', '--url', url])).toEqual({ exitCode: 0, out: 'No servers.\n', err: '' });
});

test('--all asks for every state, --user for one user, and the token goes along', async () => {
  const { url, requests } = await serving(list());
  await berth(['ps', '--all', '--user', 'bank\\user1', '--url', url]);
  expect(requests).toEqual([
    {
      line: 'GET /v1/servers?limit=1000&state=starting,running,stopping,exited,failed,stopped&user=bank\\user1',
      token: 'secret',
      body: undefined,
    },
  ]);
});

test('--json prints the servers as the contract has them, page after page', async () => {
  const pages = (query: URLSearchParams) =>
    query.has('after') ? { items: [server({ user: 'b' })], next: null } : { items: [server({ user: 'a' })], next: 'x' };
  const { url } = await serving({ 'GET /v1/servers': pages });
  const { out } = await berth(['--json', 'ps', '--url', url]);
  expect(JSON.parse(out)).toEqual([server({ user: 'a' }), server({ user: 'b' })]);
});

test('a service is asked over its unix socket', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'berth-cli-'));
  cleanups.push(() => rm(folder, { recursive: true }));
  const { url } = await serving(list(), join(folder, 'hub.sock'));
  expect((await berth(['ps'], { environment: { BERTH_URL: url, BERTH_TOKEN: 'secret' } })).out).toBe('No servers.\n');
});

const gone = server({ status: { state: 'stopped', since: '2026-03-01T12:00:00Z' } });
const stream = new FakeStream(
  { type: 'snapshot', id: 1, servers: [server()] },
  { type: 'server', id: 2, server: gone },
);

test('--watch shows changes until it is told to end', async () => {
  const { url } = await serving({ ...list(server()), 'GET /v1/events': stream });
  const end = new AbortController();
  const onOut = (out: string) => out.includes('No servers.') && end.abort();
  const { exitCode, out } = await berth(['ps', '--watch', '--url', url], { signal: end.signal, onOut });
  const first = (await berth(['ps', '--url', url])).out;
  expect(out).toBe(`${first}\nNo servers.\n`);
  expect(exitCode).toBe(0);
});

test('--watch redraws a terminal from its top', async () => {
  const { url } = await serving({ ...list(), 'GET /v1/events': stream });
  const end = new AbortController();
  const onOut = (out: string) => out.split('\u001b[H').length === 3 && end.abort();
  const terminal = { interactive: true, columns: 120 };
  const { out } = await berth(['ps', '-w', '--url', url], { signal: end.signal, onOut, terminal });
  expect(out).toBe('\u001b[H\u001b[2J\u001b[3JNo servers.\n'.repeat(2));
});

test('--watch says when the connection is lost', async () => {
  const { url, close } = await serving({ ...list(server()), 'GET /v1/events': stream });
  const end = new AbortController();
  const onOut = (out: string) => {
    if (out.includes('Not connected')) end.abort();
    else if (out.includes('\nNo servers.')) void close();
  };
  const { out } = await berth(['ps', '-w', '--url', url], { signal: end.signal, onOut });
  expect(out).toContain('Not connected: The connection to http://127.0.0.1:');
}, 10_000);

test('--watch --json prints one event a line, of the wanted user only', async () => {
  const other = server({ user: 'other' });
  const progress = { at: '2026-03-01T12:00:00Z', percent: 40, message: 'Pulling' };
  const events = new FakeStream(
    { type: 'snapshot', id: 1, servers: [server(), other] },
    { type: 'server', id: 2, server: other },
    { type: 'progress', id: 3, key: other.key, generation: 1, progress },
    { type: 'progress', id: 4, key: server().key, generation: 1, progress },
    { type: 'server', id: 5, server: gone },
  );
  const { url } = await serving({ 'GET /v1/events': events });
  const end = new AbortController();
  const onOut = (out: string) => out.split('\n').length === 4 && end.abort();
  const words = ['ps', '-w', '--json', '--user', 'user1', '--url', url];
  const { out } = await berth(words, { signal: end.signal, onOut });
  expect(
    out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  ).toEqual([
    { type: 'snapshot', id: 1, servers: [server()] },
    { type: 'progress', id: 4, key: server().key, generation: 1, progress },
    { type: 'server', id: 5, server: gone },
  ]);
});
