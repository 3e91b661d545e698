import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDockerEngine, type DockerEngine } from '@berth/docker-engine';
import type { ContainerSpec, EngineObserver } from '@berth/spawner';
import { PROGRAMS } from '../packages/docker-engine/src/testing/contract-programs.ts';
import {
  engineContract,
  eventually,
  patience,
  specFor,
  type EngineUnderTest,
} from '../packages/docker-engine/src/testing/engine-contract.ts';
import { Dockerd } from './stack/dockerd.ts';
import { loadTinyImage } from './stack/tiny-image.ts';

let daemon: Dockerd;
let engine: DockerEngine;
let subject: EngineUnderTest;

beforeAll(async () => {
  daemon = await Dockerd.start({ root: await mkdtemp(join(tmpdir(), 'berth-dde-')), liveRestore: true });
  const image = await loadTinyImage(daemon.socketPath);
  engine = createDockerEngine({ socketPath: daemon.socketPath, callSeconds: 10 });
  subject = { engine, image, freePort: 20_931 };
});

afterEach(async () => {
  const left = (await daemon.docker('ps', '-aq')).split('\n').filter((id) => id !== '');
  if (left.length > 0) await daemon.docker('rm', '-f', ...left);
  // One that failed says so itself; one that left something behind is found here.
  if (left.length > 0) throw new Error(`the test left ${left.length} containers`);
});

afterAll(async () => {
  await daemon?.remove();
  await rm(daemon.root, { recursive: true, force: true });
});

test.each(engineContract)('dockerd: $name', async ({ run }) => {
  expect.hasAssertions();
  await run(subject);
});

/** What Docker has made of a spec, in Docker's own words. */
async function inspected(spec: ContainerSpec) {
  const id = await engine.create(spec, patience());
  const [raw] = JSON.parse(await daemon.docker('inspect', id)) as [Record<string, Record<string, unknown>>];
  await engine.remove(id, patience());
  return raw;
}

test('every part of a spec arrives in the container', async () => {
  const network = { name: 'berth-parts', interContainer: false, labels: {}, mustExist: false };
  await engine.ensureNetwork(network, patience());
  const spec = await specFor(subject, {
    command: ['sleep', '1'],
    environment: { A: '1', B: 'x=y z' },
    user: '1000:1000',
    groups: [70_002],
    workingDirectory: '/tmp',
    hostname: 'lab',
    mounts: [
      { type: 'volume', source: 'berth-parts', target: '/work', readOnly: false },
      { type: 'bind', source: daemon.root, target: '/a:b', readOnly: true },
      { type: 'tmpfs', target: '/scratch', sizeBytes: 1 << 20 },
    ],
    network: { name: 'berth-parts', aliases: ['lab-1'] },
    publish: [{ containerPort: 8888, address: '127.0.0.1', hostPort: 20_932 }],
    limits: { memoryBytes: 32 << 20, cpus: 0.5, pids: 50, openFiles: 512, shmBytes: 8 << 20 },
    security: { noNewPrivileges: true, dropCapabilities: ['ALL'], addCapabilities: ['CHOWN'], init: true },
    logs: { maxBytes: 5_000_000, maxFiles: 3 },
    stopGraceSeconds: 7,
    cgroupParent: '/berth-parts',
  });
  const { Config: config, HostConfig: host, NetworkSettings: networks } = await inspected(spec);
  expect(config).toMatchObject({
    Image: spec.imageId,
    Cmd: ['sleep', '1'],
    User: '1000:1000',
    WorkingDir: '/tmp',
    Hostname: 'lab',
    StopTimeout: 7,
    Labels: expect.objectContaining(spec.labels),
    Env: expect.arrayContaining(['A=1', 'B=x=y z']),
    ExposedPorts: { '8888/tcp': {} },
  });
  expect(host).toMatchObject({
    Binds: null,
    NetworkMode: 'berth-parts',
    Memory: 32 << 20,
    MemorySwap: 32 << 20,
    NanoCpus: 500_000_000,
    PidsLimit: 50,
    ShmSize: 8 << 20,
    Ulimits: [{ Name: 'nofile', Soft: 512, Hard: 512 }],
    Init: true,
    SecurityOpt: ['no-new-privileges'],
    CapDrop: ['ALL'],
    GroupAdd: ['70002'],
    CapAdd: [expect.stringMatching(/CHOWN$/)],
    RestartPolicy: { Name: 'no' },
    LogConfig: { Type: 'json-file', Config: { 'max-size': '5000000', 'max-file': '3' } },
    CgroupParent: '/berth-parts',
    Privileged: false,
    PortBindings: { '8888/tcp': [{ HostIp: '127.0.0.1', HostPort: '20932' }] },
  });
  expect(host?.['Mounts']).toEqual([
    expect.objectContaining({ Type: 'volume', Source: 'berth-parts', Target: '/work' }),
    expect.objectContaining({ Type: 'bind', Source: daemon.root, Target: '/a:b', ReadOnly: true }),
    expect.objectContaining({ Type: 'tmpfs', Target: '/scratch' }),
  ]);
  expect(networks?.['Networks']).toMatchObject({
    'berth-parts': { Aliases: expect.arrayContaining(['lab-1']) },
  });
  await daemon.docker('volume', 'rm', 'berth-parts');
  await daemon.docker('network', 'rm', 'berth-parts');
});

test('leftovers of a killed reader older than ten minutes go with the next reader; all others stay', async () => {
  const image = (await engine.findImage(subject.image, patience()))?.id ?? '';
  const made = (minutes: number) => `berth.files=${Date.now() - minutes * 60_000}`;
  const left = (name: string, label: string) =>
    daemon.docker('create', '--name', name, '--label', label, subject.image, 'never-started');
  await left('berth-files-000000000011', made(11));
  const stay = [await left('berth-files-000000000009', made(9)), await left('berth-alice', made(60))].map((id) =>
    id.trim(),
  );
  expect((await engine.readFiles(image, ['/etc/passwd'], patience())).get('/etc/passwd')).toContain('tiny:x:1000:1000');
  const listed = (await daemon.docker('ps', '-aq', '--no-trunc')).split('\n').filter((id) => id !== '');
  await daemon.docker('rm', ...stay);
  expect(listed.toSorted()).toEqual(stay.toSorted());
});

test('a folder of the host that does not exist is refused, and not made', async () => {
  const mounts = [{ type: 'bind', source: join(daemon.root, 'nobody'), target: '/x', readOnly: false }] as const;
  await expect(engine.create(await specFor(subject, { mounts }), patience())).rejects.toMatchObject({
    code: 'refused',
    message: expect.stringContaining('does not exist'),
  });
});

test('a container on a network that is gone is refused at its start, and not called missing itself', async () => {
  const id = await engine.create(await specFor(subject, { network: { name: 'vanished', aliases: [] } }), patience());
  await expect(engine.start(id, patience())).rejects.toMatchObject({ code: 'refused', status: 404 });
  await engine.remove(id, patience());
});

test('a paused container is seen as such, and stopped all the same', async () => {
  const id = await engine.create(await specFor(subject), patience());
  await engine.start(id, patience());
  await daemon.docker('pause', id);
  expect((await engine.inspect(id, patience())).state).toMatchObject({ phase: 'running', paused: true });
  await daemon.docker('unpause', id);
  await engine.stop(id, 5, patience());
  await engine.remove(id, patience());
});

test('what a terminal was sent comes out as plain lines, also where it looks like JSON', async () => {
  const id = (await daemon.docker('run', '-dt', subject.image, 'sh', '-c', 'printf \'{"a":\\033[1m1}\\n\'')).trim();
  await eventually(async () => ((await engine.inspect(id, patience())).state.phase === 'exited' ? true : undefined));
  expect(await engine.logs(id, 10, patience())).toEqual(['{"a":1}']);
  await engine.remove(id, patience());
});

test('a pull from where nobody answers fails by its own code', async () => {
  const pull = engine.pull('127.0.0.1:9/none:1', () => undefined, patience());
  await expect(pull).rejects.toMatchObject({ code: 'image-pull-failed', message: expect.stringContaining('refused') });
});

function recorder() {
  const seen: string[] = [];
  const observer: EngineObserver = {
    onEvent: (event) => seen.push(event.action),
    onGap: () => seen.push('gap'),
    onDown: () => seen.push('down'),
  };
  return { seen, observer };
}

test('the stream is made anew again and again, each time with a gap and without an outage', async () => {
  const restless = createDockerEngine({ socketPath: daemon.socketPath, callSeconds: 5, watchRefreshSeconds: 0.1 });
  const { seen, observer } = recorder();
  const watch = restless.watch('contract.case', observer);
  await eventually(() => (seen.length >= 4 ? true : undefined));
  watch.close();
  expect(new Set(seen)).toEqual(new Set(['gap']));
});

test('while the daemon is stopped calls say so, the outage is told once, and all is there again after it', async () => {
  const { seen, observer } = recorder();
  const watch = engine.watch('contract.case', observer);
  await eventually(() => (seen.includes('gap') ? true : undefined));
  const spec = await specFor(subject);
  const id = await engine.create(spec, patience());
  await engine.start(id, patience());
  await eventually(() => (seen.includes('start') ? true : undefined));

  await daemon.stop();
  await expect(engine.inspect(id, patience())).rejects.toMatchObject({ code: 'unreachable' });
  await eventually(() => (seen.includes('down') ? true : undefined));
  await new Promise((resolve) => setTimeout(resolve, 1000));
  await daemon.start();
  await eventually(() => (seen.at(-1) === 'gap' ? true : undefined));
  // Between the stop and the outage the daemon may have taken one more connection.
  expect(seen.filter((one) => one === 'down')).toHaveLength(1);
  expect((await engine.inspect(id, patience())).state.phase).toBe('running');
  await engine.stop(id, 5, patience());
  await eventually(() => (seen.includes('die') ? true : undefined));
  watch.close();
  await engine.remove(id, patience());
});

test('a daemon that hangs is a time-out of the call, and of a stop not before its grace', async () => {
  const hasty = createDockerEngine({ socketPath: daemon.socketPath, callSeconds: 0.5 });
  await hasty.describe(patience());
  const id = await engine.create(await specFor(subject, { command: PROGRAMS.stubborn }), patience());
  daemon.freeze();
  try {
    // A stopped process answers until its threads are scheduled again.
    const list = () =>
      hasty.list('x', patience()).then(
        () => undefined,
        (error: unknown) => error,
      );
    expect(await eventually(list)).toMatchObject({ code: 'timeout' });
    const begun = performance.now();
    await expect(hasty.stop(id, 1, patience())).rejects.toMatchObject({ code: 'timeout' });
    expect(performance.now() - begun).toBeGreaterThan(1400);
  } finally {
    daemon.thaw();
  }
  await hasty.remove(id, patience());
});
