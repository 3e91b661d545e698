/**
 * What every Engine does, as a table. It is run against the simulated engine in unit tests and against a real dockerd in
 * test/docker-engine.test.ts, so that what is tested on the one holds on the other.
 */
import { expect } from '@jest/globals';
import type { ContainerSpec, Engine, EngineEvent } from '@berth/spawner';
import { PROGRAMS, TINY_FILES } from './contract-programs.ts';

export interface EngineUnderTest {
  readonly engine: Engine;
  /** An image that is here, and whose program runs until it is stopped. */
  readonly image: string;
  /** A port of the host's loopback that is free. */
  readonly freePort: number;
}

export interface ContractCase {
  readonly name: string;
  run(subject: EngineUnderTest): Promise<void>;
}

let made = 0;

/** A name that no other container of the run has. */
export function uniqueName(): string {
  return `contract-${process.pid}-${++made}`;
}

export function patience(): AbortSignal {
  return AbortSignal.timeout(30_000);
}

export async function specFor(subject: EngineUnderTest, more: Partial<ContainerSpec> = {}): Promise<ContainerSpec> {
  const image = await subject.engine.findImage(subject.image, patience());
  const name = uniqueName();
  return {
    name,
    imageId: image?.id ?? 'no image',
    environment: {},
    labels: { 'contract.case': name },
    mounts: [],
    network: { name: 'bridge', aliases: [] },
    publish: [],
    limits: { pids: 100, openFiles: 1024 },
    security: { noNewPrivileges: true, dropCapabilities: ['ALL'], addCapabilities: [], init: true },
    logs: { maxBytes: 1_000_000, maxFiles: 2 },
    stopGraceSeconds: 2,
    ...more,
  };
}

/** Waits until `look` finds something. */
export async function eventually<T>(look: () => T | undefined | Promise<T | undefined>, seconds = 15): Promise<T> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error(`not seen within ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Creates, runs `use`, and takes away whatever is left. */
async function withContainer(
  subject: EngineUnderTest,
  more: Partial<ContainerSpec>,
  use: (id: string, spec: ContainerSpec) => Promise<void>,
): Promise<void> {
  const spec = await specFor(subject, more);
  const id = await subject.engine.create(spec, patience());
  try {
    await use(id, spec);
  } finally {
    await subject.engine.stop(id, 0, patience()).catch(() => undefined);
    await subject.engine.remove(id, patience());
  }
}

async function exited(engine: Engine, id: string) {
  return eventually(async () => {
    const { state } = await engine.inspect(id, patience());
    return state.phase === 'exited' ? state : undefined;
  });
}

const failure = (code: string) => expect.objectContaining({ name: 'EngineError', code });

export const engineContract: readonly ContractCase[] = [
  {
    name: 'it says who it is and which API it speaks',
    async run({ engine }) {
      const info = await engine.describe(patience());
      expect(info.version).not.toBe('');
      expect(info.apiVersion).toMatch(/^1\.\d+$/);
      expect(info.cpus).toBeGreaterThan(0);
    },
  },
  {
    name: 'an image is found by its reference and by its id, and one that is not here is no error',
    async run({ engine, image }) {
      const found = await engine.findImage(image, patience());
      expect(found?.id).toMatch(/^sha256:[0-9a-f]{64}$/);
      expect(found?.user).toBe('1000');
      expect(await engine.findImage(found?.id ?? '', patience())).toEqual(found);
      expect(await engine.findImage('berth-test/nobody:1', patience())).toBeUndefined();
      expect(await engine.findImage('../../info', patience())).toBeUndefined();
    },
  },
  {
    name: 'a pull by content id finds what is here, and nothing else',
    async run({ engine, image }) {
      const found = await engine.findImage(image, patience());
      const nothing = (): void => undefined;
      expect(await engine.pull(found?.id ?? '', nothing, patience())).toEqual(found);
      await expect(engine.pull(`sha256:${'0'.repeat(64)}`, nothing, patience())).rejects.toEqual(
        failure('image-not-found'),
      );
    },
  },
  {
    name: 'a network is made once, also by three at once, and found unchanged afterwards',
    async run({ engine }) {
      const name = uniqueName();
      const request = { name, interContainer: false, labels: { 'contract.network': 'yes' }, mustExist: false };
      await expect(engine.ensureNetwork({ ...request, mustExist: true }, patience())).rejects.toEqual(
        failure('not-found'),
      );
      const all = await Promise.all([1, 2, 3].map(() => engine.ensureNetwork(request, patience())));
      expect(all.filter((network) => network.created)).toHaveLength(1);
      expect(new Set(all.map((network) => network.id)).size).toBe(1);
      const again = await engine.ensureNetwork({ ...request, interContainer: true, mustExist: true }, patience());
      expect(again).toMatchObject({ name, interContainer: false, created: false });
      expect(again.gateway).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
      expect(again.subnet).toMatch(/^\d+\.\d+\.\d+\.\d+\/\d+$/);
    },
  },
  {
    name: "the engine's default network has a gateway, and lets its containers talk",
    async run({ engine }) {
      const request = { name: 'bridge', interContainer: false, labels: {}, mustExist: true };
      const bridge = await engine.ensureNetwork(request, patience());
      expect(bridge).toMatchObject({ name: 'bridge', interContainer: true, created: false });
      expect(bridge.gateway).toBeDefined();
    },
  },
  {
    name: 'a container goes from created to running to exited to gone, and doing a thing twice is success',
    async run(subject) {
      const { engine } = subject;
      const publish = [{ containerPort: 8888, address: '127.0.0.1', hostPort: subject.freePort }];
      const spec = await specFor(subject, { publish, limits: { pids: 100, openFiles: 1024, memoryBytes: 64 << 20 } });
      const id = await engine.create(spec, patience());
      const created = await engine.inspect(id, patience());
      expect(created).toMatchObject({ id, name: spec.name, imageId: spec.imageId, addresses: {}, published: {} });
      expect(created.labels).toMatchObject(spec.labels);
      expect(created.state).toEqual({ phase: 'created' });
      expect(created.memoryBytes).toBe(64 << 20);

      await engine.start(id, patience());
      await engine.start(id, patience());
      const running = await engine.inspect(id, patience());
      expect(running.state).toEqual({ phase: 'running', startedAt: expect.any(Date), paused: false });
      expect(running.addresses['bridge']).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
      expect(running.published).toEqual({ 8888: { address: '127.0.0.1', port: subject.freePort } });

      await engine.stop(id, 5, patience());
      await engine.stop(id, 5, patience());
      const ended = await engine.inspect(id, patience());
      expect(ended.state).toEqual({ phase: 'exited', exit: { code: 143, oomKilled: false, at: expect.any(Date) } });
      expect(ended).toMatchObject({ addresses: {}, published: {} });

      await engine.remove(id, patience());
      await engine.remove(id, patience());
      await expect(engine.inspect(id, patience())).rejects.toEqual(failure('not-found'));
    },
  },
  {
    name: 'a second container of the same name is refused by its own code',
    async run(subject) {
      await withContainer(subject, {}, async (_id, spec) => {
        await expect(subject.engine.create(spec, patience())).rejects.toEqual(failure('name-taken'));
      });
    },
  },
  {
    name: 'a container of an image that is gone is refused by its own code',
    async run(subject) {
      const spec = await specFor(subject, { imageId: `sha256:${'0'.repeat(64)}` });
      await expect(subject.engine.create(spec, patience())).rejects.toEqual(failure('image-not-found'));
    },
  },
  {
    name: 'what is asked of a container that does not exist is answered with not-found',
    async run({ engine }) {
      const id = 'f'.repeat(64);
      await expect(engine.start(id, patience())).rejects.toEqual(failure('not-found'));
      await expect(engine.inspect(id, patience())).rejects.toEqual(failure('not-found'));
      await expect(engine.stop(id, 1, patience())).rejects.toEqual(failure('not-found'));
      await expect(engine.logs(id, 10, patience())).rejects.toEqual(failure('not-found'));
      await engine.remove(id, patience());
    },
  },
  {
    name: 'the exit code and the lines of both streams remain after a program has failed',
    async run(subject) {
      await withContainer(subject, { command: PROGRAMS.speaksAndFails }, async (id) => {
        await subject.engine.start(id, patience());
        expect((await exited(subject.engine, id)).exit).toMatchObject({ code: 3, oomKilled: false });
        expect(await subject.engine.logs(id, 10, patience())).toEqual(['out', 'err']);
        expect(await subject.engine.logs(id, 1, patience())).toEqual(['err']);
      });
    },
  },
  {
    name: 'of many lines the last are given, oldest first',
    async run(subject) {
      await withContainer(subject, { command: PROGRAMS.countsToTwenty }, async (id) => {
        await subject.engine.start(id, patience());
        await eventually(async () => ((await subject.engine.logs(id, 1, patience()))[0] === '20' ? true : undefined));
        expect(await subject.engine.logs(id, 3, patience())).toEqual(['18', '19', '20']);
        expect(await subject.engine.logs(id, 0, patience())).toEqual([]);
      });
    },
  },
  {
    name: 'a program that does not hear is killed after its grace, and not before',
    async run(subject) {
      await withContainer(subject, { command: PROGRAMS.stubborn }, async (id) => {
        await subject.engine.start(id, patience());
        // Its shell must have got as far as the trap.
        await new Promise((resolve) => setTimeout(resolve, 500));
        const begun = performance.now();
        await subject.engine.stop(id, 1, patience());
        expect(performance.now() - begun).toBeGreaterThan(950);
        expect((await exited(subject.engine, id)).exit).toMatchObject({ code: 137, oomKilled: false });
      });
    },
  },
  {
    name: 'a program that runs out of memory is said to have',
    async run(subject) {
      const limits = { pids: 100, openFiles: 1024, memoryBytes: 16 << 20, shmBytes: 64 << 20 };
      await withContainer(subject, { command: PROGRAMS.greedy, limits }, async (id) => {
        await subject.engine.start(id, patience());
        expect((await exited(subject.engine, id)).exit).toMatchObject({ code: 137, oomKilled: true });
      });
    },
  },
  {
    name: 'a program that does not exist is refused at the start, and the container can be removed',
    async run(subject) {
      const security = { noNewPrivileges: true, dropCapabilities: [], addCapabilities: [], init: false };
      await withContainer(subject, { command: PROGRAMS.missing, security }, async (id) => {
        const refusal = { code: 'refused', message: expect.stringContaining('/nothing/here') };
        await expect(subject.engine.start(id, patience())).rejects.toMatchObject(refusal);
        expect((await subject.engine.inspect(id, patience())).state.phase).not.toBe('running');
      });
    },
  },
  {
    name: 'under an init, a program that does not exist is an exit with 127, and the log says so',
    async run(subject) {
      await withContainer(subject, { command: PROGRAMS.missing }, async (id) => {
        await subject.engine.start(id, patience());
        expect((await exited(subject.engine, id)).exit).toMatchObject({ code: 127 });
        expect((await subject.engine.logs(id, 5, patience())).join()).toContain('/nothing/here');
      });
    },
  },
  {
    name: 'a port that another container holds is refused at the start, and the name of the port is said',
    async run(subject) {
      const publish = [{ containerPort: 8888, address: '127.0.0.1', hostPort: subject.freePort }];
      await withContainer(subject, { publish }, async (first) => {
        await subject.engine.start(first, patience());
        await withContainer(subject, { publish }, async (second) => {
          await expect(subject.engine.start(second, patience())).rejects.toMatchObject({
            code: 'refused',
            message: expect.stringContaining(String(subject.freePort)),
          });
        });
      });
    },
  },
  {
    name: 'a list has the containers of its label, running or not, and no others',
    async run(subject) {
      const label = uniqueName();
      const labels = { [label]: 'one' };
      await withContainer(subject, { labels }, async (running, { name }) => {
        await subject.engine.start(running, patience());
        await withContainer(subject, { labels: { [label]: 'two' } }, async (created) => {
          await withContainer(subject, {}, async (other) => {
            const { containers, unreadable } = await subject.engine.list(label, patience());
            expect(unreadable).toBe(0);
            expect(new Set(containers.map((one) => one.id))).toEqual(new Set([running, created]));
            expect(containers.some((one) => one.id === other)).toBe(false);
            const [one] = (await subject.engine.list(`${label}=one`, patience())).containers;
            expect(one).toMatchObject({ id: running, name, state: { phase: 'running', paused: false } });
            expect(one?.labels).toMatchObject(labels);
            expect(one?.addresses).toEqual((await subject.engine.inspect(running, patience())).addresses);
            const [two] = (await subject.engine.list(`${label}=two`, patience())).containers;
            expect(two).toMatchObject({ id: created, state: { phase: 'created' }, addresses: {} });
          });
        });
      });
    },
  },
  {
    name: 'a container that runs is not removed',
    async run(subject) {
      await withContainer(subject, {}, async (id) => {
        await subject.engine.start(id, patience());
        await expect(subject.engine.remove(id, patience())).rejects.toEqual(failure('refused'));
        expect((await subject.engine.inspect(id, patience())).state.phase).toBe('running');
      });
    },
  },
  {
    name: 'three removals at once all succeed',
    async run(subject) {
      const id = await subject.engine.create(await specFor(subject), patience());
      await Promise.all([1, 2, 3].map(() => subject.engine.remove(id, patience())));
      await expect(subject.engine.inspect(id, patience())).rejects.toEqual(failure('not-found'));
    },
  },
  {
    name: 'a stopped container can be started again',
    async run(subject) {
      await withContainer(subject, {}, async (id) => {
        await subject.engine.start(id, patience());
        await subject.engine.stop(id, 5, patience());
        await subject.engine.start(id, patience());
        expect((await subject.engine.inspect(id, patience())).state.phase).toBe('running');
      });
    },
  },
  {
    name: 'who watches is told to list once, then hears of each step of containers with the label, and no others',
    async run(subject) {
      const { engine } = subject;
      const label = uniqueName();
      const events: EngineEvent[] = [];
      let gaps = 0;
      const watch = engine.watch(label, {
        onEvent: (event) => events.push(event),
        onGap: () => gaps++,
        onDown: () => undefined,
      });
      try {
        await eventually(() => (gaps > 0 ? true : undefined));
        let id = '';
        await withContainer(subject, {}, (other) => engine.start(other, patience()));
        await withContainer(subject, { labels: { [label]: 'x' }, command: PROGRAMS.speaksAndFails }, async (mine) => {
          id = mine;
          await engine.start(mine, patience());
          await exited(engine, mine);
        });
        await eventually(() => events.find((event) => event.action === 'destroy'));
        expect(events.map((event) => event.action)).toEqual(['create', 'start', 'die', 'destroy']);
        expect(new Set(events.map((event) => event.containerId))).toEqual(new Set([id]));
        expect(events.every((event) => event.labels[label] === 'x')).toBe(true);
        expect(events[2]).toMatchObject({ action: 'die', exitCode: 3 });
        expect(Math.abs((events[0]?.at.getTime() ?? 0) - Date.now())).toBeLessThan(60_000);
        expect(gaps).toBe(1);
      } finally {
        watch.close();
      }
      const heard = events.length;
      await withContainer(subject, { labels: { [label]: 'y' } }, async () => undefined);
      expect(events).toHaveLength(heard);
    },
  },
  {
    name: 'a program runs as the ids and groups that it is given, and no others',
    async run(subject) {
      // Docker takes ids up to 2^31 - 1 (runc, libcontainer/user).
      const more = { command: PROGRAMS.saysWhoItIs, user: '70001:70000' };
      for (const [groups, all] of [
        [[70_002, 2_147_483_647], '70000 70002 2147483647'],
        [[], '70000'],
      ] as const)
        await withContainer(subject, { ...more, groups }, async (id) => {
          await subject.engine.start(id, patience());
          expect((await exited(subject.engine, id)).exit).toMatchObject({ code: 0 });
          expect(await subject.engine.logs(id, 10, patience())).toEqual(['70001', '70000', all]);
        });
    },
  },
  {
    name: 'files of an image are read: what is not there, a folder and a link are left out, and nothing is left behind',
    async run({ engine, image }) {
      const id = (await engine.findImage(image, patience()))?.id ?? '';
      const odd = ['/etc/nobody', '/nobody/passwd', '/bin', '/bin/', '/', '/bin/sh', '/etc/passwd/', '/etc/passwd/x'];
      const files = await engine.readFiles(id, [...odd, '/etc/passwd', '/etc/group'], patience());
      expect(Object.fromEntries(files)).toEqual(TINY_FILES);
      expect(await engine.readFiles(id, [], patience())).toEqual(new Map());
      expect((await engine.list('berth.files', patience())).containers).toEqual([]);
    },
  },
  {
    name: 'files are read by several at once, each to the end',
    async run({ engine, image }) {
      const id = (await engine.findImage(image, patience()))?.id ?? '';
      const all = await Promise.all([1, 2, 3].map(() => engine.readFiles(id, ['/etc/passwd'], patience())));
      expect(all.map((files) => files.get('/etc/passwd'))).toEqual(all.map(() => TINY_FILES['/etc/passwd']));
      expect((await engine.list('berth.files', patience())).containers).toEqual([]);
    },
  },
  {
    name: 'files of an image that is gone are refused by its own code',
    async run({ engine }) {
      const gone = engine.readFiles(`sha256:${'0'.repeat(64)}`, ['/etc/passwd'], patience());
      await expect(gone).rejects.toEqual(failure('image-not-found'));
    },
  },
  {
    name: 'who reads files and goes away has its own reason',
    async run({ engine, image }) {
      const id = (await engine.findImage(image, patience()))?.id ?? '';
      const reason = new Error('the caller went away');
      await expect(engine.readFiles(id, ['/etc/passwd'], AbortSignal.abort(reason))).rejects.toBe(reason);
      expect((await engine.list('berth.files', patience())).containers).toEqual([]);
    },
  },
  {
    name: 'an abort rejects with its own reason, before the call and during it',
    async run(subject) {
      const { engine } = subject;
      const reason = new Error('the caller went away');
      await expect(engine.describe(AbortSignal.abort(reason))).rejects.toBe(reason);
      await expect(engine.pull(subject.image, () => undefined, AbortSignal.abort(reason))).rejects.toBe(reason);
      await withContainer(subject, { command: PROGRAMS.stubborn }, async (id) => {
        await engine.start(id, patience());
        await new Promise((resolve) => setTimeout(resolve, 300));
        const abort = new AbortController();
        const stopping = engine.stop(id, 20, abort.signal);
        setTimeout(() => abort.abort(reason), 100);
        await expect(stopping).rejects.toBe(reason);
      });
    },
  },
];
