import { expect, test } from '@jest/globals';
import { nextRenewal, remainingSeconds } from './renewal.ts';

const at = (seconds: number): Date => new Date(Date.UTC(2026, 0, 1) + seconds * 1000);
const ticket = (ends: number, renewTill?: number) => ({
  principal: 'user1@R.TEST',
  startsAt: at(0),
  endsAt: at(ends),
  renewTill: renewTill === undefined ? undefined : at(renewTill),
  forwardable: true,
});
const hours = 3600;

test.each([
  ['password', 'halfway at the earliest', ticket(10 * hours, 168 * hours), 0, 0, 0, 5 * hours],
  ['password', 'at 70 % at the latest', ticket(10 * hours, 168 * hours), 0, 0, 1, 7 * hours],
  [
    'password',
    'halfway of what is left, not of the whole life',
    ticket(10 * hours, 168 * hours),
    0,
    8 * hours,
    0,
    9 * hours,
  ],
  ['password', 'never, where it is not renewable', ticket(10 * hours), 0, 0, 0, undefined],
  ['password', 'never, where no later end can be had', ticket(10 * hours, 10 * hours), 0, 0, 0, undefined],
  ['password', 'never, once it has ended', ticket(10 * hours, 168 * hours), 3, 10 * hours, 0, undefined],
  ['keytab', 'even where it is not renewable', ticket(10 * hours), 0, 0, 0, 5 * hours],
  ['keytab', 'even after its end', ticket(10 * hours), 1, 11 * hours, 0.5, 11 * hours + 10],
  ['host', 'after the host has had its chance', ticket(10 * hours, 168 * hours), 0, 0, 0, 6.5 * hours],
  ['password', '10 s after a first failure', ticket(10 * hours, 168 * hours), 1, 0, 0.5, 10],
  ['password', '20 s after a second', ticket(10 * hours, 168 * hours), 2, 0, 0.5, 20],
  ['password', '5 min after the hundredth', ticket(10 * hours, 168 * hours), 100, 0, 0.5, 300],
  ['password', 'a quarter of what is left, where that is little', ticket(20, 168 * hours), 1, 0, 0.5, 5],
  ['password', 'at the next second, where there is next to nothing left', ticket(2, 168 * hours), 1, 1, 0.5, 2],
] as const)('a ticket by %s is renewed %s', (source, _, view, failures, now, random, expected) => {
  expect(nextRenewal(source, view, failures, at(now), random)).toEqual(
    expected === undefined ? undefined : at(expected),
  );
});

test('a thousand tickets of one minute are renewed over two hours, not at once', () => {
  const times = Array.from({ length: 1000 }, (_, n) =>
    nextRenewal('password', ticket(10 * hours, 168 * hours), 0, at(0), n / 1000),
  );
  const minutes = new Map<number, number>();
  for (const time of times) {
    const minute = Math.floor((time?.getTime() ?? 0) / 60_000);
    minutes.set(minute, (minutes.get(minute) ?? 0) + 1);
  }
  expect(Math.max(...minutes.values())).toBeLessThan(12);
});

test('what is left is told in whole seconds, and below zero after the end', () => {
  expect([remainingSeconds(ticket(10), at(0.5)), remainingSeconds(ticket(10), at(12))]).toEqual([9, -2]);
});
