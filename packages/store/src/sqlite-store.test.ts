import { expect, test } from '@jest/globals';
import { readdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from './connection.ts';
import { openStore } from './open-store.ts';
import { entry, minutesAfterNoon, noon, record, storeErrorOf, temporaryFolder, user } from './testing/state-folder.ts';

const limits = { kind: 'login', attempts: 3, seconds: 600 };

test('servers are loaded by key, each as it was saved last', async () => {
  using folder = temporaryFolder();
  const store = await openStore({ folder: folder.path });
  await store.saveServer(record({ key: 'b' }));
  await store.saveServer(
    record({ key: 'a', container: { id: '1', name: 'one' }, runningAt: noon, imageId: 'sha256:1' }),
  );
  await store.saveServer(record({ key: 'a', status: { state: 'stopped', since: noon } }));
  expect(await store.loadServers()).toEqual({
    records: [record({ key: 'a', status: { state: 'stopped', since: noon } }), record({ key: 'b' })],
    quarantined: [],
  });
  await store.close();
});

test.each([
  ['no JSON', "status = '{'", 'status is not JSON'],
  ['another shape', "status = '[]'", 'status is no object'],
  ['a state that nobody knows', `status = '{"state":"asleep"}'`, 'state is none of starting, '],
  ['a missing part', `status = '{"state":"running","since":1}'`, 'url is no text'],
  ['a date beyond all dates', `status = '{"state":"running","since":9000000000000000,"url":""}'`, 'since is no date'],
  ['two opinions on its state', "state = 'stopped'", 'state and status disagree'],
  ['a number beyond all whole ones', 'generation = 9223372036854775807', 'generation is no whole number'],
  ['an id without a name', "container_id = 'x'", 'container_name is no text'],
  ['neither TLS nor none', 'tls = 7', 'tls is neither true nor false'],
  ['an account that is no JSON', "account = 'user1'", 'account is not JSON'],
  ['an account without a uid', `account = '{"name":"user1","gid":1}'`, 'uid is no whole number'],
])('a row with %s is quarantined, kept, and the others load', async (_, change, reason) => {
  using folder = temporaryFolder();
  const warnings: string[] = [];
  const store = await openStore({
    folder: folder.path,
    log: { info: () => undefined, warn: (text) => warnings.push(text) },
  });
  await store.saveServer(record({ key: 'bad' }));
  await store.saveServer(record({ key: 'good' }));
  const other = connect(join(folder.path, 'berth.db'));
  other.exec(`UPDATE servers SET ${change} WHERE key = 'bad'`);
  for (const _pass of ['first', 'second']) {
    const { records, quarantined } = await store.loadServers();
    expect(records).toEqual([record({ key: 'good' })]);
    expect(quarantined).toEqual([{ key: 'bad', reason: expect.stringContaining(reason) }]);
  }
  await store.prune(new Date(8e15));
  expect(other.prepare("SELECT count(*) AS n FROM servers WHERE key = 'bad'").get()).toEqual({ n: 1 });
  expect(warnings[0]).toContain('"bad"');
  other.close();
  await store.close();
});

test('an unreadable history entry is left out, and the pages behind it are still reached', async () => {
  using folder = temporaryFolder();
  const warnings: string[] = [];
  const store = await openStore({
    folder: folder.path,
    log: { info: () => undefined, warn: (text) => warnings.push(text) },
  });
  for (const generation of [1, 2, 3])
    await store.endServer(record(), entry({ generation, endedAt: minutesAfterNoon(generation) }));
  const other = connect(join(folder.path, 'berth.db'));
  other.exec("UPDATE history SET log_tail = '{}' WHERE generation = 2");
  other.close();
  const generations: number[] = [];
  let after: string | null = null;
  do {
    const page = await store.listHistory({ limit: 1, ...(after === null ? {} : { after }) });
    generations.push(...page.items.map(({ generation }) => generation));
    after = page.next;
  } while (after !== null);
  expect(generations).toEqual([3, 1]);
  expect(warnings).toEqual([expect.stringContaining('log_tail is no list of lines')]);
  await store.close();
});

test('an end is written once per key and generation: a second one replaces the first', async () => {
  using folder = temporaryFolder();
  const store = await openStore({ folder: folder.path });
  await store.endServer(record(), entry({ outcome: 'vanished', failure: failure(), logTail: [] }));
  await store.endServer(record(), entry({ outcome: 'exited', endedAt: minutesAfterNoon(1) }));
  await store.endServer(record(), entry({ generation: 5 }));
  const { items } = await store.listHistory({ limit: 10 });
  expect(items).toEqual([entry({ outcome: 'exited', endedAt: minutesAfterNoon(1) }), entry({ generation: 5 })]);
  await store.close();
});

test('an end whose entry cannot be written leaves the server as it was', async () => {
  using folder = temporaryFolder();
  const store = await openStore({ folder: folder.path });
  await store.saveServer(record());
  const stopped = record({ status: { state: 'stopped', since: noon } });
  const error = await storeErrorOf(() => store.endServer(stopped, entry({ endedAt: new Date(NaN) })));
  expect(error).toMatchObject({ code: 'failed', message: expect.stringContaining('an invalid date') });
  expect((await store.loadServers()).records).toEqual([record()]);
  expect((await store.listHistory({ limit: 10 })).items).toEqual([]);
  await store.close();
});

test('pages of history follow one another, newest first, whatever ends meanwhile', async () => {
  using folder = temporaryFolder();
  const store = await openStore({ folder: folder.path });
  // Four share each minute, so that time alone doesn't tell them apart.
  const ends = Array.from({ length: 23 }, (_, index) =>
    entry({ generation: index + 1, endedAt: minutesAfterNoon(Math.floor(index / 4)) }),
  );
  for (const end of ends) await store.endServer(record(), end);
  const seen: number[] = [];
  let after: string | null = null;
  do {
    const page = await store.listHistory({ limit: 5, ...(after === null ? {} : { after }) });
    expect(page.items.length).toBeGreaterThan(0);
    seen.push(...page.items.map(({ generation }) => generation));
    after = page.next;
    await store.endServer(record(), entry({ generation: 1000 + seen.length, endedAt: minutesAfterNoon(60) }));
  } while (after !== null);
  expect(seen).toEqual(ends.map(({ generation }) => generation).toReversed());
  await store.close();
});

test('a page that holds the last entry has no next', async () => {
  using folder = temporaryFolder();
  const store = await openStore({ folder: folder.path });
  expect(await store.listHistory({ limit: 1 })).toEqual({ items: [], next: null });
  await store.endServer(record(), entry());
  expect((await store.listHistory({ limit: 1 })).next).toBeNull();
  await store.close();
});

test.each([
  [{ hub: 'one' }, [3, 2, 1]],
  [{ user: 'ana' }, [4, 3, 1]],
  [{ key: 'k1' }, [2, 1]],
  [{ hub: 'one', user: 'ana' }, [3, 1]],
  [{ hub: 'one', user: 'ana', key: 'k1' }, [1]],
  [{ user: '%' }, []],
  [{}, [4, 3, 2, 1]],
])('history of %j is that and no more', async (filter, generations) => {
  using folder = temporaryFolder();
  const store = await openStore({ folder: folder.path });
  const ends = [
    { generation: 1, hub: 'one', user: 'ana', key: 'k1' },
    { generation: 2, hub: 'one', user: 'bob', key: 'k1' },
    { generation: 3, hub: 'one', user: 'ana', key: 'k2' },
    { generation: 4, hub: 'two', user: 'ana', key: 'k3' },
  ];
  for (const end of ends) await store.endServer(record(), entry({ ...end, endedAt: minutesAfterNoon(end.generation) }));
  const { items } = await store.listHistory({ ...filter, limit: 10 });
  expect(items.map(({ generation }) => generation)).toEqual(generations);
  await store.close();
});

test.each([
  ['', 'SCAN history USING INDEX history_by_end'],
  ['hub', 'history_by_hub'],
  ['user', 'history_by_user'],
  ['key', 'history_by_key'],
])('a page of history filtered by "%s" is read through an index, without sorting', async (column, index) => {
  using folder = temporaryFolder();
  const store = await openStore({ folder: folder.path });
  await store.close();
  const other = connect(join(folder.path, 'berth.db'), { readOnly: true });
  const where = column === '' ? '' : `WHERE ${column} = 'x'`;
  const plan = other
    .prepare(`EXPLAIN QUERY PLAN SELECT * FROM history ${where} ORDER BY ended_at DESC, id DESC LIMIT 5`)
    .all()
    .map((step) => (step as { detail: string }).detail);
  other.close();
  expect(plan).toEqual([expect.stringContaining(index)]);
});

test('a purged server is gone with its history, and no other', async () => {
  using folder = temporaryFolder();
  const store = await openStore({ folder: folder.path });
  await store.endServer(record({ key: 'a' }), entry({ key: 'a' }));
  await store.endServer(record({ key: 'b' }), entry({ key: 'b' }));
  await store.purgeServer('a');
  await store.purgeServer('nobody');
  expect((await store.loadServers()).records.map(({ key }) => key)).toEqual(['b']);
  expect((await store.listHistory({ limit: 10 })).items.map(({ key }) => key)).toEqual(['b']);
  await store.close();
});

test('pruning forgets what ended before, and stopped servers only', async () => {
  using folder = temporaryFolder();
  const store = await openStore({ folder: folder.path });
  const before = minutesAfterNoon(10);
  await store.saveServer(record({ key: 'running' }));
  await store.saveServer(record({ key: 'failed', status: { state: 'failed', since: noon, failure: failure() } }));
  await store.endServer(record({ key: 'old', status: { state: 'stopped', since: noon } }), entry({ key: 'old' }));
  await store.endServer(
    record({ key: 'new', status: { state: 'stopped', since: before } }),
    entry({ key: 'new', endedAt: before }),
  );
  expect(await store.prune(before)).toEqual({ history: 1, servers: 1 });
  expect(await store.prune(before)).toEqual({ history: 0, servers: 0 });
  expect((await store.loadServers()).records.map(({ key }) => key)).toEqual(['failed', 'new', 'running']);
  expect((await store.listHistory({ limit: 10 })).items.map(({ key }) => key)).toEqual(['new']);
  await store.close();
});

test('a setting is what it was set to last', async () => {
  using folder = temporaryFolder();
  const store = await openStore({ folder: folder.path });
  expect(await store.getSetting('drain')).toBeUndefined();
  await store.setSetting('drain', 'yes');
  await store.setSetting('drain', '');
  expect(await store.getSetting('drain')).toBe('');
  await store.close();
});

test('writes into a file that was taken away are refused, not lost', async () => {
  using folder = temporaryFolder();
  const store = await openStore({ folder: folder.path });
  const file = join(folder.path, 'berth.db');
  renameSync(file, `${file}.gone`);
  for (const write of [
    () => store.saveServer(record()),
    () => store.endServer(record(), entry()),
    () => store.purgeServer('a'),
    () => store.setSetting('a', 'b'),
    () => store.prune(noon),
    () => store.saveUser(user()),
    () => store.removeUser('a'),
    () => store.attemptLimiter(limits).take('a'),
  ]) {
    expect(await storeErrorOf(write)).toMatchObject({
      code: 'failed',
      message: `${file} was removed or replaced while in use. Restart Berth.`,
    });
  }
  expect((await store.loadServers()).records).toEqual([]);
  await store.close();
});

test('after its close every call is refused, and a second close is none', async () => {
  using folder = temporaryFolder();
  const store = await openStore({ folder: folder.path });
  const limiter = store.attemptLimiter(limits);
  await store.close();
  await store.close();
  for (const call of [
    () => store.loadServers(),
    () => store.saveServer(record()),
    () => store.backup(),
    () => store.getSetting('a'),
    () => store.loadUsers(),
    () => store.saveUser(user()),
    () => store.removeUser('a'),
    () => limiter.take('a'),
    () => limiter.giveBack('a'),
    () => limiter.forget('a'),
    () => store.listHistory({ limit: 1 }),
  ]) {
    expect(await storeErrorOf(call)).toMatchObject({ code: 'failed', message: expect.stringContaining('closed') });
  }
});

test('every file is for its owner alone', async () => {
  using folder = temporaryFolder();
  const umask = process.umask(0);
  try {
    const path = join(folder.path, 'new', 'state');
    const store = await openStore({ folder: path });
    await store.saveServer(record());
    const { path: copy } = await store.backup();
    const modes = readdirSync(path).map((name) => [name, (statSync(join(path, name)).mode & 0o777).toString(8)]);
    expect(Object.fromEntries(modes)).toEqual({
      backups: '700',
      'berth.db': '600',
      'berth.db-shm': '600',
      'berth.db-wal': '600',
      'lock.db': '600',
      pid: '600',
    });
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(statSync(copy).mode & 0o777).toBe(0o600);
    await store.close();
  } finally {
    process.umask(umask);
  }
});

function failure() {
  return { code: 'internal', step: 'create', message: 'It broke.', retryable: false } as const;
}
