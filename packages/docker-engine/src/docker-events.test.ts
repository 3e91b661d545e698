import { expect, test } from '@jest/globals';
import { readEvent } from './docker-events.ts';

const actor = {
  ID: 'abc',
  Attributes: { 'berth.key': 'u1', image: 'i', name: 'n', exitCode: '137', execDuration: '4' },
};

test('a death has its exit code, and the labels without what Docker adds', () => {
  expect(readEvent({ Type: 'container', Action: 'die', Actor: actor, time: 5, timeNano: 5_250_000_000 })).toEqual({
    action: 'die',
    containerId: 'abc',
    labels: { 'berth.key': 'u1' },
    exitCode: 137,
    at: new Date(5250),
  });
});

test('status, id and from of older engines are not needed', () => {
  const older = { status: 'start', id: 'other', from: 'x', Type: 'container', Action: 'start', Actor: actor, time: 5 };
  expect(readEvent(older)).toMatchObject({ action: 'start', containerId: 'abc', at: new Date(5000) });
  expect(readEvent(older)).not.toHaveProperty('exitCode');
});

test('a death without a code that can be read has none', () => {
  const value = { Type: 'container', Action: 'die', Actor: { ID: 'abc', Attributes: { exitCode: 'x' } }, time: 1 };
  expect(readEvent(value)).not.toHaveProperty('exitCode');
});

test.each([
  [null],
  ['text'],
  [[]],
  [{}],
  [{ Type: 'network', Action: 'create', Actor: actor }],
  [{ Type: 'container', Action: 'exec_create: sh', Actor: actor }],
  [{ Type: 'container', Action: 'die' }],
  [{ Type: 'container', Action: 'die', Actor: { Attributes: {} } }],
  [{ Type: 'container', Action: 'die', Actor: { ID: 7, Attributes: {} } }],
  [{ Type: 'container', Action: 'die', Actor: { ID: 'abc', Attributes: [] } }],
])('%j is no event of ours', (value) => {
  expect(readEvent(value)).toBeUndefined();
});
