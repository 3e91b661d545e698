import { describe, expect, test } from '@jest/globals';
import { EngineError, type EngineErrorCode } from './engine.ts';
import { alice, eventually, settings, World } from './testing/world.ts';

type Call = 'findImage' | 'ensureNetwork' | 'create' | 'start' | 'inspect';
const calls: Call[] = ['findImage', 'create', 'start', 'inspect'];

const codes: [EngineErrorCode, string][] = [
  ['unreachable', 'docker-unreachable'],
  ['timeout', 'docker-timeout'],
  ['disk-full', 'disk-full'],
  ['refused', 'docker-refused'],
];

describe.each(calls)('when %s fails in a start', (call) => {
  test.each(codes)(
    'with %s, the user reads why as %s, history keeps it, nothing is left behind',
    async (code, expected) => {
      const world = await new World().open();
      world.engine.failNext(call, new EngineError(code, `Docker says ${code}`));
      await world.spawner.start(world.request());
      const { status } = await world.reaches('failed');
      expect(status).toMatchObject({ failure: { code: expected, message: `Docker says ${code}`, retryable: false } });
      await eventually(() => world.engine.containers().length === 0);
      expect(world.store.history[0]).toMatchObject({ outcome: 'failed', failure: { code: expected } });
      await world.spawner.stop(world.key, {});
      await world.reaches('stopped');
      await world.running({ generation: 2 });
      await world.close();
    },
  );

  test('a call that succeeds after Berth was told it failed leaves no container', async () => {
    const world = await new World().open();
    world.engine.failNext(call, new EngineError('unreachable', 'connection lost'), 'after');
    await world.spawner.start(world.request());
    await world.reaches('failed');
    world.engine.reconnectEvents();
    await eventually(() => world.engine.containers().length === 0);
    await world.close();
  });

  test('a daemon that hangs in it costs no more than the budget, and the error names the step and its seconds', async () => {
    const world = await new World({ settings: { engine: { ...settings.engine, callSeconds: 60 } } }).open();
    world.engine.hangNext(call);
    const began = Date.now();
    await world.spawner.start(world.request({ budgetSeconds: 0.3 }));
    const { status } = await world.reaches('failed');
    expect(Date.now() - began).toBeLessThan(4000);
    const steps = {
      findImage: 'get the image',
      ensureNetwork: '',
      create: 'create the container',
      start: 'start the container',
      inspect: "find the container's address",
    };
    expect(status).toMatchObject({ failure: { code: 'start-timeout', step: steps[call] } });
    expect(status).toMatchObject({
      failure: { message: expect.stringMatching(/within 0\.3 s: the step ".+" had taken \d+\.\d s/) },
    });
    await world.close();
  });
});

test('a server that never listens fails at its deadline, with what it wrote in history', async () => {
  const world = await new World().open();
  world.probe = (_, __, signal) =>
    new Promise((_r, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  await world.spawner.start(world.request({ budgetSeconds: 0.2 }));
  await eventually(() => world.engine.containers().some(({ state }) => state.phase === 'running'));
  world.engine.say(world.engine.containers()[0]?.id ?? '', 'loading…');
  const { status } = await world.reaches('failed');
  expect(status).toMatchObject({ failure: { code: 'start-timeout', step: 'wait for the server to listen' } });
  expect(world.store.history[0]?.logTail).toEqual(['loading…']);
  await eventually(() => world.engine.containers().length === 0);
  await world.close();
});

test.each([
  [
    { code: 1 },
    'The server ended while it was starting. The server ended with exit code 1. Its last words: no such module',
  ],
  [
    { code: 137, oomKilled: true },
    'The server ended while it was starting. The server needed more than the memory it may use and was killed. Its last words: no such module',
  ],
])('a server that ends while it starts (%j) fails at once with code, memory and last words', async (exit, message) => {
  const world = await new World().open();
  world.probe = (_, __, signal) =>
    new Promise((_r, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  await world.spawner.start(world.request());
  await eventually(() => world.engine.containers().some(({ state }) => state.phase === 'running'));
  const id = world.engine.containers()[0]?.id ?? '';
  world.engine.say(id, 'no such module', '');
  world.engine.exit(id, exit);
  const { status } = await world.reaches('failed');
  expect(status).toMatchObject({ failure: { code: 'exited-in-start', exit } });
  if (!('oomKilled' in exit)) expect(status).toMatchObject({ failure: { message } });
  await eventually(() => world.engine.containers().length === 0);
  await world.close();
});

test('a server that ends before anything listens to its events fails as well', async () => {
  const world = await new World({ engine: { behaviour: () => ({ exits: { afterMilliseconds: 0, code: 2 } }) } }).open();
  world.probe = (_, __, signal) =>
    new Promise((_r, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  await world.spawner.start(world.request());
  expect((await world.reaches('failed')).status).toMatchObject({
    failure: { code: 'exited-in-start', exit: { code: 2 } },
  });
  await world.close();
});

test.each([
  [{ code: 0 }, 'The server ended by itself.'],
  [{ code: 5 }, 'The server ended with exit code 5.'],
  [{ code: 137 }, 'The server was ended from outside (SIGKILL).'],
  [
    { code: 0, oomKilled: true },
    'The server ended by itself. Before that, a program in it was killed, because its memory limit of 1 GiB was used up.',
  ],
])('a running server that ends (%j) says why, and its container goes once it is read', async (exit, reason) => {
  const world = await new World().open();
  const { container } = await world.running();
  world.engine.say(container?.id ?? '', 'bye');
  world.engine.exit(container?.id ?? '', exit);
  expect((await world.reaches('exited')).status).toMatchObject({ exit: { oomKilled: false, ...exit, reason } });
  await eventually(() => world.engine.containers().length === 0);
  expect(world.store.history[0]).toMatchObject({ outcome: 'exited', exit, logTail: ['bye'] });
  expect(await world.spawner.logs(world.key, 10, new AbortController().signal)).toEqual(['bye']);
  await world.close();
});

test.each([true, false])(
  'a server whose container somebody removes while it starts fails at once (its end heard: %s)',
  async (heard) => {
    const world = await new World().open();
    world.probe = (_, __, signal) =>
      new Promise((_r, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    await world.spawner.start(world.request());
    const step = () => JSON.stringify(world.spawner.get(world.key)?.status);
    await eventually(() => step().includes('wait for the server to listen'));
    world.engine.muteEvents(!heard);
    world.engine.vanish(world.engine.containers()[0]?.id ?? '');
    expect((await world.reaches('failed')).status).toMatchObject({
      failure: { code: 'exited-in-start', message: expect.stringContaining('container vanished') },
    });
    await world.close();
  },
);

test('the start after a server that ended begins with why that one did', async () => {
  const world = await new World().open();
  const { container } = await world.running();
  world.engine.exit(container?.id ?? '', { code: 5 });
  await world.reaches('exited');
  const { progress } = await world.running({ generation: 2 });
  expect(progress[0]?.message).toContain('The server ended with exit code 5.');
  await world.close();
});

test('a server whose container somebody removed has vanished, its exit code unknown', async () => {
  const world = await new World().open();
  const { container } = await world.running();
  world.engine.muteEvents(true);
  world.engine.vanish(container?.id ?? '');
  world.engine.muteEvents(false);
  world.engine.reconnectEvents();
  expect((await world.reaches('exited')).status).toMatchObject({ exit: { code: null } });
  await eventually(() => world.store.history[0]?.outcome === 'vanished');
  await world.close();
});

test('an image that is nowhere, and one that may not be pulled, fail by name', async () => {
  const world = await new World({ settings: { images: [{ reference: 'gone:1', title: '', pull: 'missing' }] } }).open();
  await world.spawner.start(world.request());
  expect((await world.reaches('failed')).status).toMatchObject({ failure: { code: 'image-not-found' } });
  await world.close();
});

test('an image that runs as root is refused with both ways out', async () => {
  const world = await new World({ settings: { images: [{ reference: 'root:1', title: '', pull: 'missing' }] } }).open();
  world.engine.addImage('root:1', { user: '0:0' });
  await world.spawner.start(world.request());
  const { status } = await world.reaches('failed');
  expect(status).toMatchObject({
    failure: { code: 'image-runs-as-root', message: expect.stringContaining('containers.user') },
  });
  await world.close();
});

test('progress is told as it happens, to any number of listeners, and stands in the view for late ones', async () => {
  const world = await new World().open();
  const heard: [number, string][] = [];
  const release = Promise.withResolvers<void>();
  world.probe = () => release.promise;
  world.spawner.subscribe((event) => {
    if (event.type === 'progress') heard.push([event.progress.percent, event.progress.message]);
  });
  world.spawner.subscribe(() => {
    throw new Error('a listener that fails is dropped');
  });
  await world.spawner.start(world.request());
  await eventually(() => heard.at(-1)?.[1] === 'Waiting for the server to listen');
  release.resolve();
  const view = await world.reaches('running');
  expect(view.progress.map(({ percent, message }) => [percent, message])).toEqual(heard);
  expect(heard.map(([percent]) => percent)).toEqual(heard.map(([percent]) => percent).toSorted((a, b) => a - b));
  await world.close();
});

test('150 slow starts hold up nobody: another user starts, is seen and stops meanwhile', async () => {
  const world = await new World().open();
  const slow = new AbortController();
  world.probe = (_, port, signal) =>
    port === 9999
      ? Promise.resolve()
      : new Promise((_r, reject) =>
          AbortSignal.any([signal, slow.signal]).addEventListener('abort', () => reject(signal.reason)),
        );
  await Promise.all(Array.from({ length: 150 }, (_, i) => world.spawner.start(world.request({ user: `slow${i}` }))));
  const began = performance.now();
  const { key } = await world.running({ port: 9999 });
  expect(world.spawner.get(key)?.status.state).toBe('running');
  await world.spawner.stop(key, {});
  await world.reaches('stopped', key);
  expect(performance.now() - began).toBeLessThan(1000);
  await world.close();
});

test("while a drain is on, no new server starts; the running one goes on; the sentence is the admin's", async () => {
  const world = await new World().open();
  await world.running();
  await world.spawner.setDrain({ enabled: true, message: 'Back at noon.' });
  await world.restart();
  await expect(world.spawner.start(world.request({ ...alice, user: 'bob' }))).rejects.toMatchObject({
    code: 'draining',
    message: 'Back at noon.',
  });
  expect((await world.spawner.start(world.request())).status.state).toBe('running');
  await world.spawner.setDrain({ enabled: false });
  await world.running({ user: 'bob' });
  await world.close();
});

const pem = '-----BEGIN X-----';
const certificates = { key: pem, certificate: pem, authority: pem };

test('certificates lie on the host only while their server lives', async () => {
  const world = await new World().open();
  const { status } = await world.running({ certificates });
  expect(status).toMatchObject({ url: expect.stringMatching(/^https:\/\/127\.0\.0\.1:\d+$/) });
  expect([...world.certificates]).toEqual([world.key]);
  await world.spawner.stop(world.key, {});
  await world.reaches('stopped');
  expect([...world.certificates]).toEqual([]);
  await world.close();
});

test('certificates of a server that never had a container are gone once its start has failed', async () => {
  const world = await new World().open();
  world.engine.failNext('create', new EngineError('refused', 'Docker says no'));
  await world.spawner.start(world.request({ certificates }));
  await world.reaches('failed');
  await eventually(() => world.certificates.size === 0);
  await world.close();
});

test('certificates of a server whose container vanished are gone once it was stopped', async () => {
  const world = await new World().open();
  await world.running({ certificates });
  world.engine.muteEvents(true);
  world.engine.vanish(world.engine.containers()[0]?.id ?? '');
  await world.spawner.stop(world.key, {});
  await world.reaches('stopped');
  expect([...world.certificates]).toEqual([]);
  await world.close();
});

test('certificates of a start that a kill of the service cut off before its container are gone', async () => {
  const world = await new World().open();
  world.engine.hangNext('create');
  void world.spawner.start(world.request({ certificates })).catch(() => undefined);
  await eventually(() => world.certificates.size === 1);
  await world.restart();
  await world.reaches('failed');
  await eventually(() => world.certificates.size === 0);
  await world.close();
});
