import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readTokens } from './token.ts';
import { openTokenRing, type TokenSource } from './token-ring.ts';

const first = 'first-token-of-at-least-32-characters';
const second = 'second-token-of-at-least-32-characters';
const third = 'third-token-of-at-least-32-characters';

let folder: string;
let clock: number;
let warnings: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'berth-tokens-'));
  clock = 1_000_000;
  warnings = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

const file = (name: string) => join(folder, name);
const write = (name: string, text: string) => writeFileSync(file(name), text, { mode: 0o600 });
const hub = (name: string, declared: boolean): TokenSource => ({
  caller: { role: 'hub', hub: name },
  file: { path: file(`${name}.token`), declared },
});
const admin: () => TokenSource = () => ({
  caller: { role: 'admin' },
  file: { path: file('admin.token'), declared: false },
});
const open = (...sources: TokenSource[]) =>
  openTokenRing({
    sources,
    now: () => new Date(clock),
    log: { info: () => {}, warn: (_, message) => warnings.push(message) },
  });

test('at first start each role gets a token file of its own that only its owner reads', async () => {
  const ring = await open(hub('a', false), admin());
  expect(readdirSync(folder).toSorted()).toEqual(['a.token', 'admin.token']);
  expect(statSync(file('a.token')).mode & 0o777).toBe(0o600);
  const token = readFileSync(file('a.token'), 'utf8').trim();
  expect(token).toMatch(/^berth_[A-Za-z0-9_-]{43}$/);
  expect(await ring.identify(token)).toEqual({ role: 'hub', hub: 'a' });
  expect(await ring.identify(`${token}x`)).toBeUndefined();
  expect(await ring.identify('')).toBeUndefined();
});

test('a token file that exists is never overwritten', async () => {
  write('a.token', first);
  const ring = await open(hub('a', false));
  expect(readFileSync(file('a.token'), 'utf8')).toBe(first);
  expect(await ring.identify(first)).toEqual({ role: 'hub', hub: 'a' });
});

test('a file may hold an old and a new token, and a hash for a token', async () => {
  const hash = createHash('sha256').update(third).digest('hex');
  write('a.token', `# until Friday\n${first}\r\n\n${second}\nsha256:${hash}\n`);
  const ring = await open(hub('a', true));
  for (const token of [first, second, third]) expect(await ring.identify(token)).toEqual({ role: 'hub', hub: 'a' });
  expect(await ring.identify(`sha256:${hash}`)).toBeUndefined();
});

test('a changed file counts after a second, without a restart', async () => {
  write('a.token', first);
  const ring = await open(hub('a', true));
  write('a.token', `${second}\n`);
  clock += 999;
  expect(await ring.identify(first)).toBeDefined();
  clock += 1;
  expect(await ring.identify(first)).toBeUndefined();
  expect(await ring.identify(second)).toEqual({ role: 'hub', hub: 'a' });
});

test.each([
  ['vanished', () => unlinkSync(file('a.token')), 'does not exist'],
  ['was emptied', () => write('a.token', ''), 'holds no token'],
  ['became too short', () => write('a.token', 'short'), 'holds a token of 5 characters; at least 32 are needed'],
  [
    "took over the admin's token",
    () => write('a.token', readFileSync(file('admin.token'), 'utf8')),
    'a token has one role',
  ],
])('when a file %s the tokens read before stay in force, and it is said once', async (_, change, fault) => {
  write('a.token', first);
  const ring = await open(hub('a', true), admin());
  change();
  clock += 1000;
  expect(await ring.identify(first)).toEqual({ role: 'hub', hub: 'a' });
  clock += 1000;
  await ring.identify(first);
  expect(ring.faults()).toEqual([expect.stringContaining(fault)]);
  expect(warnings).toHaveLength(1);
  expect(await ring.identify(readFileSync(file('admin.token'), 'utf8').trim())).toEqual({ role: 'admin' });
  write('a.token', second);
  clock += 1000;
  expect(await ring.identify(second)).toBeDefined();
  expect(ring.faults()).toEqual([]);
});

test('a file that others may read is used, but reported', async () => {
  write('a.token', first);
  chmodSync(file('a.token'), 0o640);
  const ring = await open(hub('a', true));
  expect(await ring.identify(first)).toBeDefined();
  expect(ring.faults()).toEqual([expect.stringContaining('can be read by others than its owner')]);
  expect(warnings).toHaveLength(1);
  chmodSync(file('a.token'), 0o600);
  clock += 1000;
  await ring.identify(first);
  expect(ring.faults()).toEqual([]);
});

test.each([
  ['is missing', () => {}, 'does not exist'],
  ['is empty', () => write('a.token', '\n# nothing\n'), 'holds no token'],
  ['holds a short token', () => write('a.token', 'secret'), 'line 1 holds a token of 6 characters'],
  ['holds a broken hash', () => write('a.token', 'sha256:abc'), 'line 1 must have 64 hexadecimal digits'],
])('a declared file that %s fails at start', async (_, prepare, message) => {
  prepare();
  await expect(open(hub('a', true))).rejects.toThrow(message);
});

test('one token in two roles fails at start', async () => {
  write('a.token', first);
  write('b.token', `sha256:${createHash('sha256').update(first).digest('hex')}`);
  await expect(open(hub('a', true), hub('b', true))).rejects.toThrow('a token has one role');
});

test('no fault of a token file repeats what the file holds', () => {
  expect(readTokens(`${'secret-'.repeat(3)} x`).fault).not.toContain('secret');
});
