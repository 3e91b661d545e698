import { afterEach, expect, test } from '@jest/globals';
import type { ServerResponse } from 'node:http';
import { createDockerEngine } from './index.ts';
import { eventually } from './testing/engine-contract.ts';
import { readRecording, ReplayServer } from './testing/replay-server.ts';

const servers: ReplayServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.remove();
});

const event = (id: string, action = 'die') =>
  JSON.stringify({
    Type: 'container',
    Action: action,
    Actor: { ID: id, Attributes: { exitCode: '0' } },
    time: 1795454042,
  }) + '\n';

/** A watched engine whose event streams the test writes itself. */
async function watched(more: { watchRefreshSeconds?: number } = {}) {
  const server = await ReplayServer.start(await readRecording('29'));
  servers.push(server);
  const streams: ServerResponse[] = [];
  server.on('GET /events', (_request, response) => {
    response.flushHeaders();
    streams.push(response);
  });
  const seen: string[] = [];
  const logged: string[] = [];
  const engine = createDockerEngine({
    socketPath: server.socketPath,
    callSeconds: 5,
    log: (message) => logged.push(message),
    ...more,
  });
  const watch = engine.watch('x', {
    onEvent: ({ containerId }) => {
      if (containerId === 'poison') throw new Error('an observer at fault');
      seen.push(containerId);
    },
    onGap: () => seen.push('gap'),
    onDown: (reason) => seen.push(`down: ${reason}`),
  });
  await eventually(() => (seen.length > 0 ? true : undefined));
  return { server, streams, seen, logged, watch };
}

test('a line that cannot be read is skipped, and counts as a gap', async () => {
  const { streams, seen, watch } = await watched();
  streams[0]?.write(`${event('a')}{"Type":"cont\n${event('b')}`);
  await eventually(() => (seen.includes('b') ? true : undefined));
  watch.close();
  expect(seen).toEqual(['gap', 'a', 'gap', 'b']);
});

test('an event that comes in pieces, and one that is none of ours, do no harm', async () => {
  const { streams, seen, watch } = await watched();
  const whole = event('a');
  streams[0]?.write(whole.slice(0, 20));
  await new Promise((resolve) => setTimeout(resolve, 20));
  streams[0]?.write(`${whole.slice(20)}[]\nnull\n{}\n${event('c', 'exec_create: sh')}${event('b')}`);
  await eventually(() => (seen.includes('b') ? true : undefined));
  watch.close();
  expect(seen).toEqual(['gap', 'a', 'b']);
});

test('an observer that throws does not end the stream', async () => {
  const { streams, seen, logged, watch } = await watched();
  streams[0]?.write(event('poison') + event('b'));
  await eventually(() => (seen.includes('b') ? true : undefined));
  watch.close();
  expect(logged.join()).toContain('an observer at fault');
});

test.each([
  ['ends', (stream: ServerResponse) => stream.end()],
  ['is cut', (stream: ServerResponse) => stream.destroy()],
])('a stream that %s is taken up again with a gap, and is no outage', async (_how, end) => {
  const { streams, seen, watch } = await watched();
  if (streams[0] !== undefined) end(streams[0]);
  await eventually(() => (streams.length === 2 ? true : undefined));
  streams[1]?.write(event('b'));
  await eventually(() => (seen.includes('b') ? true : undefined));
  watch.close();
  expect(seen).toEqual(['gap', 'gap', 'b']);
});

test('a stream that is open but mute is made anew, and what the old one still says is not heard', async () => {
  const { streams, seen, watch } = await watched({ watchRefreshSeconds: 0.2 });
  await eventually(() => (streams.length >= 2 ? true : undefined));
  streams[0]?.write(event('late'));
  await eventually(() => (streams.length >= 3 ? true : undefined));
  watch.close();
  expect(new Set(seen)).toEqual(new Set(['gap']));
});

test('an outage is told once, however long it lasts, and its end is a gap', async () => {
  const { server, seen, watch } = await watched();
  await server.hangUp();
  await eventually(() => (seen.length > 1 ? true : undefined));
  await new Promise((resolve) => setTimeout(resolve, 1000));
  await server.listen();
  await eventually(() => (seen.at(-1) === 'gap' && seen.length > 2 ? true : undefined));
  watch.close();
  expect(seen).toEqual(['gap', expect.stringMatching(/^down: Docker can't be reached/), 'gap']);
});

test('after it was closed nothing is heard, and nothing is asked', async () => {
  const { server, streams, seen, watch } = await watched();
  watch.close();
  streams[0]?.write(event('a'));
  const asked = server.requests.length;
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(seen).toEqual(['gap']);
  expect(server.requests).toHaveLength(asked);
});

test('after a stream has ended the version is agreed anew, for all calls', async () => {
  const { server, streams, watch } = await watched();
  server.become(await readRecording('20.10'));
  streams[0]?.end();
  await eventually(() => (streams.length === 2 ? true : undefined));
  watch.close();
  expect(server.requests.filter((one) => one.path === '/events').map((one) => one.version)).toEqual(['1.52', '1.41']);
});
