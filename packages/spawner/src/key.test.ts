import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { base32, serverKey, slug } from './key.ts';

const vectors: { hub: string; user: string; serverName: string; key: string }[] = JSON.parse(
  readFileSync(new URL('../../../test/vectors/keys.json', import.meta.url), 'utf8'),
);

test.each(vectors)('$user / $serverName at $hub has the key $key', ({ key, ...identity }) => {
  expect(serverKey(identity)).toBe(key);
});

test('no two of these servers share a key, and each key is a DNS label', () => {
  const keys = vectors.map(serverKey);
  expect(new Set(keys).size).toBe(vectors.length);
  for (const key of keys) expect(key).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
  for (const key of keys) expect(key.length).toBeLessThanOrEqual(58);
});

test.each([
  ['', ''],
  ['f', 'my'],
  ['fo', 'mzxq'],
  ['foo', 'mzxw6'],
  ['foob', 'mzxw6yq'],
  ['fooba', 'mzxw6ytb'],
  ['foobar', 'mzxw6ytboi'],
])('base32 of "%s" is RFC 4648\'s', (text, encoded) => {
  expect(base32(Buffer.from(text))).toBe(encoded);
});

test.each([
  ['bank\\user1', 'bank-user1'],
  ['../x', 'x'],
  ['ана', ''],
  ['İstanbul', 'stanbul'],
  ['x'.repeat(200), 'x'.repeat(20)],
  ['a--b', 'a-b'],
  ['abcdefghijklmnopqrs-tuv', 'abcdefghijklmnopqrs'],
])('the slug of %s is "%s"', (text, expected) => {
  expect(slug(text)).toBe(expected);
});
