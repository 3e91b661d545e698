import { expect, test } from '@jest/globals';
import { apply, sorted } from './server-view.ts';
import { server } from './testing/fake-service.ts';

const view = { all: false, user: undefined };
const a = server({ user: 'a' });
const b = server({ user: 'b' });
const stopped = server({ user: 'c', status: { state: 'stopped', since: '2026-03-01T11:00:00Z' } });
const known = new Map([a, b].map((each) => [each.key, each]));
const progress = { at: '2026-03-01T12:00:00Z', percent: 40, message: 'Pulling' };

test('a snapshot replaces what was seen', () => {
  expect([...apply(known, { type: 'snapshot', id: 1, servers: [b] }, view).values()]).toEqual([b]);
});

test('a snapshot leaves stopped servers in sight where all are wanted', () => {
  const before = new Map(known).set(stopped.key, stopped);
  const after = apply(before, { type: 'snapshot', id: 1, servers: [b] }, { ...view, all: true });
  expect([...after.values()]).toEqual([stopped, b]);
});

test('a server that was stopped goes out of sight, unless all are wanted', () => {
  const event = { type: 'server', id: 2, server: { ...a, status: stopped.status } } as const;
  expect([...apply(known, event, view).keys()]).toEqual([b.key]);
  expect([...apply(known, event, { ...view, all: true }).keys()]).toEqual([a.key, b.key]);
});

test("another user's server never comes into sight", () => {
  expect(apply(new Map(), { type: 'server', id: 2, server: a }, { all: true, user: 'b' }).size).toBe(0);
});

test('progress is added to its own generation only', () => {
  const event = { type: 'progress', id: 3, key: a.key, generation: 1, progress } as const;
  expect(apply(known, event, view).get(a.key)?.progress).toEqual([progress]);
  expect(apply(known, { ...event, generation: 2 }, view)).toBe(known);
});

test('servers are sorted by hub, user and server name', () => {
  const other = server({ user: 'a', hub: 'alpha' });
  const named = server({ user: 'a', serverName: 'gpu', key: 'a-gpu-aaaaaaaaaaaaaaaa' });
  expect(sorted([b, named, a, other])).toEqual([other, a, named, b]);
});
