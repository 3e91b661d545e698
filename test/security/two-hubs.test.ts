/** Two hubs on one service: neither sees, hears of, or touches what is the other's. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Berth } from '../stack/berth.ts';
import { docker, sharedEngine, testFolder } from '../stack/shared-engine.ts';
import { inspect } from './inspected.ts';
import { startOf, TokenHolder } from './token-holder.ts';

const engine = sharedEngine();
const instance = 'test-two-hubs';

let berth: Berth;
let [first, second]: TokenHolder[] = [];

beforeAll(async () => {
  berth = await Berth.start({
    folder: await testFolder(),
    dockerSocket: engine.socketPath,
    images: [engine.tinyImage],
    configuration: {
      instance,
      hubs: [{ name: 'first' }, { name: 'second' }],
      containers: { volumes: [{ source: 'two-hubs-{username}', target: '/home' }] },
    },
  });
  first = await TokenHolder.of(berth, 'hub-first.token', 'first');
  second = await TokenHolder.of(berth, 'hub-second.token', 'second');
  // The same names at both, one server each at one only, and one that has ended at one only.
  await Promise.all([
    first.started('user1'),
    second.started('user1'),
    second.started('only-second', 'gpu'),
    second.started('ended'),
  ]);
  await second.stopped('ended');
});

afterAll(async () => {
  await berth?.remove();
  const left = await docker(engine, 'ps', '-aq', '--filter', `label=berth.instance=${instance}`);
  for (const id of left.split('\n').filter(Boolean)) await docker(engine, 'rm', '-f', id);
  for (const user of ['user1', 'only-second', 'ended']) await docker(engine, 'volume', 'rm', '-f', `two-hubs-${user}`);
});

/** All that would tell the first hub of the second's servers. */
function traces(): string[] {
  const keys = [second!.key('user1'), second!.key('only-second', 'gpu'), second!.key('ended')];
  return [...keys, 'only-second', 'ended', '"hub":"second"'];
}

test.each([
  '/v1/servers',
  '/v1/servers?state=starting,running,stopping,exited,failed,stopped',
  '/v1/history',
  '/v1/hub',
])("GET %s tells a hub nothing of the other's", async (path) => {
  const answer = await first!.send('GET', path);
  expect(answer.status).toBe(200);
  expect(traces().filter((trace) => answer.text.includes(trace))).toEqual([]);
});

test('both have a server of the same user and name, each its own container', async () => {
  const [one, other] = await Promise.all([first!.server('user1'), second!.server('user1')]);
  expect(one.key).not.toBe(other.key);
  expect(one.container!.id).not.toBe(other.container!.id);
});

test.each([
  ['GET', ''],
  ['GET', '/logs'],
  ['DELETE', ''],
  ['DELETE', '?purge=true'],
  ['DELETE', '?generation=9007199254740991'],
])("%s of the other's server, %s: the answer is the one for a server that doesn't exist", async (method, rest) => {
  for (const key of [second!.key('user1'), second!.key('only-second', 'gpu'), second!.key('ended')]) {
    const theirs = await first!.send(method, `/v1/servers/${key}${rest}`, undefined, { 'x-request-id': 'r' });
    const unknown = first!.key('nobody');
    const nobodys = await first!.send(method, `/v1/servers/${unknown}${rest}`, undefined, { 'x-request-id': 'r' });
    expect(theirs.status).toBe(404);
    expect(theirs.text.replaceAll(key, 'KEY')).toBe(nobodys.text.replaceAll(unknown, 'KEY'));
  }
});

test("filters by the other's keys and users find nothing", async () => {
  for (const path of [
    `/v1/history?key=${second!.key('ended')}`,
    '/v1/history?user=ended',
    '/v1/servers?user=only-second',
    `/v1/servers?after=${second!.key('ended').slice(0, -1)}`,
  ]) {
    const { text } = await first!.send('GET', path);
    expect([path, traces().filter((trace) => text.includes(trace))]).toEqual([path, []]);
  }
});

test("a start under the other's key is refused, and its server goes on", async () => {
  const answer = await first!.send('PUT', `/v1/servers/${second!.key('user1')}`, startOf('user1'));
  expect([answer.status, answer.json?.['code']]).toEqual([400, 'key-mismatch']);
});

test("the event stream brings a hub nothing of the other's, at its beginning or later", async () => {
  const [mine, theirs] = await Promise.all([
    first!.events(4000),
    second!.events(4000),
    (async () => {
      await second!.started('only-second', 'later');
      await first!.started('own-event');
      await first!.stopped('own-event');
      await second!.stopped('only-second', 'later');
    })(),
  ]);
  expect(theirs).toContain(second!.key('only-second', 'later'));
  expect(mine).toContain(first!.key('own-event'));
  expect(traces().filter((trace) => mine.includes(trace))).toEqual([]);
});

test('after all that, the servers of the second hub run as before', async () => {
  const running = await second!.send('GET', '/v1/servers');
  const items = (running.json?.['items'] ?? []) as { key: string; status: { state: string } }[];
  expect(items.map(({ key, status }) => `${key} ${status.state}`).toSorted()).toEqual(
    [second!.key('only-second', 'gpu'), second!.key('user1')].map((key) => `${key} running`).toSorted(),
  );
});

test('a volume that is named for the user alone is the same at both hubs', async () => {
  const volumes = await Promise.all(
    [first!, second!].map(async (hub) => {
      const { container } = await hub.server('user1');
      return (await inspect(engine, container!.id)).Mounts[0]?.Name;
    }),
  );
  expect(volumes).toEqual(['two-hubs-user1', 'two-hubs-user1']);
});
