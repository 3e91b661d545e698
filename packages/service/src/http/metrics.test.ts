import { expect, test } from '@jest/globals';
import type { ServerStatus } from '@berth/spawner';
import { aServer, FakeSpawner, moment } from '../testing/fake-spawner.ts';
import { FakeUsers } from '../testing/fake-users.ts';
import { createMetrics } from './metrics.ts';

const later = new Date(moment.getTime() + 3000);
const starting: ServerStatus = { state: 'starting', since: moment, deadline: later, step: 'pull' };

function played(statuses: ServerStatus[], image = 'tiny') {
  const spawner = new FakeSpawner();
  const users = new FakeUsers();
  const metrics = createMetrics({ spawner, users, streams: { open: 2 }, images: ['tiny'], ofProcess: false });
  let id = 0;
  for (const status of statuses)
    spawner.emit({ id: (id += 1), type: 'server', server: { ...aServer('a', 'user1', status), image } });
  return { spawner, users, metrics };
}

test('a start counts once, however many events tell of its steps, and its seconds by outcome and image', async () => {
  const text = await played([
    starting,
    { ...starting, step: 'create' },
    { state: 'running', since: later, url: 'http://x:1' },
  ]).metrics.text();
  expect(text).toContain('berth_starts_total 1');
  expect(text).toContain('berth_start_seconds_sum{outcome="running",image="tiny"} 3');
  expect(text).toContain('berth_start_seconds_count{outcome="running",image="tiny"} 1');
});

test('an image that is not configured any more does not make a label of its own', async () => {
  const text = await played(
    [starting, { state: 'running', since: later, url: 'http://x:1' }],
    'registry/odd:1',
  ).metrics.text();
  expect(text).toContain('image="other"');
  expect(text).not.toContain('odd');
});

test('failures count by code, stops and exits by themselves', async () => {
  const failed: ServerStatus = {
    state: 'failed',
    since: later,
    failure: { code: 'image-not-found', step: 'pull', message: 'x', retryable: false },
  };
  expect(await played([starting, failed]).metrics.text()).toContain(
    'berth_start_failures_total{code="image-not-found"} 1',
  );
  const exited: ServerStatus = { state: 'exited', exit: { at: later, code: 137, oomKilled: true, reason: 'x' } };
  expect(await played([{ state: 'running', since: moment, url: 'u' }, exited, exited]).metrics.text()).toContain(
    'berth_exits_total{oom_killed="true"} 1',
  );
  expect(
    await played([
      { state: 'stopping', since: moment },
      { state: 'stopped', since: later },
    ]).metrics.text(),
  ).toContain('berth_stops_total 1');
});

test('servers are counted by state, requests by operation and status, parts as up or down, and no user is named', async () => {
  const { spawner, metrics } = played([]);
  spawner.servers = [aServer('a', 'secretuser'), aServer('a', 'other', starting)];
  spawner.partStates = [{ part: 'docker', state: 'down', since: moment }];
  metrics.request('getServer', 404, 0.01);
  metrics.request(undefined, 404, 0.01);
  const text = await metrics.text();
  for (const line of [
    'berth_servers{state="running"} 1',
    'berth_servers{state="starting"} 1',
    'berth_servers{state="stopped"} 0',
    'berth_http_requests_total{operation="getServer",status="404"} 1',
    'berth_http_requests_total{operation="none",status="404"} 1',
    'berth_event_streams_open 2',
    'berth_part_up{part="docker"} 0',
  ])
    expect(text).toContain(line);
  expect(text).not.toMatch(/secretuser|user1/);
});

test('logins are counted by outcome, tickets by state', async () => {
  const { users, metrics } = played([]);
  users.logins.set('ok', 3).set('account-locked', 1);
  users.tickets = { good: 7, failing: 2, ended: 1 };
  for (const _twice of [1, 2]) {
    const text = await metrics.text();
    expect(text).toContain('berth_logins_total{outcome="ok"} 3');
    expect(text).toContain('berth_logins_total{outcome="account-locked"} 1');
    expect(text).toContain('berth_tickets{state="good"} 7');
    expect(text).toContain('berth_tickets{state="failing"} 2');
  }
});

test('metrics are told before Docker was looked at, too', async () => {
  const { spawner, metrics } = played([]);
  spawner.ready = false;
  expect(await metrics.text()).toContain('berth_servers{state="running"} 0');
});
