import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SimulatedEngine, type SimulatedEngineOptions } from '@berth/docker-engine/simulated';
import type { NetworkInfo } from '@berth/spawner';
import { parseConfiguration, type HubConfiguration } from '../configuration/index.ts';
import type { Part } from '../readiness.ts';
import { checkClock, createDoctor } from './create-doctor.ts';
import type { Finding } from './doctor.ts';

/** Neither directory nor accounts nor tickets are configured. */
const nobody = { directory: undefined, keeper: undefined, checkAccounts: async function* () {} };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'berth-doctor-'));
  for (const name of ['hub.token', 'admin.token']) writeFileSync(join(folder, name), 'x', { mode: 0o600 });
});
afterEach(() => rmSync(folder, { recursive: true }));

const healthy = {
  version: '20.10.24',
  liveRestore: true,
  usernsRemap: false,
  cgroupVersion: 1,
  cgroupDriver: 'cgroupfs',
  warnings: [],
} as const;
const goodNetwork: NetworkInfo = {
  id: 'n',
  name: 'berth',
  gateway: '172.30.0.1',
  subnet: '172.30.0.0/16',
  interContainer: false,
  created: true,
};

interface Case {
  readonly text?: string;
  readonly engine?: SimulatedEngineOptions;
  readonly network?: NetworkInfo | undefined;
  readonly parts?: Part[];
  readonly prepare?: (engine: SimulatedEngine) => void;
}

async function diagnose({
  text = '',
  engine: options = {},
  network = goodNetwork,
  parts = [],
  prepare,
}: Case): Promise<{ findings: Finding[]; engine: SimulatedEngine }> {
  const engine = new SimulatedEngine({ ...options, info: { ...healthy, dataRoot: folder, ...options.info } });
  engine.addImage('tiny', { user: '1000' });
  await engine.ensureNetwork(
    { name: 'berth', interContainer: false, labels: {}, mustExist: false },
    AbortSignal.timeout(1000),
  );
  prepare?.(engine);
  const configuration = parseConfiguration(`images: [tiny]\nlisten: {socket: false}\n${text}`, 'test', {
    state: '/s',
    runtime: '/r',
  });
  const doctor = createDoctor({
    configuration: {
      ...configuration,
      hubs: configuration.hubs.map(withToken),
      adminToken: { path: join(folder, 'admin.token'), declared: false },
    },
    folders: { state: folder, runtime: folder },
    engine,
    login: nobody,
    spawner: { network },
    instance: 'test-instance',
    readiness: { look: () => ({ ready: true, parts }) },
    now: () => new Date('2026-11-23T10:00:00Z'),
  });
  return { findings: await doctor.diagnose(new AbortController().signal), engine };
}

function withToken({ name, apiUrl, container }: HubConfiguration): HubConfiguration {
  return { name, apiUrl, container, token: { path: join(folder, 'hub.token'), declared: false } };
}

const withHub = 'hubs: [{name: default, apiUrl: "http://172.30.0.1:8081/hub/api"}]';
const says = (line: string): SimulatedEngineOptions => ({
  behaviour: () => ({ says: [line], exits: { afterMilliseconds: 5, code: 0 } }),
});

test('a sound host has only good findings, and its hub was tried from a container that is gone again', async () => {
  const { findings, engine } = await diagnose({ text: withHub, engine: says('berth-reached') });
  expect(findings.filter(({ level }) => level !== 'ok')).toEqual([]);
  expect(findings.map(({ finding }) => finding)).toContain(
    'Containers reach the hub default at http://172.30.0.1:8081/hub/api.',
  );
  expect(engine.callCount('create')).toBe(1);
  expect(engine.containers()).toEqual([]);
});

test.each<[string, Case, string, RegExp]>([
  ['Docker that is down', { prepare: (engine) => engine.goDown() }, 'error docker', /systemctl start docker/],
  ['no live-restore', { engine: { info: { liveRestore: false } } }, 'warning live-restore', /"live-restore": true/],
  ['userns-remap', { engine: { info: { usernsRemap: true } } }, 'warning userns-remap', /userns-remap off/],
  ['an old Docker', { engine: { info: { version: '19.03.1' } } }, 'error docker', /Install Docker/],
  ['no cgroup driver', { engine: { info: { cgroupDriver: 'none' } } }, 'error cgroups', /cgroup driver/],
  ['cgroupfs on v2', { engine: { info: { cgroupVersion: 2 } } }, 'warning cgroups', /native\.cgroupdriver=systemd/],
  [
    "Docker's own warning",
    { engine: { info: { warnings: ['No swap limit support'] } } },
    'warning docker',
    /documentation/,
  ],
  [
    'an image that is not here',
    { prepare: (engine) => engine.removeImage('tiny') },
    'warning image',
    /docker pull tiny/,
  ],
  [
    'an image as root',
    { prepare: (engine) => void engine.addImage('tiny', { user: '' }) },
    'error image',
    /USER that is not root/,
  ],
  ['no network', { network: { ...goodNetwork, gateway: undefined } }, 'warning network', /bridge network/],
  ['open network', { network: { ...goodNetwork, interContainer: true } }, 'warning network', /docker network rm berth/],
  ['a hub without URL', {}, 'warning hub', /apiUrl/],
  ['a hub out of reach', { text: withHub, engine: says('berth-failed timed out') }, 'error hub', /hub_ip.*port 8081/],
  ['an image without tools', { text: withHub, engine: says('berth-no-tool') }, 'warning hub', /curl/],
  [
    'a hub container that is not there',
    { text: 'hubs: [{name: default, container: hub}]' },
    'error hub',
    /hubs\[\]\.container/,
  ],
  ['an open token file', { prepare: () => chmodSync(join(folder, 'hub.token'), 0o644) }, 'error files', /chmod 600/],
  ['a token file that is gone', { prepare: () => rmSync(join(folder, 'admin.token')) }, 'error files', /Restore/],
  ["Docker's data out of sight", { engine: { info: { dataRoot: '/nowhere/docker' } } }, 'warning disk', /Mount/],
  [
    'strange containers',
    { parts: [{ part: 'resync', state: 'degraded', detail: '1 container poses as ours.' }] },
    'warning resync',
    /remove/,
  ],
])('%s is found, with its mend', async (_, given, found, mend) => {
  const { findings } = await diagnose(given);
  const finding = findings.find(({ level, part }) => `${level} ${part}` === found);
  expect(finding?.mend).toMatch(mend);
  const ranks = findings.map(({ level }) => ['error', 'warning', 'ok'].indexOf(level));
  expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
});

test('a probe that fails at its start leaves no container behind', async () => {
  const { findings, engine } = await diagnose({
    text: withHub,
    engine: { behaviour: () => ({ startError: 'no such file: sh' }) },
  });
  expect(
    findings.some(
      ({ part, level, finding }) => part === 'hub' && level === 'error' && finding.includes('no such file'),
    ),
  ).toBe(true);
  expect(engine.containers()).toEqual([]);
});

test('two who ask at once share one examination', async () => {
  const engine = new SimulatedEngine({ info: { ...healthy, dataRoot: folder } });
  const doctor = createDoctor({
    configuration: parseConfiguration('', 'test', { state: '/s', runtime: '/r' }),
    folders: { state: folder, runtime: folder },
    ...{ engine, spawner: { network: goodNetwork }, instance: 'i', now: () => new Date() },
    login: nobody,
    readiness: { look: () => ({ ready: true, parts: [] }) },
  });
  const { signal } = new AbortController();
  await Promise.all([doctor.diagnose(signal), doctor.diagnose(signal)]);
  const once = engine.callCount('describe');
  await doctor.diagnose(signal);
  expect(engine.callCount('describe')).toBe(2 * once);
});

test('a clock from before this software is found', () => {
  expect([...checkClock(new Date(0))][0]?.level).toBe('error');
  expect([...checkClock(new Date('2026-11-23'))][0]?.level).toBe('ok');
});
