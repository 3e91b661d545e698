import { expect, test } from '@jest/globals';
import { EngineError } from './engine.ts';
import { StoreError } from './store.ts';
import { alice, eventually, settings, World } from './testing/world.ts';

test('before the first look at what runs nothing is said, not even that a server is unknown', async () => {
  const world = new World();
  world.engine.goDown();
  await world.spawner.open();
  let ready = false;
  void world.spawner.whenReady().then(() => (ready = true));
  expect(() => world.spawner.get(world.key)).toThrow(expect.objectContaining({ code: 'not-ready' }));
  await expect(world.spawner.start(world.request())).rejects.toMatchObject({ code: 'not-ready' });
  expect(world.spawner.parts()).toContainEqual(expect.objectContaining({ part: 'docker', state: 'down' }));
  expect(ready).toBe(false);
  world.engine.comeBack();
  await eventually(() => world.spawner.parts().every(({ state }) => state === 'ok'));
  expect(ready).toBe(true);
  await world.spawner.whenReady();
  expect(world.spawner.get(world.key)).toBeUndefined();
  await world.close();
});

test('while Docker is away a server is what it last was, and says so', async () => {
  const world = await new World().open();
  const { observedAt } = await world.running();
  world.engine.goDown();
  await eventually(() => world.spawner.get(world.key)?.stale === true);
  expect(world.spawner.get(world.key)).toMatchObject({ status: { state: 'running' }, observedAt });
  world.engine.comeBack();
  await eventually(() => world.spawner.get(world.key)?.stale === false);
  expect(world.state()).toBe('running');
  await world.close();
});

test.each([
  ['own', 'degraded'],
  ['existing', 'ok'],
] as const)('a network of mode %s on which notebooks reach each other is %s', async (mode, state) => {
  const world = new World({ settings: { network: { name: 'berth', mode } } });
  const lax = { name: 'berth', interContainer: true, labels: {}, mustExist: false };
  await world.engine.ensureNetwork(lax, new AbortController().signal);
  await world.open();
  await world.running();
  expect(world.spawner.parts()).toContainEqual(expect.objectContaining({ part: 'network', state }));
  await world.close();
});

test('an exit that no event told of is seen at the next look', async () => {
  const world = await new World().open();
  const { container } = await world.running();
  world.engine.muteEvents(true);
  world.engine.exit(container?.id ?? '', { code: 1 });
  expect(world.state()).toBe('running');
  world.engine.muteEvents(false);
  world.engine.reconnectEvents();
  await world.reaches('exited');
  await world.close();
});

test('a server started between a list and what is made of it lives on', async () => {
  const world = await new World().open();
  const hold = world.engine.holdNext('list', 'after');
  world.engine.reconnectEvents();
  await eventually(() => world.engine.callCount('list') === 2);
  await world.running();
  hold.release();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(world.state()).toBe('running');
  expect(world.engine.containers()).toHaveLength(1);
  await world.close();
});

test('servers that come and go while a look at what runs is under way are all as they should be', async () => {
  const world = await new World().open();
  const people = Array.from({ length: 20 }, (_, i) => `user${i}`);
  let over = false;
  const looking = (async () => {
    while (!over) {
      world.engine.reconnectEvents();
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  })();
  await Promise.all(
    people.map(async (user) => {
      for (const generation of [1, 2, 3]) {
        const { key } = await world.running({ user, generation });
        await world.spawner.stop(key, {});
        await world.reaches('stopped', key);
      }
      await world.running({ user, generation: 4 });
    }),
  );
  over = true;
  await looking;
  expect(world.spawner.list().map(({ status }) => status.state)).toEqual(people.map(() => 'running'));
  expect(world.engine.containers()).toHaveLength(people.length);
  expect(world.store.history.filter(({ outcome }) => outcome !== 'stopped')).toEqual([]);
  await world.close();
});

test('a container with copied labels is reported, not adopted, not removed, and moves nothing', async () => {
  const world = await new World().open();
  const { container } = await world.running();
  const spec = world.engine.specOf(container?.id ?? '');
  const signal = new AbortController().signal;
  const copy = await world.engine.create({ ...spec, name: 'poser' }, signal);
  const other = await world.engine.create(
    { ...spec, name: 'other', labels: { ...spec.labels, 'berth.generation': '99' } },
    signal,
  );
  world.engine.reconnectEvents();
  await eventually(() => world.spawner.parts().find(({ part }) => part === 'resync')?.state === 'degraded');
  const detail = world.spawner.parts().find(({ part }) => part === 'resync')?.detail;
  expect(detail).toContain('container poser is left alone');
  expect(detail).toContain('container other is left alone');
  expect(
    world.engine
      .containers()
      .map(({ id }) => id)
      .toSorted(),
  ).toEqual([container?.id, copy, other].toSorted());
  expect(world.spawner.get(world.key)).toMatchObject({ generation: 1, container: { id: container?.id } });
  await world.close();
});

test('a container of our name that is not ours makes the start fail and is left alone', async () => {
  const world = await new World().open();
  await world.running();
  const name = world.spawner.get(world.key)?.container?.name ?? '';
  await world.spawner.stop(world.key, {});
  await world.reaches('stopped');
  const spec = { ...world.engine.containers()[0] };
  expect(spec).toEqual({});
  world.engine.addImage('foreign:1');
  const foreign = await world.engine.create(
    {
      name,
      imageId: 'foreign:1',
      environment: {},
      labels: {},
      mounts: [],
      network: { name: 'berth', aliases: [] },
      publish: [],
      limits: { pids: 1, openFiles: 1 },
      security: { noNewPrivileges: true, dropCapabilities: [], addCapabilities: [], init: true },
      logs: { maxBytes: 1, maxFiles: 1 },
      stopGraceSeconds: 1,
    },
    new AbortController().signal,
  );
  await world.spawner.start(world.request({ generation: 2 }));
  expect((await world.reaches('failed')).status).toMatchObject({ failure: { code: 'name-taken' } });
  expect(world.engine.containers().map(({ id }) => id)).toEqual([foreign]);
  await world.close();
});

test('a lost database is rebuilt from the containers, running and exited ones', async () => {
  const world = await new World().open();
  const running = await world.running();
  const bob = { ...alice, user: 'bob' };
  const { key: bobsKey, container } = await world.running({ ...bob });
  void world.spawner.close();
  world.store.servers.clear();
  world.engine.exit(container?.id ?? '', { code: 4 });
  await world.restart();
  expect((await world.reaches('exited', bobsKey)).status).toMatchObject({ exit: { code: 4 } });
  expect(await world.reaches('running')).toMatchObject({
    ...{
      key: running.key,
      user: 'alice',
      generation: 1,
      image: 'notebook:1',
      port: 8888,
      container: running.container,
    },
    status: { url: 'url' in running.status ? running.status.url : '' },
  });
  expect(world.store.servers.get(world.key)?.status.state).toBe('running');
  await eventually(() => world.engine.containers().length === 1);
  await world.close();
});

test('where a restored database is behind, the running container wins', async () => {
  const world = await new World().open();
  await world.running({ generation: 1 });
  const old = structuredClone(world.store.servers.get(world.key));
  await world.running({ generation: 2 });
  if (old) world.store.servers.set(world.key, old);
  await world.restart();
  expect(await world.reaches('running')).toMatchObject({ generation: 2 });
  expect(world.engine.containers()).toHaveLength(1);
  await world.close();
});

test('one server that cannot be handled does not end the pass for the others', async () => {
  const world = await new World().open();
  await world.running();
  const bob = await world.running({ user: 'bob' });
  world.engine.muteEvents(true);
  for (const { id } of world.engine.containers()) world.engine.exit(id, { code: 1 });
  world.engine.failNext('inspect', new EngineError('refused', 'odd'));
  world.engine.muteEvents(false);
  world.engine.reconnectEvents();
  await eventually(() => world.state() === 'exited' || world.state(bob.key) === 'exited');
  world.engine.reconnectEvents();
  await world.reaches('exited');
  await world.reaches('exited', bob.key);
  await world.close();
});

test('a container that an admin restarts lives on, at its new address', async () => {
  const world = await new World().open();
  const { container } = await world.running();
  const id = container?.id ?? '';
  const hold = world.engine.holdNext('inspect');
  world.engine.exit(id, { code: 143 });
  await world.engine.start(id, new AbortController().signal);
  hold.release();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(world.state()).toBe('running');
  expect(world.engine.containers()).toHaveLength(1);
  await world.close();
});

test('a record that says stopping is stopped for good', async () => {
  const world = await new World().open();
  await world.running();
  world.engine.failNext('stop', new EngineError('refused', 'daemon error'));
  await world.spawner.stop(world.key, {});
  await eventually(() => world.log.some(({ message }) => message === 'operation failed'));
  expect(world.state()).toBe('stopping');
  world.engine.reconnectEvents();
  await world.reaches('stopped');
  expect(world.engine.containers()).toEqual([]);
  await world.close();
});

test('a write that fails while a server ends is made up for', async () => {
  const world = await new World().open();
  const { container } = await world.running();
  world.store.failure = new StoreError('disk-full', 'no space left');
  world.engine.exit(container?.id ?? '', { code: 9 });
  await world.reaches('exited');
  expect(world.spawner.parts()).toContainEqual(
    expect.objectContaining({ part: 'store', state: 'down', detail: 'no space left' }),
  );
  await expect(world.spawner.start(world.request({ generation: 2 }))).rejects.toMatchObject({ code: 'disk-full' });
  world.store.failure = undefined;
  world.engine.reconnectEvents();
  await eventually(() => world.store.history.some(({ generation }) => generation === 1));
  await eventually(() => world.spawner.parts().every(({ part, state }) => part !== 'store' || state === 'ok'));
  await world.close();
});

test('drift, abandonment and age are reported; a site may have old and abandoned servers stopped', async () => {
  const world = await new World().open();
  await world.running();
  world.settings = {
    ...settings,
    containers: { ...settings.containers, memoryBytes: 1, pids: 5 },
    network: settings.network,
  };
  await world.restart();
  expect((await world.reaches('running')).drift).toEqual(['limits']);

  let shift = 73 * 3_600_000;
  world.now = () => new Date(Date.now() + shift);
  expect(world.spawner.get(world.key)?.abandoned).toBe(true);
  world.spawner.asked('elsewhere', [world.key]);
  expect(world.spawner.get(world.key)?.abandoned).toBe(true);
  world.spawner.asked('default', [world.key]);
  expect(world.spawner.get(world.key)?.abandoned).toBe(false);
  expect(world.state()).toBe('running');

  shift += 80 * 3_600_000;
  world.settings = { ...settings, abandoned: { afterHours: 72, stop: true } };
  await world.restart();
  await world.reaches('stopped');
  expect(world.store.history[0]?.exit?.reason).toBe('Stopped: no hub has asked for it for 72 h.');

  world.settings = { ...settings, maximumAgeHours: 1 };
  await world.restart();
  await world.running({ generation: 2 });
  shift += 3_700_000;
  world.engine.reconnectEvents();
  await world.reaches('stopped');
  expect(world.store.history[0]?.exit?.reason).toBe("Stopped: it reached the site's maximum age of 1 h.");
  await world.close();
});
