import { afterEach, expect, test } from '@jest/globals';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createClient } from './client.ts';
import { events, type EventOptions } from './events.ts';
import { json, listen } from './testing/listen.ts';

const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

type Connection = (response: ServerResponse, request: IncomingMessage) => void;

/** A service that handles its first, second, ... connection as told. */
async function streaming(...connections: Connection[]) {
  const requests: IncomingMessage[] = [];
  const server = await listen((request, response) => {
    requests.push(request);
    const connection = connections[requests.length - 1] ?? ((left) => left.destroy());
    connection(response, request);
  });
  const client = createClient({ url: server.url, token: 'secret' });
  cleanups.push(
    () => server.close(),
    () => client.close(),
  );
  return { client, requests };
}

function open(response: ServerResponse): ServerResponse {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  return response;
}

const snapshot = (id: number) => message({ type: 'snapshot', id, servers: [] });
const progress = (id: number) =>
  message({ type: 'progress', id, key: 'k', generation: 1, progress: { at: '', percent: id, message: 'ä' } });
const message = <T extends { type: string; id: number }>(event: T) =>
  `id: ${event.id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;

async function read(count: number, ...[client, options]: Parameters<typeof events>) {
  const ids: number[] = [];
  for await (const event of events(client, { pause: async () => undefined, ...options })) {
    ids.push(event.id);
    if (ids.length === count) break;
  }
  return ids;
}

test('events come typed and in order, comments and types of a newer service passed over', async () => {
  const { client, requests } = await streaming((response) => {
    open(response).write(`${snapshot(5)}: keep-alive\n\n${message({ type: 'of-a-newer-one', id: 6 })}${progress(7)}`);
  });
  expect(await read(2, client, {})).toEqual([5, 7]);
  expect(requests[0]?.url).toBe('/v1/events');
  expect(requests[0]?.headers['last-event-id']).toBeUndefined();
});

test('an event cut anywhere into chunks, also within a character, is put together', async () => {
  const bytes = Buffer.from(snapshot(1) + progress(2));
  const { client } = await streaming(async (response) => {
    open(response);
    for (const byte of bytes) await new Promise((done) => response.write(Buffer.of(byte), done));
  });
  expect(await read(2, client, {})).toEqual([1, 2]);
});

test('a lost connection is made again behind the last event that was read', async () => {
  const { client, requests } = await streaming(
    (response) => open(response).write(snapshot(5) + progress(6), () => response.destroy()),
    (response) => open(response).end(progress(7)),
    (response) => open(response).write(progress(8)),
  );
  const lost: string[] = [];
  const options: EventOptions = { onDisconnect: (error) => lost.push(error.name) };
  expect(await read(4, client, options)).toEqual([5, 6, 7, 8]);
  expect(requests.map(({ url, headers }) => [url, headers['last-event-id']])).toEqual([
    ['/v1/events', undefined],
    ['/v1/events?after=6', '6'],
    ['/v1/events?after=7', '7'],
  ]);
  expect(lost).toEqual(['ServiceUnreachable', 'ServiceUnreachable']);
});

test('a first connection goes on behind `after`', async () => {
  const { client, requests } = await streaming((response) => open(response).write(progress(42)));
  expect(await read(1, client, { after: 41 })).toEqual([42]);
  expect(requests[0]?.headers['last-event-id']).toBe('41');
});

test('a service that is restarting is tried again, each time later, and soon again after an event', async () => {
  const away: Connection = (response) => json(response, { code: 'not-ready', status: 503, detail: 'wait' }, 503);
  const { client } = await streaming(
    away,
    (response) => response.destroy(),
    away,
    (response) => open(response).end(snapshot(1)),
    (response) => open(response).write(progress(2)),
  );
  const delays: number[] = [];
  const options: EventOptions = { onDisconnect: (_error, delay) => delays.push(delay) };
  expect(await read(2, client, options)).toEqual([1, 2]);
  const longest = [250, 500, 1000, 250];
  expect(delays).toHaveLength(longest.length);
  for (const [index, delay] of delays.entries()) {
    expect(delay).toBeLessThanOrEqual(longest[index]!);
    expect(delay).toBeGreaterThanOrEqual(longest[index]! / 2);
  }
});

test('delays end at ten seconds', async () => {
  const { client } = await streaming();
  const delays: number[] = [];
  const abort = new AbortController();
  const pause = async (delay: number) => {
    delays.push(delay);
    if (delays.length === 12) abort.abort();
  };
  expect(await read(1, client, { pause, signal: abort.signal })).toEqual([]);
  expect(Math.max(...delays)).toBeLessThanOrEqual(10_000);
  expect(delays[11]).toBeGreaterThanOrEqual(5_000);
});

test.each([
  ['an unknown token', 401, 'token-invalid', { name: 'ProblemError', code: 'token-invalid' }],
  ['a role that may not', 403, 'role-insufficient', { name: 'ProblemError', code: 'role-insufficient' }],
])('%s ends the stream with the problem', async (_case, status, code, expected) => {
  const { client, requests } = await streaming((response) => json(response, { code, status, detail: 'no' }, status));
  await expect(read(1, client, {})).rejects.toMatchObject(expected);
  expect(requests).toHaveLength(1);
});

test('something that is no Berth service ends the stream', async () => {
  const { client } = await streaming((response) => open(response).write('data: hello\n\n'));
  await expect(read(1, client, {})).rejects.toMatchObject({ name: 'ServiceUnreachable', reason: 'not-berth' });
});

test('the signal ends the stream without an error, while reading and while waiting', async () => {
  const { client } = await streaming((response) => open(response).write(snapshot(1)));
  const reading = new AbortController();
  for await (const event of events(client, { signal: reading.signal })) {
    expect(event.id).toBe(1);
    setImmediate(() => reading.abort());
  }
  const waiting = new AbortController();
  const onDisconnect = () => setImmediate(() => waiting.abort());
  for await (const event of events(client, { signal: waiting.signal, onDisconnect })) expect(event).toBeUndefined();
});

test('a reader who leaves closes the connection', async () => {
  let closed: () => void;
  const closing = new Promise<void>((done) => (closed = done));
  const { client } = await streaming((response, request) => {
    request.on('close', closed);
    open(response).write(snapshot(1));
  });
  expect(await read(1, client, {})).toEqual([1]);
  await closing;
});
