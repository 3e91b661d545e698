import { expect, test } from '@jest/globals';
import { ago, isPast, moment } from './moment.ts';

const now = new Date('2026-03-01T12:00:00Z');

test.each([
  ['ahead', '2026-03-01T19:59:59Z', '2026-03-01 19:59 UTC, in 7 h'],
  ['ahead by minutes', '2026-03-01T12:05:00.250Z', '2026-03-01 12:05 UTC, in 5 min'],
  ['ahead by days, in another zone', '2026-03-09T01:00:00+02:00', '2026-03-08 23:00 UTC, in 7 d'],
  ['now', '2026-03-01T12:00:00Z', '2026-03-01 12:00 UTC, 0 s ago'],
  ['past', '2026-03-01T11:00:00Z', '2026-03-01 11:00 UTC, 60 min ago'],
  ['no time at all', 'soon', 'soon'],
])('a moment is told in UTC and by its distance: %s', (_case, time, expected) => {
  expect(moment(time, now)).toBe(expected);
});

test('how long ago a time is; one that is none is not known', () => {
  expect(ago('2026-02-26T12:00:00Z', now)).toBe('3 d ago');
  expect(ago('', now)).toBe('? ago');
});

test.each([
  ['2026-03-01T11:59:59Z', true],
  ['2026-03-01T12:00:00Z', true],
  ['2026-03-01T12:00:01Z', false],
  ['soon', false],
])('%s is past: %s', (time, expected) => {
  expect(isPast(time, now)).toBe(expected);
});
