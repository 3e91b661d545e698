import { afterEach, expect, test } from '@jest/globals';
import { berth } from '../testing/berth.ts';
import { ended, fakeService, FakeProblem, FakeStream, server, type Routes } from '../testing/fake-service.ts';

const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function serving(routes: Routes) {
  const service = await fakeService(routes);
  cleanups.push(() => service.close());
  return service;
}

const one = server();
const path = `/v1/servers/${one.key}`;
const gpu = server({ serverName: 'gpu', key: 'user1-gpu-aaaaaaaaaaaaaaaa' });
const elsewhere = server({ hub: 'lab', key: 'user1-bbbbbbbbbbbbbbbb' });
/** Lists by user, as the service does. */
const servers = (...items: (typeof one)[]) => ({
  'GET /v1/servers': (query: URLSearchParams) => ({
    items: items.filter(({ user }) => user === query.get('user')),
    next: null,
  }),
});
const logs = (key: string) => ({
  [`GET /v1/servers/${key}/logs`]: { key, lines: ['one\ttab', '\u001b[31mred\u001b[0m\u202e'] },
});

test('logs of a server named by its key, without what a terminal would obey', async () => {
  const { url, requests } = await serving({ [`GET ${path}`]: one, ...logs(one.key) });
  const { exitCode, out } = await berth(['logs', one.key, '--tail', '5', '--url', url]);
  expect(out).toBe('one\ttab\nred\\u{202e}\n');
  expect(exitCode).toBe(0);
  expect(requests.map(({ line }) => line)).toEqual([`GET ${path}`, `GET ${path}/logs?tail=5`]);
});

test.each([
  ['user1', one],
  ['user1/gpu', gpu],
])('%s names one server of a user who has two', async (target, expected) => {
  const { url, requests } = await serving({ ...servers(one, gpu), ...logs(expected.key) });
  expect((await berth(['logs', target, '--url', url])).exitCode).toBe(0);
  expect(requests.at(-1)?.line).toBe(`GET /v1/servers/${expected.key}/logs?tail=100`);
});

test('a user whose name looks like a key is found', async () => {
  const user = 'averyveryverylongname';
  const { url } = await serving({ ...servers(server({ user })), ...logs(server({ user }).key) });
  expect((await berth(['logs', user, '--url', url])).exitCode).toBe(0);
});

test('a user name that holds a slash is found', async () => {
  const odd = server({ user: 'a/b', key: 'a-b-cccccccccccccccc' });
  const { url } = await serving({ ...servers(odd), ...logs(odd.key) });
  expect((await berth(['logs', 'a/b', '--url', url])).exitCode).toBe(0);
});

test('a name that two hubs have is not guessed: the keys are there to choose from', async () => {
  const { url, requests } = await serving(servers(one, elsewhere));
  expect(await berth(['stop', 'user1', '--url', url])).toEqual({
    exitCode: 2,
    out: '',
    err: [
      'berth: More than one server is called user1. Name one by its key:',
      '  user1-2kqyexqnlzapnpdq  (user1 of hub default)',
      '  user1-bbbbbbbbbbbbbbbb  (user1 of hub lab)',
      '',
    ].join('\n'),
  });
  expect(requests.filter(({ line }) => line.startsWith('DELETE'))).toEqual([]);
});

test('a user without that server is told which ones there are', async () => {
  const { url } = await serving(servers(gpu));
  expect(await berth(['stop', 'user1', '--url', url])).toEqual({
    exitCode: 1,
    out: '',
    err: 'berth: There is no server called user1, but:\n  user1/gpu  (user1-gpu-aaaaaaaaaaaaaaaa)\n',
  });
});

test('an unknown name says how to see those there are', async () => {
  const { url } = await serving(servers());
  const { exitCode, err } = await berth(['logs', 'nobody', '--url', url]);
  expect(err).toBe('berth: There is no server called nobody. `berth ps --all` lists those there are.\n');
  expect(exitCode).toBe(1);
});

const stopping = server({ status: { state: 'stopping', since: '2026-03-01T12:00:00Z' } });
const stopped = server({ status: { state: 'stopped', since: '2026-03-01T12:00:00Z' } });

test('stop returns once the stop is under way', async () => {
  const { url, requests } = await serving({ ...servers(one), [`DELETE ${path}`]: stopping });
  expect(await berth(['stop', 'user1', '--url', url])).toEqual({ exitCode: 0, out: 'user1 is stopping.\n', err: '' });
  expect(requests.at(-1)?.line).toBe(`DELETE ${path}`);
});

test.each([
  [
    'an event says so',
    new FakeStream({ type: 'snapshot', id: 1, servers: [stopping] }, { type: 'server', id: 2, server: stopped }),
  ],
  ['it is missing where the stream begins', new FakeStream({ type: 'snapshot', id: 1, servers: [] })],
])('stop --wait returns once the server has ended: %s', async (_case, stream) => {
  let asked = 0;
  const { url } = await serving({
    [`GET ${path}`]: () => (asked++ === 0 ? one : stopped),
    [`DELETE ${path}`]: stopping,
    'GET /v1/events': stream,
  });
  const { exitCode, out } = await berth(['stop', one.key, '--wait', '--json', '--url', url]);
  expect(JSON.parse(out)).toEqual(stopped);
  expect(exitCode).toBe(0);
});

test('stop --wait says when the server was started again meanwhile', async () => {
  const anew = server({ generation: 2 });
  const { url } = await serving({
    [`GET ${path}`]: one,
    [`DELETE ${path}`]: stopping,
    'GET /v1/events': new FakeStream({ type: 'snapshot', id: 1, servers: [anew] }),
  });
  const { exitCode, err } = await berth(['stop', one.key, '--wait', '--url', url]);
  expect(err).toBe('berth: user1 has stopped, and was started again since.\n');
  expect(exitCode).toBe(1);
});

test('stop --wait ends when it is interrupted', async () => {
  const end = new AbortController();
  const stream = () => {
    setImmediate(() => end.abort());
    return new FakeStream({ type: 'snapshot', id: 1, servers: [stopping] });
  };
  const { url } = await serving({ [`GET ${path}`]: one, [`DELETE ${path}`]: stopping, 'GET /v1/events': stream });
  const { exitCode, out } = await berth(['stop', one.key, '--wait', '--url', url], { signal: end.signal });
  expect([exitCode, out]).toEqual([130, '']);
});

const killed = ended({
  outcome: 'exited',
  exit: { at: '2026-03-01T11:00:00Z', code: 137, oomKilled: true, reason: 'It used more memory than its limit.' },
  logTail: ['last\u0007 words'],
});
const failed = ended({
  serverName: 'gpu',
  key: gpu.key,
  endedAt: '2026-02-27T12:00:00Z',
  outcome: 'failed',
  failure: { code: 'image-not-found', step: 'pull', message: 'The image does not exist.', retryable: false },
});
delete (failed as { runningAt?: string }).runningAt;
const past = { 'GET /v1/history': { items: [killed, failed, ended()], next: null } };

test('history shows how each server ended', async () => {
  const { url } = await serving(past);
  expect((await berth(['history', '--url', url])).out).toBe(
    [
      'USER   SERVER  ENDED    RAN  OUTCOME  EXIT  OOM  REASON',
      'user1          60m ago  2h   exited   137   yes  It used more memory than its limit.',
      'user1  gpu     2d ago        failed              The image does not exist.',
      'user1          60m ago  2h   stopped',
      '',
    ].join('\n'),
  );
});

test('history --limit ends there, --user is asked of the service', async () => {
  const { url, requests } = await serving(past);
  const { out } = await berth(['history', '--limit', '2', '--user', 'user1', '--json', '--url', url]);
  expect(JSON.parse(out)).toEqual([killed, failed]);
  expect(requests[0]?.line).toBe('GET /v1/history?limit=2&user=user1');
});

test('history --logs prints the last lines of the newest run', async () => {
  const { url, requests } = await serving(past);
  expect((await berth(['history', '--logs', killed.key, '--url', url])).out).toBe('last words\n');
  expect(requests[0]?.line).toBe(`GET /v1/history?key=${killed.key}&limit=1`);
  expect((await berth(['history', '--logs', 'user1', '--url', url])).out).toBe('last words\n');
});

test('an empty history says so', async () => {
  const { url } = await serving({ 'GET /v1/history': { items: [], next: null } });
  expect((await berth(['history', '--url', url])).out).toBe('No server has ended yet.\n');
});

test('a refusal of the service is its own sentence, what to change, and a code', async () => {
  const { url } = await serving({
    [`GET ${path}`]: one,
    [`GET ${path}/logs`]: new FakeProblem('role-insufficient', 'A viewer may not read log lines.'),
  });
  expect(await berth(['logs', one.key, '--url', url])).toEqual({
    exitCode: 77,
    out: '',
    err: 'berth: A viewer may not read log lines.\n  Use a token of the role that `detail` names.\n',
  });
});
