/** Too much of everything: bodies, variables, brackets, headers; each is refused with a sentence, and the service goes on. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { startOf, TokenHolder } from '../security/token-holder.ts';
import { Berth } from '../stack/berth.ts';
import { docker, sharedEngine, testFolder } from '../stack/shared-engine.ts';

const engine = sharedEngine();
const instance = 'test-limits';
const mebibyte = 2 ** 20;

let berth: Berth;
let hub: TokenHolder;

beforeAll(async () => {
  berth = await Berth.start({
    folder: await testFolder(),
    dockerSocket: engine.socketPath,
    images: [engine.tinyImage],
    configuration: { instance },
  });
  hub = await TokenHolder.of(berth, 'hub.token', 'default');
  await hub.started('limits');
});

afterAll(async () => {
  await berth?.remove();
  const left = await docker(engine, 'ps', '-aq', '--filter', `label=berth.instance=${instance}`);
  for (const id of left.split('\n').filter(Boolean)) await docker(engine, 'rm', '-f', id);
});

/** A start whose generation is over: 409 says that the body was read whole and fits. */
function over(more: object = {}): string {
  return JSON.stringify(startOf('limits', '', { generation: 1, ...more }));
}

function variables(count: number, length = 0): object {
  const names = Array.from({ length: count }, (_, index) => `A${index}`);
  return { environment: Object.fromEntries(names.map((name) => [name, 'x'.repeat(length)])) };
}

const bodies: readonly (readonly [string, () => string, number, string])[] = [
  ['of 1 MiB', () => over().padEnd(mebibyte), 409, 'generation-superseded'],
  ['of 1 MiB and one byte', () => over().padEnd(mebibyte + 1), 413, 'body-too-large'],
  ['of 20 MiB', () => over().padEnd(20 * mebibyte), 413, 'body-too-large'],
  ['with 200 variables', () => over(variables(200)), 409, 'generation-superseded'],
  ['with 201 variables', () => over(variables(201)), 400, 'request-invalid'],
  ['with a variable of 64 KiB', () => over(variables(1, 65_536)), 409, 'generation-superseded'],
  ['with a variable of 64 KiB and one byte', () => over(variables(1, 65_537)), 400, 'request-invalid'],
  ['with a command of 65 words', () => over({ command: Array(65).fill('x') }), 400, 'request-invalid'],
  ['of brackets alone', () => '['.repeat(500_000) + ']'.repeat(500_000), 400, 'request-invalid'],
  ['of brackets that never close', () => '['.repeat(1_000_000), 400, 'request-invalid'],
  ['of objects in objects', () => `${'{"a":'.repeat(150_000)}1${'}'.repeat(150_000)}`, 400, 'request-invalid'],
  [
    'of 100,000 unknown fields',
    () => `{${Array.from({ length: 80_000 }, (_, i) => `"a${i}":1`).join()}}`,
    400,
    'request-invalid',
  ],
  ['that is no JSON', () => 'user=limits', 400, 'request-invalid'],
  ['that is empty', () => '', 400, 'request-invalid'],
];

test.each(bodies)('a start with a body %s is answered in both forms of sending', async (_, body, status, code) => {
  const path = `/v1/servers/${hub.key('limits')}`;
  const text = body();
  const whole = await hub.send('PUT', path, text);
  expect([whole.status, whole.json?.['code']]).toEqual([status, code]);
  expect(whole.text.length).toBeLessThan(20_000);
  const chunked = await exchange(
    await head('PUT', path, 'transfer-encoding: chunked\r\nconnection: close'),
    chunks(text),
  );
  expect(chunked).toContain(`HTTP/1.1 ${status} `);
  expect(chunked).toContain(code);
});

const pouring: readonly (readonly [string, () => Promise<string>, number])[] = [
  ['a hub that may start', () => berth.token('hub'), 413],
  ['an admin who may not', () => berth.token('admin'), 403],
  ['nobody', async () => 'x'.repeat(40), 401],
];

test.each(pouring)('a body without end by %s is answered, then cut off', async (_, token, status) => {
  const began = await head('PUT', `/v1/servers/${hub.key('limits')}`, 'transfer-encoding: chunked', await token());
  const piece = `${(65_536).toString(16)}\r\n${' '.repeat(65_536)}\r\n`;
  const { received, cut } = await pour(began, piece, 60);
  expect(received).toContain(`HTTP/1.1 ${status} `);
  expect(cut).toBe(true);
});

const messages: readonly (readonly [string, (key: string) => string, number])[] = [
  ['headers of 17 KiB', () => `GET /healthz HTTP/1.1\r\nhost: x\r\na: ${'x'.repeat(17_000)}\r\n\r\n`, 400],
  ['a path of 17 KiB', () => `GET /${'x'.repeat(17_000)} HTTP/1.1\r\nhost: x\r\n\r\n`, 400],
  [
    'both a length and chunks',
    (key) =>
      `PUT /v1/servers/${key} HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
    400,
  ],
  [
    'two lengths',
    (key) => `PUT /v1/servers/${key} HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nxxxxxx`,
    400,
  ],
  ['a blank before the colon', () => 'GET /healthz HTTP/1.1\r\nhost : x\r\n\r\n', 400],
  ['no host', () => 'GET /healthz HTTP/1.1\r\n\r\n', 400],
  ['another protocol', () => 'SSH-2.0-OpenSSH_9.2\r\n', 400],
  ['TLS', () => '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003', 400],
];

test.each(messages)('a message with %s is refused, and its connection closed', async (_, message, status) => {
  const received = await exchange(message(hub.key('limits')));
  expect(received).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(received).toMatch(/\r\nconnection: close\r\n/i);
});

test('after all that the service is ready and its server runs', async () => {
  expect(await berth.status('/readyz')).toBe(200);
  expect((await hub.server('limits')).status.state).toBe('running');
});

async function head(method: string, path: string, more: string, asked?: string): Promise<string> {
  const token = asked ?? (await berth.token('hub'));
  const lines = ['host: x', `authorization: Bearer ${token}`, 'content-type: application/json', more];
  return `${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`;
}

/** In pieces of 64 KiB. */
function chunks(text: string): string {
  const pieces = text.match(/[^]{1,65536}/g) ?? [];
  return [...pieces.map((piece) => `${Buffer.byteLength(piece).toString(16)}\r\n${piece}\r\n`), '0\r\n\r\n'].join('');
}

/** Sends all parts over a connection of its own; resolves with everything that came back before it was closed. */
async function exchange(...parts: string[]): Promise<string> {
  const { port, hostname } = new URL(berth.url);
  const socket = connect(Number(port), hostname);
  let received = '';
  return new Promise((resolve) => {
    socket.setEncoding('latin1').on('data', (text: string) => (received += text));
    socket.on('error', () => {}); // a reset behind the answer is an end, too
    socket.once('close', () => resolve(received));
    for (const part of parts) socket.write(part, 'latin1');
  });
}

/** Sends `piece` again and again until the service closes the connection, for at most so many seconds. */
async function pour(beginning: string, piece: string, seconds: number): Promise<{ received: string; cut: boolean }> {
  const { port, hostname } = new URL(berth.url);
  const socket = connect(Number(port), hostname);
  let received = '';
  let cut = false;
  socket.setEncoding('latin1').on('data', (text: string) => (received += text));
  socket.on('error', () => {});
  socket.once('close', () => (cut = true));
  socket.write(beginning);
  const end = Date.now() + seconds * 1000;
  while (!cut && Date.now() < end) {
    const room = socket.write(piece);
    await sleep(room ? 5 : 100);
  }
  socket.destroy();
  return { received, cut };
}
