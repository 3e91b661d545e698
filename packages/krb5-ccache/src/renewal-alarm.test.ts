import { expect, test } from '@jest/globals';
import { alarmAt } from './renewal-alarm.ts';
import { FakeClock } from './testing/fake-clock.ts';

const start = new Date('2026-01-01T00:00:00Z');
const after = (days: number): Date => new Date(start.getTime() + days * 86_400_000);

test('an alarm in forty days, which no timer can count, rings in forty days', () => {
  const clock = new FakeClock(start);
  const rung: Date[] = [];
  alarmAt(after(40), clock.now, clock.timers, () => rung.push(clock.now()));
  clock.advance(39.9 * 86_400);
  expect(rung).toEqual([]);
  clock.advance(86_400);
  expect(rung).toEqual([after(40)]);
  expect(clock.waiting).toBe(0);
});

test('a cancelled alarm is silent, also after it was looked at in between', () => {
  const clock = new FakeClock(start);
  let rings = 0;
  const cancel = alarmAt(after(40), clock.now, clock.timers, () => rings++);
  clock.advance(86_400);
  cancel();
  expect(clock.waiting).toBe(0);
  clock.advance(80 * 86_400);
  expect(rings).toBe(0);
});

test('an alarm in the past rings at once', () => {
  const clock = new FakeClock(start);
  let rings = 0;
  alarmAt(after(-1), clock.now, clock.timers, () => rings++);
  clock.advance(0);
  expect(rings).toBe(1);
});
