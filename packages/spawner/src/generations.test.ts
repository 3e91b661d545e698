import { expect, test } from '@jest/globals';
import type { StateName } from './server.ts';
import { eventually, World } from './testing/world.ts';

/** Brings a fresh world's server into a state at generation 5. */
const arrange: Record<StateName, (world: World) => Promise<void>> = {
  starting: async (world) => {
    world.probe = (_, __, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    await world.spawner.start(world.request({ generation: 5 }));
    await eventually(() => world.engine.containers().some(({ state }) => state.phase === 'running'));
  },
  running: async (world) => void (await world.running({ generation: 5 })),
  stopping: async (world) => {
    const { container } = await world.running({ generation: 5 });
    world.engine.holdNext('stop');
    await world.spawner.stop(world.key, {});
    expect(world.engine.containers()[0]?.id).toBe(container?.id);
  },
  exited: async (world) => {
    const { container } = await world.running({ generation: 5 });
    world.engine.exit(container?.id ?? '', { code: 3 });
    await world.reaches('exited');
  },
  failed: async (world) => {
    world.engine.setLatency('create', 0);
    await world.spawner.start(world.request({ generation: 5, budgetSeconds: 30, image: 'other:1' }));
    await world.reaches('failed');
  },
  stopped: async (world) => {
    await world.running({ generation: 5 });
    await world.spawner.stop(world.key, {});
    await world.reaches('stopped');
  },
};

const states = Object.keys(arrange) as StateName[];

async function arranged(state: StateName): Promise<World> {
  const world = await new World().open();
  await arrange[state](world);
  expect(world.state()).toBe(state);
  return world;
}

test.each(states)('PUT of the same generation leaves a server that is %s as it is', async (state) => {
  const world = await arranged(state);
  const creations = world.engine.callCount('create');
  expect((await world.spawner.start(world.request({ generation: 5 }))).status.state).toBe(state);
  expect(world.engine.callCount('create')).toBe(creations);
  void world.close();
});

test.each(states)('PUT of a lower generation is refused with the current one, the server %s', async (state) => {
  const world = await arranged(state);
  await expect(world.spawner.start(world.request({ generation: 4 }))).rejects.toMatchObject({
    code: 'generation-superseded',
    current: 5,
  });
  expect(world.state()).toBe(state);
  void world.close();
});

test.each(states.filter((state) => state !== 'stopping'))(
  'PUT of a higher generation starts anew a server that is %s',
  async (state) => {
    const world = await arranged(state);
    world.probe = () => Promise.resolve();
    const view = await world.spawner.start(world.request({ generation: 6 }));
    expect(view.status.state).toBe('starting');
    const running = await world.reaches('running');
    expect(running.generation).toBe(6);
    expect(world.engine.containers().map(({ id }) => id)).toEqual([running.container?.id]);
    const old = world.store.history.find(({ generation }) => generation === 5);
    const outcomes = {
      starting: 'stopped',
      running: 'stopped',
      exited: 'exited',
      failed: 'failed',
      stopped: 'stopped',
    };
    expect(old?.outcome).toBe(outcomes[state as keyof typeof outcomes]);
    await world.close();
  },
);

test('PUT of a higher generation waits for a stop under way, then starts', async () => {
  const world = await new World().open();
  await world.running({ generation: 5 });
  const hold = world.engine.holdNext('stop');
  await world.spawner.stop(world.key, {});
  const view = await world.spawner.start(world.request({ generation: 6 }));
  expect(view.status.state).toBe('starting');
  hold.release();
  expect((await world.reaches('running')).generation).toBe(6);
  expect(world.engine.containers()).toHaveLength(1);
  await world.close();
});

test('a start that waits behind a stop is cancelled by a DELETE', async () => {
  const world = await new World().open();
  await world.running({ generation: 5 });
  const hold = world.engine.holdNext('stop');
  await world.spawner.stop(world.key, {});
  await world.spawner.start(world.request({ generation: 6 }));
  await world.spawner.stop(world.key, { generation: 6 });
  hold.release();
  await world.reaches('stopped');
  expect(world.engine.callCount('create')).toBe(1);
  expect(world.engine.containers()).toEqual([]);
  await world.close();
});

test.each(states)('DELETE of a lower generation is refused and changes nothing, the server %s', async (state) => {
  const world = await arranged(state);
  await expect(world.spawner.stop(world.key, { generation: 4 })).rejects.toMatchObject({
    code: 'generation-superseded',
  });
  expect(world.state()).toBe(state);
  void world.close();
});

test.each(
  states
    .filter((state) => state !== 'stopping')
    .flatMap(
      (state) =>
        [
          [state, 5],
          [state, 9],
          [state, undefined],
        ] as const,
    ),
)(
  'DELETE ends a server that is %s (generation %s), and a late PUT of generation 5 does not bring it back',
  async (state, generation) => {
    const world = await arranged(state);
    await world.spawner.stop(world.key, generation === undefined ? {} : { generation });
    const { generation: now } = await world.reaches('stopped');
    expect(now).toBe(generation ?? 5);
    expect(world.engine.containers()).toEqual([]);
    const late = world.spawner.start(world.request({ generation: 5 }));
    if (now > 5) await expect(late).rejects.toMatchObject({ code: 'generation-superseded' });
    else expect((await late).status.state).toBe('stopped');
    await world.close();
  },
);

test('DELETE joins a stop under way and takes its generation further', async () => {
  const world = await new World().open();
  await world.running({ generation: 5 });
  const hold = world.engine.holdNext('stop');
  await world.spawner.stop(world.key, {});
  await world.spawner.stop(world.key, { generation: 7 });
  hold.release();
  expect((await world.reaches('stopped')).generation).toBe(7);
  expect(world.engine.callCount('stop')).toBe(1);
  expect(world.engine.callCount('remove')).toBe(1);
  await world.close();
});

test('DELETE of a server that was never started says so', async () => {
  const world = await new World().open();
  await expect(world.spawner.stop(world.key, {})).rejects.toMatchObject({ code: 'server-not-found' });
  await world.close();
});

test('five DELETEs and two PUTs at once: one removal, one container, no error but the superseded', async () => {
  const world = await new World().open();
  await world.running({ generation: 5 });
  world.engine.setLatency('stop', 20);
  world.engine.setLatency('remove', 20);
  const results = await Promise.allSettled([
    ...Array.from({ length: 5 }, () => world.spawner.stop(world.key, { generation: 5 })),
    world.spawner.start(world.request({ generation: 6 })),
    world.spawner.start(world.request({ generation: 6 })),
  ]);
  expect(results.filter(({ status }) => status === 'rejected')).toEqual([]);
  const view = await world.reaches('running');
  expect(view.generation).toBe(6);
  expect(world.engine.callCount('remove')).toBe(1);
  expect(world.engine.callCount('create')).toBe(2);
  expect(world.engine.containers()).toHaveLength(1);
  await world.close();
});

test('purge forgets a server and its history once it is stopped', async () => {
  const world = await new World().open();
  await world.running();
  await world.spawner.stop(world.key, { purge: true });
  await eventually(() => world.spawner.get(world.key) === undefined);
  expect(world.store.servers.size).toBe(0);
  expect(world.store.history).toEqual([]);
  await world.close();
});
