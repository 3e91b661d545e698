import { afterEach, expect, test } from '@jest/globals';
import type { Event } from '@berth/contract';
import type { SpawnerEvent } from '@berth/spawner';
import { aServer, FakeSpawner, moment } from '../testing/fake-spawner.ts';
import { openTestService, type TestService } from '../testing/test-service.ts';
import { createEventStreams, type EventSink } from './event-stream.ts';

let service: TestService | undefined;
afterEach(async () => {
  await service?.close();
  service = undefined;
});

const serverEvent = (id: number, hub: string, user: string): SpawnerEvent => ({
  id,
  type: 'server',
  server: aServer(hub, user),
});
const progressEvent = (id: number, hub: string): SpawnerEvent => ({
  id,
  type: 'progress',
  hub,
  key: aServer(hub, 'user1').key,
  generation: 5,
  progress: { at: moment, percent: 50, message: 'Half' },
});

/** Reads a stream over HTTP until `count` events came. */
async function read(
  url: string,
  token: string,
  count: number,
  headers: Record<string, string> = {},
  onOpen?: () => void,
) {
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}`, ...headers } });
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  onOpen?.();
  const events: { id: string | undefined; event: string | undefined; data: Event }[] = [];
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString();
    const frames = text.split('\n\n');
    text = frames.pop() ?? '';
    for (const frame of frames.filter((one) => !one.startsWith(':'))) {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(frame)?.[1];
      events.push({ id: field('id'), event: field('event'), data: JSON.parse(field('data') ?? 'null') });
    }
    if (events.length >= count) return events;
  }
  return events;
}

test('a stream begins with a snapshot of what runs and goes on with what happens, of the own hub only', async () => {
  service = await openTestService();
  const { spawner } = service;
  spawner.lastEventId = 10;
  spawner.servers = [
    aServer('a', 'user1'),
    aServer('b', 'user1'),
    aServer('a', 'gone', { state: 'stopped', since: moment }),
  ];
  const events = await read(`${service.url}/v1/events`, 'token-of-hub-a', 3, {}, () => {
    spawner.emit(serverEvent(11, 'b', 'user1'));
    spawner.emit(serverEvent(12, 'a', 'user1'));
    spawner.emit(progressEvent(13, 'b'));
    spawner.emit(progressEvent(14, 'a'));
  });
  expect(events.map(({ id, event }) => [id, event])).toEqual([
    ['10', 'snapshot'],
    ['12', 'server'],
    ['14', 'progress'],
  ]);
  const first = events[0]?.data;
  expect(first?.type === 'snapshot' && first.servers.map((server) => server.user)).toEqual(['user1']);
  for (const { data } of events) expect(service.contract.eventFaults(data)).toBeUndefined();
  expect(service.contract.eventFaults({ ...first, more: 1 })).toBeDefined();
});

test.each([
  ['the query', '?after=10', {}],
  ['the Last-Event-ID header', '', { 'last-event-id': '10' }],
  ['the query, which goes before the header', '?after=10', { 'last-event-id': '1' }],
])('a reader goes on behind the event that %s names', async (_, query, headers) => {
  service = await openTestService();
  service.spawner.lastEventId = 12;
  service.spawner.eventsAfter = (id) =>
    id === 10 ? [serverEvent(11, 'a', 'user1'), serverEvent(12, 'b', 'user1')] : undefined;
  const { spawner } = service;
  const events = await read(`${service.url}/v1/events${query}`, 'token-of-admin', 3, headers, () =>
    spawner.emit(progressEvent(13, 'a')),
  );
  expect(events.map(({ id }) => id)).toEqual(['11', '12', '13']);
});

test('an event that is forgotten, or was never sent, gives a snapshot', async () => {
  service = await openTestService();
  service.spawner.lastEventId = 5;
  for (const after of [1, 99]) {
    const [first] = await read(`${service.url}/v1/events?after=${after}`, 'token-of-viewer', 1);
    expect(first?.event).toBe('snapshot');
  }
});

class SlowSink implements EventSink {
  text = '';
  ended = false;
  destroyed = false;
  /** Bytes taken but not sent on. */
  writableLength = 0;
  listeners: Record<string, () => void> = {};
  write(text: string): boolean {
    this.text += text;
    this.writableLength += Buffer.byteLength(text);
    return false;
  }
  get writableNeedDrain(): boolean {
    return this.writableLength > 0;
  }
  end(): void {
    this.ended = true;
  }
  destroy(): void {
    this.destroyed = true;
  }
  on(event: string, listener: () => void): void {
    this.listeners[event] = listener;
  }
  drain(): void {
    this.writableLength = 0;
    this.listeners['drain']?.();
  }
}

test('a reader that takes nothing is cut once too much waits for it; a large snapshot alone is no reason', () => {
  const spawner = new FakeSpawner();
  spawner.servers = Array.from({ length: 50 }, (_, index) => aServer('a', `user${index}`));
  const streams = createEventStreams({ spawner, bufferLimit: 2000 });
  const sink = new SlowSink();
  streams.prepare({ role: 'admin' }, undefined)(sink);
  expect(sink.writableLength).toBeGreaterThan(20_000);
  spawner.emit(progressEvent(1, 'a'));
  expect(sink.destroyed).toBe(false);
  sink.drain();
  for (let id = 2; id < 15 && !sink.destroyed; id += 1) spawner.emit(progressEvent(id, 'a'));
  expect(sink.destroyed).toBe(true);
  expect(sink.writableLength).toBeLessThan(3000);
  expect([streams.open, spawner.listeners.size]).toEqual([0, 0]);
});

test('silence is broken by comments, and a reader that has stood still too long is cut', async () => {
  const spawner = new FakeSpawner();
  const streams = createEventStreams({ spawner, heartbeatMs: 5, stalledMs: 40 });
  const sink = new SlowSink();
  streams.prepare({ role: 'admin' }, undefined)(sink);
  while (!sink.destroyed) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(sink.text).toContain(': still here\n\n');
  expect(streams.open).toBe(0);
});

test('an open stream of a hub counts as asking for its servers, again and again', async () => {
  const spawner = new FakeSpawner();
  spawner.servers = [aServer('a', 'user1'), aServer('b', 'user1')];
  const streams = createEventStreams({ spawner, askedMs: 5 });
  const sink = new SlowSink();
  streams.prepare({ role: 'hub', hub: 'a' }, undefined)(sink);
  while (spawner.calls.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(spawner.calls[2]).toEqual({ call: 'asked', hub: 'a', keys: [aServer('a', 'user1').key] });
  sink.listeners['close']?.();
  expect([streams.open, spawner.listeners.size]).toEqual([0, 0]);
});

test('closing ends every stream, and a later one at once', () => {
  const spawner = new FakeSpawner();
  const streams = createEventStreams({ spawner });
  const [early, late] = [new SlowSink(), new SlowSink()];
  streams.prepare({ role: 'admin' }, undefined)(early);
  streams.close();
  streams.prepare({ role: 'admin' }, undefined)(late);
  expect([early.ended, late.ended, streams.open]).toEqual([true, true, 0]);
});
