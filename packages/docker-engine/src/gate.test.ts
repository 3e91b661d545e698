import { expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { Gate } from './gate.ts';

const { signal: forever } = new AbortController();

test('no more than its places are in at once, in the order they came, and all come through', async () => {
  const gate = new Gate(3);
  let [inside, most] = [0, 0];
  const order: number[] = [];
  await Promise.all(
    Array.from({ length: 10 }, (_, i) =>
      gate.through(forever, async () => {
        order.push(i);
        most = Math.max(most, ++inside);
        await sleep(5);
        inside--;
      }),
    ),
  );
  expect(most).toBe(3);
  expect(order).toEqual(Array.from({ length: 10 }, (_, i) => i));
});

test('who fails inside makes room; who gives up in line is never let in', async () => {
  const gate = new Gate(1);
  const impatient = new AbortController();
  const failing = gate.through(forever, async () => {
    await sleep(10);
    throw new Error('inside');
  });
  let entered = false;
  const givingUp = gate.through(impatient.signal, async () => void (entered = true));
  const patient = gate.through(forever, async () => 'in');
  impatient.abort(new Error('no longer'));
  await expect(givingUp).rejects.toThrow('no longer');
  await expect(failing).rejects.toThrow('inside');
  await expect(patient).resolves.toBe('in');
  await expect(gate.through(impatient.signal, async () => 'never')).rejects.toThrow('no longer');
  await expect(gate.through(forever, async () => 'free')).resolves.toBe('free');
  expect(entered).toBe(false);
});
