import { expect, test } from '@jest/globals';
import { age, span } from './age.ts';

test.each([
  [0, '0s'],
  [42, '42s'],
  [119, '119s'],
  [120, '2m'],
  [3 * 60 + 59, '3m'],
  [7199, '119m'],
  [7200, '2h'],
  [47 * 3600, '47h'],
  [48 * 3600, '2d'],
  [400 * 86400, '400d'],
  [-30, '0s'],
])('%d seconds are %s', (seconds, expected) => {
  const from = new Date('2026-03-01T12:00:00Z');
  expect(age(from.toISOString(), new Date(from.getTime() + seconds * 1000))).toBe(expected);
});

test.each([
  [-1, '0 s'],
  [119, '119 s'],
  [120, '2 min'],
  [7200, '2 h'],
  [48 * 3600, '2 d'],
  [Number.NaN, '?'],
])('%d seconds are %s in a sentence', (seconds, expected) => {
  expect(span(seconds * 1000)).toBe(expected);
});
