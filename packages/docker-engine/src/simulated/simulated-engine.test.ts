import { expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { EngineError, type EngineEvent } from '@berth/spawner';
import { simulatedBehaviour, TINY_FILES } from '../testing/contract-programs.ts';
import { engineContract, patience, specFor, type EngineUnderTest } from '../testing/engine-contract.ts';
import { SimulatedEngine, type SimulatedEngineOptions } from './index.ts';

function subject(options: SimulatedEngineOptions = {}): EngineUnderTest & { engine: SimulatedEngine } {
  const engine = new SimulatedEngine({ behaviour: simulatedBehaviour, ...options });
  engine.addImage('berth-test/tiny:1', { files: TINY_FILES });
  return { engine, image: 'berth-test/tiny:1', freePort: 20_000 };
}

test.each(engineContract)('simulated engine: $name', async ({ run }) => {
  expect.hasAssertions();
  await run(subject());
});

test.each(engineContract)('simulated engine with latencies: $name', async ({ run }) => {
  expect.hasAssertions();
  await run(subject({ latency: { create: 5, start: 10, stop: 5, remove: 10, list: 3, inspect: 2, describe: 5 } }));
});

test('addresses are given in order, and again once they are free', async () => {
  const it = subject();
  const ids: string[] = [];
  for (let i = 0; i < 3; i++) ids.push(await it.engine.create(await specFor(it), patience()));
  for (const id of ids) await it.engine.start(id, patience());
  const addressOf = async (id: string) => (await it.engine.inspect(id, patience())).addresses['bridge'];
  expect(await Promise.all(ids.map(addressOf))).toEqual(['10.201.0.2', '10.201.0.3', '10.201.0.4']);
  await it.engine.stop(ids[1] ?? '', 1, patience());
  const next = await it.engine.create(await specFor(it), patience());
  await it.engine.start(next, patience());
  expect(await addressOf(next)).toBe('10.201.0.3');
});

test('a fault before the effect leaves nothing, a fault after it leaves the container', async () => {
  const it = subject();
  const lost = new EngineError('unreachable', 'the connection broke');
  it.engine.failNext('create', lost);
  await expect(it.engine.create(await specFor(it), patience())).rejects.toBe(lost);
  expect(it.engine.containers()).toHaveLength(0);
  it.engine.failNext('create', lost, 'after');
  await expect(it.engine.create(await specFor(it), patience())).rejects.toBe(lost);
  expect(it.engine.containers()).toHaveLength(1);
  expect(it.engine.callCount('create')).toBe(2);
});

test('a call that hangs ends by its abort, and by its limit where there is one', async () => {
  const it = subject({ callSeconds: 0.05 });
  it.engine.hangNext('list');
  await expect(it.engine.list('x', patience())).rejects.toMatchObject({ code: 'timeout' });
  it.engine.hangNext('list');
  await expect(it.engine.list('x', AbortSignal.abort('enough'))).rejects.toBe('enough');
});

test('a list that is held back tells what was true when it was taken', async () => {
  const it = subject();
  const held = it.engine.holdNext('list', 'after');
  const listing = it.engine.list('contract.case', patience());
  await held.reached;
  await it.engine.create(await specFor(it), patience());
  held.release();
  expect((await listing).containers).toHaveLength(0);
  expect((await it.engine.list('contract.case', patience())).containers).toHaveLength(1);
});

test('while it is down calls break off, containers end unseen, and its return is a gap', async () => {
  const it = subject();
  const seen: string[] = [];
  it.engine.watch('contract.case', {
    onEvent: (event: EngineEvent) => seen.push(event.action),
    onGap: () => seen.push('gap'),
    onDown: (reason) => seen.push(`down: ${reason}`),
  });
  const id = await it.engine.create(await specFor(it), patience());
  await it.engine.start(id, patience());
  it.engine.hangNext('inspect');
  const hanging = it.engine.inspect(id, patience());
  it.engine.goDown('gone');
  await expect(hanging).rejects.toMatchObject({ code: 'unreachable' });
  await expect(it.engine.list('x', patience())).rejects.toMatchObject({ code: 'unreachable', message: 'gone' });
  it.engine.exit(id, { code: 9 });
  it.engine.comeBack();
  expect((await it.engine.inspect(id, patience())).state).toMatchObject({ phase: 'exited', exit: { code: 9 } });
  expect(seen).toEqual(['gap', 'create', 'start', 'down: gone', 'gap']);
});

test('a mute stream loses events without a word, a vanished container is gone', async () => {
  const it = subject();
  const seen: string[] = [];
  it.engine.watch('contract.case', {
    onEvent: (event) => seen.push(event.action),
    onGap: () => seen.push('gap'),
    onDown: () => undefined,
  });
  const id = await it.engine.create(await specFor(it), patience());
  await it.engine.start(id, patience());
  it.engine.muteEvents(true);
  it.engine.vanish(id);
  it.engine.muteEvents(false);
  await expect(it.engine.inspect(id, patience())).rejects.toMatchObject({ code: 'not-found' });
  expect(seen).toEqual(['gap', 'create', 'start']);
});

test('two that pull the same image cause one pull, which outlives the one that goes away', async () => {
  const it = subject({ latency: { pull: 30 } });
  it.engine.addRemoteImage('registry.test/lab:2');
  const gone = new AbortController();
  const first = it.engine.pull('registry.test/lab:2', () => undefined, gone.signal);
  const second = it.engine.pull('registry.test/lab:2', () => undefined, patience());
  gone.abort('left');
  await expect(first).rejects.toBe('left');
  expect((await second).id).toMatch(/^sha256:/);
  expect(it.engine.callCount('pull')).toBe(1);
  await expect(it.engine.pull('registry.test/nobody:1', () => undefined, patience())).rejects.toMatchObject({
    code: 'image-not-found',
  });
});

test('an image that nobody described has a root and a jovyan; one that was not pulled has no files', async () => {
  const it = subject();
  const { id } = it.engine.addImage('notebook:1');
  expect((await it.engine.readFiles(id, ['/etc/passwd'], patience())).get('/etc/passwd')).toContain('jovyan:x:1000:');
  it.engine.addRemoteImage('registry.test/lab:2', { files: { '/etc/passwd': 'lab' } });
  const lab = () => it.engine.readFiles(remote, ['/etc/passwd', '/etc/group'], patience());
  const remote = `sha256:${createHash('sha256').update('registry.test/lab:2').digest('hex')}`;
  await expect(lab()).rejects.toMatchObject({ code: 'image-not-found' });
  const pulled = await it.engine.pull('registry.test/lab:2', () => undefined, patience());
  expect(pulled).toEqual({ id: remote, user: '1000', labels: {} });
  expect(await lab()).toEqual(new Map([['/etc/passwd', 'lab']]));
});

test('a removal that takes its time is seen while it goes on', async () => {
  const it = subject({ latency: { remove: 30 } });
  const id = await it.engine.create(await specFor(it), patience());
  const removal = it.engine.remove(id, patience());
  expect((await it.engine.inspect(id, patience())).state).toEqual({ phase: 'removing' });
  await removal;
  expect(it.engine.containers()).toHaveLength(0);
});
