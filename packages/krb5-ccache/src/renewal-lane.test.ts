import { expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { Lanes } from './renewal-lane.ts';

const never = new AbortController().signal;

test('one user is served in order, one after the other, whatever fails', async () => {
  const lanes = new Lanes();
  const seen: string[] = [];
  const work =
    (name: string, fails = false) =>
    async () => {
      seen.push(`${name} begins`);
      await sleep(20);
      seen.push(`${name} ends`);
      if (fails) throw new Error(name);
    };
  const first = lanes.run(1, never, work('first', true));
  const second = lanes.run(1, never, work('second'));
  await expect(first).rejects.toThrow('first');
  await second;
  expect(seen).toEqual(['first begins', 'first ends', 'second begins', 'second ends']);
});

test('users do not wait for each other', async () => {
  const lanes = new Lanes();
  let release = (): void => undefined;
  const held = lanes.run(1, never, () => new Promise<void>((resolve) => (release = resolve)));
  expect(await lanes.run(2, never, () => Promise.resolve('served'))).toBe('served');
  release();
  await held;
});

test('who gives up while waiting is answered at once, and the work is never begun', async () => {
  const lanes = new Lanes();
  let release = (): void => undefined;
  const held = lanes.run(1, never, () => new Promise<void>((resolve) => (release = resolve)));
  const abort = new AbortController();
  let begun = false;
  const waiting = lanes.run(1, abort.signal, () => Promise.resolve((begun = true)));
  abort.abort(new Error('given up'));
  await expect(waiting).rejects.toThrow('given up');
  const third = lanes.run(1, never, () => Promise.resolve('third'));
  release();
  await held;
  expect(await third).toBe('third');
  expect(begun).toBe(false);
  await lanes.idle();
});

test('work under way ends by itself, not by the abort', async () => {
  const lanes = new Lanes();
  const abort = new AbortController();
  const running = lanes.run(1, abort.signal, async () => {
    await sleep(50);
    return 'whole';
  });
  await sleep(10);
  abort.abort();
  expect(await running).toBe('whole');
});
