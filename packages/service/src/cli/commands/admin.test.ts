import { afterEach, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { readTokens } from '../../tokens/token.ts';
import { berth } from '../testing/berth.ts';
import { fakeService, FakeProblem, type Routes } from '../testing/fake-service.ts';

const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function serving(routes: Routes) {
  const service = await fakeService(routes);
  cleanups.push(() => service.close());
  return service;
}

test.each([
  ['on', { enabled: true }, 'Draining: new starts are refused, running servers go on.\n'],
  ['off', { enabled: false }, 'Not draining: servers can be started.\n'],
])('drain %s sets it and says what that means', async (what, drain, said) => {
  const { url, requests } = await serving({ 'PUT /v1/drain': drain });
  expect(await berth(['drain', what, '--url', url])).toEqual({ exitCode: 0, out: said, err: '' });
  expect(requests[0]?.body).toEqual(drain);
});

test('drain on --message tells the users', async () => {
  const drain = { enabled: true, message: 'Back at noon.' };
  const { url, requests } = await serving({ 'PUT /v1/drain': drain });
  const { out } = await berth(['drain', 'on', '--message', 'Back at noon.', '--url', url]);
  expect(out).toBe('Draining: new starts are refused, running servers go on. Users are told: Back at noon.\n');
  expect(requests[0]?.body).toEqual(drain);
});

test('drain status changes nothing', async () => {
  const { url, requests } = await serving({ 'GET /v1/drain': { enabled: false } });
  expect(JSON.parse((await berth(['drain', 'status', '--json', '--url', url])).out)).toEqual({ enabled: false });
  expect(requests.map(({ line }) => line)).toEqual(['GET /v1/drain']);
});

test.each([
  [1023, '1023 bytes'],
  [1536, '1.5 KiB'],
  [5 * 1024 ** 3, '5.0 GiB'],
])('backup says where the copy is and its size: %d', async (bytes, size) => {
  const path = '/var/lib/berth/backups/berth-1.db';
  const { url } = await serving({ 'POST /v1/backups': { path, bytes, at: '2026-03-01T12:00:00Z' } });
  expect((await berth(['backup', '--url', url])).out).toBe(`Wrote ${path} (${size}).\n`);
});

test('token prints a token and the line that a token file may hold, another each time, and asks no one', async () => {
  const [token = '', line] = (await berth(['token'], { environment: {} })).out.split('\n');
  expect(token).toMatch(/^berth_[\w-]{43}$/);
  // What the service makes of a token file with both lines.
  const [first, second] = readTokens(`${token}\n${line}`).hashes ?? [];
  expect(first).toEqual(second);
  expect(line).toBe(`sha256:${createHash('sha256').update(token).digest('hex')}`);
  const again = JSON.parse((await berth(['token', '--json'])).out) as { token: string; line: string };
  expect(again.token).not.toBe(token);
  expect(again.line).toBe(`sha256:${createHash('sha256').update(again.token).digest('hex')}`);
});

test.each([
  ['store-failed', 69],
  ['not-ready', 69],
  ['role-insufficient', 77],
  ['token-invalid', 77],
  ['request-invalid', 2],
  ['internal', 70],
] as const)('the problem %s ends with %d', async (code, expected) => {
  const { url } = await serving({ 'POST /v1/backups': new FakeProblem(code, 'No.') });
  const { exitCode, err, out } = await berth(['backup', '--url', url]);
  expect(exitCode).toBe(expected);
  expect(err).toMatch(/^berth: No\.\n/);
  expect(out).toBe('');
});
