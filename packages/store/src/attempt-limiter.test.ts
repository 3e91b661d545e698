import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { join } from 'node:path';
import { openStore } from './open-store.ts';
import type { SqliteStore } from './sqlite-store.ts';
import { minutesAfterNoon, noon, select, temporaryFolder } from './testing/state-folder.ts';

const limits = { kind: 'account', attempts: 3, seconds: 600 };
const taken = { taken: true };
const refused = (retryAfterSeconds: number) => ({ taken: false, retryAfterSeconds });

// The limiter counts by Date.now(); timers stay real, as SQLite's backups need them.
const onlyDate = ['hrtime', 'nextTick', 'performance', 'queueMicrotask', 'setImmediate', 'setInterval'] as const;
const timers = ['setTimeout', 'clearTimeout', 'clearInterval', 'clearImmediate'] as const;
beforeEach(() => void jest.useFakeTimers({ now: noon, doNotFake: [...onlyDate, ...timers] }));
afterEach(() => void jest.useRealTimers());

async function withStore(work: (store: SqliteStore, folder: string) => Promise<void>): Promise<void> {
  using folder = temporaryFolder();
  const store = await openStore({ folder: folder.path });
  try {
    await work(store, folder.path);
  } finally {
    await store.close();
  }
}

async function takes(store: SqliteStore, count: number, name = 'user1', more = limits): Promise<unknown[]> {
  const limiter = store.attemptLimiter(more);
  const answers: unknown[] = [];
  for (let i = 0; i < count; i++) answers.push(await limiter.take(name));
  return answers;
}

test('one attempt more than allowed is refused, with the seconds until the window is over', () =>
  withStore(async (store) => {
    expect(await takes(store, 5)).toEqual([taken, taken, taken, refused(600), refused(600)]);
    jest.setSystemTime(minutesAfterNoon(9.999));
    expect(await takes(store, 1)).toEqual([refused(1)]);
  }));

test('a window begins with its first attempt, and once it is over the count begins anew', () =>
  withStore(async (store) => {
    await takes(store, 1);
    jest.setSystemTime(minutesAfterNoon(9));
    expect(await takes(store, 3)).toEqual([taken, taken, refused(60)]);
    jest.setSystemTime(minutesAfterNoon(10));
    expect(await takes(store, 4)).toEqual([taken, taken, taken, refused(600)]);
  }));

test('a restart of the service forgets no attempt', async () => {
  using folder = temporaryFolder();
  for (const answers of [[taken, taken], [taken, refused(600)], [refused(600)]]) {
    const store = await openStore({ folder: folder.path });
    expect(await takes(store, answers.length)).toEqual(answers);
    await store.close();
  }
});

test('refused attempts are not counted: one given back is one more, however many were refused', () =>
  withStore(async (store) => {
    await takes(store, 10);
    await store.attemptLimiter(limits).giveBack('user1');
    expect(await takes(store, 2)).toEqual([taken, refused(600)]);
  }));

test.each([
  ['that was never taken', 0],
  ['whose window is over', 3],
])('an attempt %s gives nothing back, and allows no more than else', (_, before) =>
  withStore(async (store) => {
    await takes(store, before);
    jest.setSystemTime(minutesAfterNoon(11));
    const limiter = store.attemptLimiter(limits);
    await Promise.all([1, 2, 3].map(() => limiter.giveBack('user1')));
    expect(await takes(store, 4)).toEqual([taken, taken, taken, refused(600)]);
  }),
);

test('more given back than taken allows no more than else', () =>
  withStore(async (store) => {
    const limiter = store.attemptLimiter(limits);
    await limiter.take('user1');
    await Promise.all([1, 2, 3].map(() => limiter.giveBack('user1')));
    expect(await takes(store, 4)).toEqual([taken, taken, taken, refused(600)]);
  }));

test('a name that is forgotten begins anew, others don’t', () =>
  withStore(async (store) => {
    await takes(store, 3);
    await takes(store, 3, 'user2');
    await store.attemptLimiter(limits).forget('user1');
    await store.attemptLimiter(limits).forget('nobody');
    expect(await takes(store, 1)).toEqual([taken]);
    expect(await takes(store, 1, 'user2')).toEqual([refused(600)]);
  }));

test('of fifty attempts at once exactly as many as allowed are taken, through however many limiters', () =>
  withStore(async (store) => {
    const many = Array.from({ length: 50 }, () => store.attemptLimiter(limits).take('user1'));
    const answers = await Promise.all(many);
    expect(answers.filter((answer) => answer.taken)).toHaveLength(3);
    expect(answers.filter((answer) => !answer.taken)).toHaveLength(47);
  }));

test.each([
  ['a NUL', 'user1\0', 'user1'],
  ['quotes', `'; DROP TABLE attempts; --"`, `'; DROP TABLE attempts; --`],
  ['a colon', 'a:b', 'a'],
  ['nothing', '', ' '],
  ['ten thousand letters', 'x'.repeat(10_000), 'x'.repeat(9_999)],
  ['other letters', 'ана', 'анӓ'],
  ['a name of an object', '__proto__', 'constructor'],
  ['another case', 'User1', 'user1'],
])('a name with %s is counted by itself', (_, name, other) =>
  withStore(async (store) => {
    expect(await takes(store, 4, name)).toEqual([taken, taken, taken, refused(600)]);
    expect(await takes(store, 1, other)).toEqual([taken]);
  }),
);

test('attempts of one kind are none of another', () =>
  withStore(async (store) => {
    await takes(store, 3);
    const address = { kind: 'address', attempts: 1, seconds: 60 };
    expect(await takes(store, 2, 'user1', address)).toEqual([taken, refused(60)]);
    expect(await takes(store, 1)).toEqual([refused(600)]);
  }));

test('a refused attempt writes nothing to the disk', () =>
  withStore(async (store, folder) => {
    await takes(store, 3);
    const rows = () => select(join(folder, 'berth.db'), 'SELECT * FROM attempts');
    const before = rows();
    expect(before).toEqual([{ key: 'account:user1', points: 3, expire: minutesAfterNoon(10).getTime() }]);
    await takes(store, 20);
    expect(rows()).toEqual(before);
  }));

test('windows that are long over are forgotten with the rest of what is old, those that are not stay', () =>
  withStore(async (store, folder) => {
    await takes(store, 3, 'old');
    jest.setSystemTime(minutesAfterNoon(30));
    await takes(store, 3, 'new');
    await store.prune(minutesAfterNoon(31));
    expect(select(join(folder, 'berth.db'), 'SELECT key FROM attempts')).toEqual([{ key: 'account:new' }]);
  }));
