import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensurePrivateFile, instanceName, labelKey } from './private-file.ts';

let state: string;
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'berth-state-'));
});
afterEach(() => rmSync(state, { recursive: true }));

test('the label key and the instance are made once, closed to others, and stay the same', async () => {
  const [key, name] = [await labelKey(state), await instanceName(state)];
  expect(key).toHaveLength(32);
  expect(name).toMatch(/^[a-z0-9-]{8,40}$/);
  expect(await labelKey(state)).toEqual(key);
  expect(await instanceName(state)).toBe(name);
  expect(readdirSync(state).toSorted()).toEqual(['instance', 'label.key']);
  for (const file of readdirSync(state)) expect(statSync(join(state, file)).mode & 0o777).toBe(0o600);
});

test('ten that make one file at once make one', async () => {
  const path = join(state, 'x');
  const made = await Promise.all(
    Array.from({ length: 10 }, (_, index) => ensurePrivateFile(path, () => `from ${index}`)),
  );
  expect(made.filter((one) => one === 'made')).toHaveLength(1);
  expect(readdirSync(state)).toEqual(['x']);
  expect(readFileSync(path, 'utf8')).toBe(`from ${made.indexOf('made')}`);
});

test('what somebody damaged is refused, never replaced', async () => {
  writeFileSync(join(state, 'label.key'), 'short');
  writeFileSync(join(state, 'instance'), 'Not A Name');
  await expect(labelKey(state)).rejects.toThrow('holds 5 bytes instead of 32; put the original back');
  await expect(instanceName(state)).rejects.toThrow('put the original back');
  expect(readFileSync(join(state, 'label.key'), 'utf8')).toBe('short');
});
