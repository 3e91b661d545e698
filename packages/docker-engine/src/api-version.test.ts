import { expect, test } from '@jest/globals';
import { chooseApiVersion, compareApiVersions, NEWEST_API, parseApiVersion, type ApiVersion } from './api-version.ts';

test.each<[ApiVersion, ApiVersion | undefined, ApiVersion]>([
  ['1.41', undefined, '1.41'],
  ['1.41', '1.12', '1.41'],
  ['1.44', '1.24', '1.44'],
  ['1.51', '1.24', '1.51'],
  ['1.52', '1.44', '1.52'],
  ['1.56', '1.44', NEWEST_API],
  ['1.60', NEWEST_API, NEWEST_API],
  ['2.0', '1.44', NEWEST_API],
])('with a daemon that speaks %s and at least %s, %s is spoken', (daemon, minimum, chosen) => {
  expect(chooseApiVersion(daemon, minimum)).toBe(chosen);
});

test.each<[ApiVersion, ApiVersion | undefined, string]>([
  ['1.40', undefined, 'too old: it speaks API 1.40, Berth needs 1.41'],
  ['1.9', '1.1', 'too old: it speaks API 1.9'],
  ['1.60', '1.53', 'too new for this Berth: it accepts API 1.53 or newer'],
])('a daemon that speaks %s and at least %s is refused, and the sentence says why', (daemon, minimum, why) => {
  expect(() => chooseApiVersion(daemon, minimum)).toThrow(why);
  expect(() => chooseApiVersion(daemon, minimum)).toThrow(expect.objectContaining({ code: 'refused' }));
});

test('versions are compared as numbers', () => {
  expect(compareApiVersions('1.9', '1.41')).toBeLessThan(0);
  expect(compareApiVersions('1.100', '1.41')).toBeGreaterThan(0);
  expect(compareApiVersions('1.41', '1.41')).toBe(0);
});

test.each(['', '1', 'v1.41', '1.41.0', '1.x', ' 1.41', undefined, 1.41])('%j is no version', (text) => {
  expect(parseApiVersion(text)).toBeUndefined();
});
