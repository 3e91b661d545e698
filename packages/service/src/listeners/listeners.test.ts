import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { get, type IncomingMessage, type RequestListener, type RequestOptions } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import type { NetworkInfo } from '@berth/spawner';
import { openListeners, type Listeners, type ListenersParts } from './listeners.ts';
import { onNotebookNetwork } from './notebook-network.ts';
import { readTls, watchTls } from './tls-files.ts';

let folder: string;
let opened: Listeners[];
let warnings: string[];
let network: NetworkInfo | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'berth-listen-'));
  opened = [];
  warnings = [];
  network = undefined;
});
afterEach(async () => {
  for (const listeners of opened) await listeners.close(0);
  rmSync(folder, { recursive: true });
});

const hello: RequestListener = (_, response) => void response.end('hello');
const note = (_: object, message: string) => void warnings.push(message);
const log = { debug: () => {}, info: () => {}, warn: note, error: note };

async function open(listen: ListenersParts['listen'], app: RequestListener = hello): Promise<Listeners> {
  const listeners = await openListeners({ listen, app, network: () => network, log });
  opened.push(listeners);
  return listeners;
}

/** The answer's body, or the error's code. */
async function ask(options: RequestOptions | string): Promise<string> {
  try {
    const [response] = (await once(get(withoutReuse(options)), 'response')) as [IncomingMessage];
    let text = '';
    for await (const chunk of response) text += String(chunk);
    return text;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'error';
  }
}

/** A connection of its own for each request. */
function withoutReuse(options: RequestOptions | string): RequestOptions {
  if (typeof options !== 'string') return { ...options, agent: false };
  const { hostname, port, pathname } = new URL(options);
  return { hostname, port, path: pathname, agent: false };
}

const socketOnly = () => ({ http: false, socket: join(folder, 'run/hub.sock') }) as const;
const tcpOnly = (address = '127.0.0.1') => ({ http: { address, port: 0 }, socket: false }) as const;
const bridge = (subnet: string, gateway: string): NetworkInfo => ({
  ...{ id: 'n', name: 'berth', interContainer: false, created: false },
  ...{ subnet, gateway },
});

test('both listeners answer, and say where', async () => {
  const { addresses } = await open({ ...tcpOnly(), socket: join(folder, 'hub.sock') });
  expect(addresses).toEqual([`unix://${folder}/hub.sock`, expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/)]);
  expect(await ask(addresses[1] ?? '')).toBe('hello');
  expect(await ask({ socketPath: join(folder, 'hub.sock') })).toBe('hello');
});

test('the socket is open to owner and group only, and gone after a close', async () => {
  const { socket } = socketOnly();
  const listeners = await open(socketOnly());
  expect(statSync(socket).mode & 0o777).toBe(0o660);
  await listeners.close(0);
  expect(existsSync(socket)).toBe(false);
});

test('a socket that a killed service left behind is taken over', async () => {
  const path = join(folder, 'hub.sock');
  const program = `require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
  expect(spawnSync(process.execPath, ['-e', program, path]).signal).toBe('SIGKILL');
  expect(statSync(path).isSocket()).toBe(true);
  await open({ http: false, socket: path });
  expect(await ask({ socketPath: path })).toBe('hello');
});

test('a socket that somebody listens on is left alone', async () => {
  const path = join(folder, 'hub.sock');
  await open({ http: false, socket: path });
  await expect(open({ http: false, socket: path })).rejects.toThrow('Another program listens on');
  expect(await ask({ socketPath: path })).toBe('hello');
});

test('a file that is no socket is left alone', async () => {
  const path = join(folder, 'hub.sock');
  writeFileSync(path, 'precious');
  await expect(open({ http: false, socket: path })).rejects.toThrow('exists and is no socket');
  expect(readFileSync(path, 'utf8')).toBe('precious');
});

test('a path that the kernel would cut is refused', async () => {
  await expect(open({ http: false, socket: join(folder, 'x'.repeat(100)) })).rejects.toThrow('longer than 107 bytes');
});

test('a port in use is refused, and the socket opened before is closed again', async () => {
  const taken = createServer();
  taken.listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as { port: number };
  const path = join(folder, 'hub.sock');
  await expect(open({ http: { address: '127.0.0.1', port }, socket: path })).rejects.toThrow('EADDRINUSE');
  expect(existsSync(path)).toBe(false);
  taken.close();
});

test('closing waits for what is under way, up to its limit, and takes nothing new', async () => {
  const answers: (() => void)[] = [];
  const listeners = await open(tcpOnly(), (request, response) => {
    if (request.url === '/slow') answers.push(() => response.end('done'));
  });
  const url = listeners.addresses[0] ?? '';
  const slow = ask(`${url}/slow`);
  const stuck = ask(`${url}/stuck`);
  while (answers.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const begun = performance.now();
  const closing = listeners.close(300);
  answers[0]?.();
  expect(await slow).toBe('done');
  expect(await ask(url)).toBe('ECONNREFUSED');
  await closing;
  expect(await stuck).toBe('ECONNRESET');
  expect(performance.now() - begun).toBeLessThan(3000);
});

test.each([
  ['172.30.0.7', '172.30.0.0/16', '172.30.0.1', true],
  ['::ffff:172.30.0.7', '172.30.0.0/16', '172.30.0.1', true],
  ['172.30.0.1', undefined, '172.30.0.1', true],
  ['172.31.0.7', '172.30.0.0/16', '172.30.0.1', false],
  ['fd00::7', 'fd00::/64', 'fd00::1', true],
  ['127.0.0.1', 'fd00::/64', 'fd00::1', false],
  ['localhost', '172.30.0.0/16', '172.30.0.1', false],
  [undefined, '172.30.0.0/16', '172.30.0.1', false],
])('%s lies on the network %s with gateway %s: %s', (address, subnet, gateway, expected) => {
  expect(onNotebookNetwork(address, { ...bridge('', gateway), subnet })).toBe(expected);
});

test('a listener on the network that notebooks join is closed once that network is known', async () => {
  const listeners = await open(tcpOnly('127.0.0.1'));
  const url = listeners.addresses[0] ?? '';
  expect(await ask(url)).toBe('hello');
  network = bridge('127.0.0.0/8', '127.0.0.1');
  expect(await ask(url)).not.toBe('hello');
  expect(listeners.faults()).toEqual([
    expect.stringContaining("lies on the network berth, which notebooks join, and isn't served"),
  ]);
  expect(await ask(url)).toBe('ECONNREFUSED');
});

test('a notebook that comes by another address of the host is cut off before it says a word', async () => {
  const listeners = await open(tcpOnly('127.0.0.1'));
  const { port } = new URL(listeners.addresses[0] ?? '');
  network = bridge('127.9.0.0/16', '127.9.0.1');
  expect(await ask({ port, host: '127.0.0.1', localAddress: '127.9.0.7' })).toBe('ECONNRESET');
  expect(await ask({ port, host: '127.0.0.1', localAddress: '127.8.0.7' })).toBe('hello');
  expect(warnings).toEqual(['a notebook tried to reach the service and was cut off']);
});

function makeCertificate(name: string): void {
  const subject = `/CN=${name}`;
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '2',
      '-subj',
      subject,
    ].concat(['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')]),
    { stdio: 'ignore' },
  );
}

async function presented(port: number): Promise<string | undefined> {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { subject } = socket.getPeerCertificate();
  socket.destroy();
  return subject.CN as string;
}

test('TLS is served with the certificate given, and files that do not fit are refused by name', async () => {
  makeCertificate('one.test');
  const tls = { certificate: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  const listeners = await open({ http: { address: '127.0.0.1', port: 0, tls }, socket: false });
  expect(listeners.addresses[0]).toMatch(/^https:/);
  expect(await presented(Number(new URL(listeners.addresses[0] ?? '').port))).toBe('one.test');
  writeFileSync(tls.key, 'no key');
  await expect(readTls(tls)).rejects.toThrow('are no certificate and its key');
  await expect(readTls({ ...tls, key: '/nowhere/key.pem' })).rejects.toThrow(
    "/nowhere/key.pem (listen.http.tls) can't be read",
  );
});

test('a changed certificate is used without a restart; a broken one leaves the old in use, and it is said', async () => {
  makeCertificate('one.test');
  const paths = { certificate: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  const server = createTlsServer(await readTls(paths), hello);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const watch = watchTls(server, paths, log, 10);
  await watch.settled();
  makeCertificate('two.test');
  while ((await presented(port)) !== 'two.test') await new Promise((resolve) => setTimeout(resolve, 10));
  writeFileSync(paths.key, 'no key');
  while (watch.fault() === undefined) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(watch.fault()).toContain('the certificate read before stays in use');
  expect(await presented(port)).toBe('two.test');
  watch.close();
  server.close();
});
