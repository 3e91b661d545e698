import { expect, test } from '@jest/globals';
import { nearest } from './suggestion.ts';
import { parseDuration, parseSize } from './values.ts';

test.each([
  ['30s', 30],
  ['5m', 300],
  ['2h', 7200],
  ['90d', 7_776_000],
  ['1.5h', 5400],
  [' 1 d ', 86_400],
  ['', undefined],
  ['5', undefined],
  ['-5s', undefined],
  ['5w', undefined],
  ['5 minutes', undefined],
  ['1e3s', undefined],
])('the duration "%s" is %s seconds', (text, seconds) => {
  expect(parseDuration(text)).toBe(seconds);
});

test.each([
  ['512MiB', 536_870_912],
  ['4GiB', 4_294_967_296],
  ['1.5kB', 1500],
  ['10B', 10],
  ['1TB', 1e12],
  ['4G', undefined],
  ['4gib', undefined],
  ['9999999TiB', undefined],
])('the size "%s" is %s bytes', (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});

test.each([
  ['tokenfile', 'tokenFile'],
  ['adres', 'address'],
  ['call_timeout', 'callTimeout'],
  ['colour', undefined],
  ['x', undefined],
])('for %s the suggestion is %s', (written, meant) => {
  expect(nearest(written, ['tokenFile', 'address', 'callTimeout'])).toBe(meant);
});
