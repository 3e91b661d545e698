import { describe, expect, test } from '@jest/globals';
import { startSteps, stopSteps, type FaultPoint, type Faults } from './steps.ts';
import { accounts, alicesAccount, eventually, tickets, World } from './testing/world.ts';

/** Stands still at the point for ever, as a killed process does; `reached` tells when. */
function stillAt(point: FaultPoint): { faults: Faults; reached: Promise<void> } {
  const { promise: reached, resolve } = Promise.withResolvers<void>();
  const faults: Faults = (at) => {
    if (at !== point) return undefined;
    resolve();
    return new Promise<never>(() => undefined);
  };
  return { faults, reached };
}

const { name, uid, gid, principal } = alicesAccount;
const account = { name, uid, gid, principal };

/** Nothing is in motion, nothing runs that isn't on record, nothing is on record that doesn't run. */
async function settled(world: World): Promise<void> {
  await eventually(() => ['running', 'exited', 'failed', 'stopped'].includes(world.state() ?? ''));
  await eventually(
    () => world.engine.containers().length === (world.state() === 'running' ? 1 : 0),
    () => `${world.state()} with ${world.engine.containers().length} containers`,
  );
  const view = world.spawner.get(world.key);
  const { status, account: kept } = world.store.servers.get(world.key) ?? {};
  expect(status?.state).toBe(view?.status.state);
  if (view?.status.state !== 'running') return;
  expect(view.container?.id).toBe(world.engine.containers()[0]?.id);
  // Without it nobody would renew its ticket.
  expect(view.account).toEqual(account);
  expect(kept).toEqual(account);
}

describe.each(startSteps)('killed in a start behind "%s"', (step) => {
  const made = startSteps.indexOf(step) >= startSteps.indexOf('created');

  test(
    made ? 'the next service leads the start to its end' : 'the start fails, to be sent again, and nothing is left',
    async () => {
      const { faults, reached } = stillAt(`start:${step}`);
      const world = await new World({ accounts, tickets }).open(faults);
      void world.spawner.start(world.request());
      await reached;
      await world.restart();
      await settled(world);
      const { status } = await world.reaches(made ? 'running' : 'failed');
      if (status.state === 'failed')
        expect(status.failure).toMatchObject({ code: 'start-interrupted', retryable: true });
      if (!made) await world.running({ generation: 2 });
      await world.close();
    },
  );

  test('a database lost as well makes no difference to the container', async () => {
    const { faults, reached } = stillAt(`start:${step}`);
    const world = await new World({ accounts, tickets }).open(faults);
    void world.spawner.start(world.request());
    await reached;
    world.store.servers.clear();
    await world.restart();
    if (made) {
      await settled(world);
      expect(await world.reaches('running')).toMatchObject({
        user: 'alice',
        generation: 1,
        image: 'notebook:1',
        port: 8888,
        account,
      });
    } else expect(world.engine.containers()).toEqual([]);
    await world.close();
  });

  test('a start in place of another leaves one container at the most', async () => {
    const { faults, reached } = stillAt(`start:${step}`);
    const world = await new World({ accounts, tickets }).open();
    await world.running({ generation: 1 });
    await world.restart(faults);
    void world.spawner.start(world.request({ generation: 2 }));
    await reached;
    await world.restart();
    await settled(world);
    expect(world.spawner.get(world.key)?.generation).toBe(2);
    await world.running({ generation: 3 });
    await settled(world);
    await world.close();
  });
});

describe.each(stopSteps)('killed in a stop behind "%s"', (step) => {
  test('the next service ends the stop, and history has its exit once', async () => {
    const { faults, reached } = stillAt(`stop:${step}`);
    const world = await new World({ accounts, tickets }).open(faults);
    const { container } = await world.running();
    world.engine.say(container?.id ?? '', 'last words');
    void world.spawner.stop(world.key, {});
    await reached;
    await world.restart();
    await world.reaches('stopped');
    await settled(world);
    expect(world.store.history).toHaveLength(1);
    expect(world.store.history[0]).toMatchObject({ outcome: 'stopped', exit: { code: 143 }, logTail: ['last words'] });
    await world.close();
  });

  test('a database lost as well leaves no container that nobody knows of', async () => {
    const { faults, reached } = stillAt(`stop:${step}`);
    const world = await new World({ accounts, tickets }).open(faults);
    await world.running();
    void world.spawner.stop(world.key, {});
    await reached;
    world.store.servers.clear();
    await world.restart();
    await eventually(() => world.engine.containers().length === (world.state() === 'running' ? 1 : 0));
    await world.close();
  });
});
