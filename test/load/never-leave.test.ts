/**
 * Users who never leave: a notebook's tab left open, laptops that lose their network, pages of servers long stopped that
 * go on asking. Thirty rounds, each with what half a minute to a minute of such users brings; nothing may pile up.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { WebSocket } from 'ws';
import { TokenHolder } from '../security/token-holder.ts';
import type { Browser } from '../stack/browser.ts';
import type { Notebook } from '../stack/notebook.ts';
import { openFiles, residentMemory } from '../stack/proc.ts';
import { waitFor } from '../stack/program.ts';
import { runCommand } from '../stack/run-command.ts';
import { sharedEngine, testFolder } from '../stack/shared-engine.ts';
import { Stack } from '../stack/stack.ts';

const rounds = 30;
const perRound = { websocketsLeft: 1, websocketsDropped: 3, streamsDropped: 5, knocks: 8, halfRequests: 5 };
const held = 25;
const vanished = 25;
const slow = 20;
const connections = fileURLToPath(new URL('connections.py', import.meta.url));

interface OpenNotebook {
  readonly notebook: Notebook;
  readonly browser: Browser;
  readonly kernel: string;
}

let stack: Stack;
let hub: TokenHolder;
let token: string;
let notebooks: OpenNotebook[];
let knocker: Browser;
let streamsAfterVanishing: number;
let atStart: { files: number; memory: number; streams: number };
/** What the users leave open. */
const websockets: WebSocket[] = [];
const slowOnes: { socket: Socket; closed: boolean }[] = [];
const knocks = new Set<number>();
let holder: ChildProcess | undefined;
let dripping: NodeJS.Timeout | undefined;

beforeAll(async () => {
  const engine = sharedEngine();
  const images = [engine.tinyImage, engine.notebookImage];
  stack = await Stack.start({ folder: await testFolder(), engine, images });
  token = await stack.berth.token('hub');
  hub = await TokenHolder.of(stack.berth, 'hub.token', 'default');
  notebooks = await Promise.all(['stays1', 'stays2'].map((user) => openNotebook(user, engine.notebookImage)));
  knocker = await stack.loggedIn('knocks');
  await cycle('knocks');
  await hub.started('churn');
  await hub.stopped('churn');
  atStart = { ...(await size()), streams: await streams() };
  openSlowOnes();
  holder = await hold();
  await vanish(stack.berth.url, eventsRequest());
  streamsAfterVanishing = await streams();
  for (let round = 0; round < rounds; round++) await oneRound(round);
  for (const { notebook, browser, kernel } of notebooks)
    await vanish(stack.hub.origin, upgradeRequest(notebook, browser, kernel));
}, 900_000);

afterAll(async () => {
  clearInterval(dripping);
  holder?.kill('SIGKILL');
  for (const { socket } of slowOnes) socket.destroy();
  for (const socket of websockets) socket.terminate();
  await stack?.remove();
});

async function openNotebook(user: string, image: string): Promise<OpenNotebook> {
  const browser = await stack.loggedIn(user);
  await stack.hubApi.startServer(user, '', { image });
  await waitFor(`${user} is ready`, () => ready(user), { seconds: 120 });
  const notebook = await browser.openNotebook(user);
  return { notebook, browser, kernel: await notebook.startKernel() };
}

async function ready(user: string): Promise<boolean> {
  return (await stack.hubApi.user(user))?.servers['']?.ready === true;
}

/** A start and a stop through the hub. */
async function cycle(user: string): Promise<void> {
  await stack.hubApi.createUser(user);
  await stack.hubApi.startServer(user);
  await waitFor(`${user} is ready`, () => ready(user), { seconds: 100 });
  await stack.hubApi.stopServer(user);
  await waitFor(`${user} has no container`, async () => (await stack.containers(user)).length === 0, { seconds: 100 });
  await waitFor('the hub says so', async () => (await stack.hubApi.user(user))?.servers[''] === undefined, {
    seconds: 100,
  });
}

async function oneRound(round: number): Promise<void> {
  const { notebook, browser, kernel } = notebooks[round % notebooks.length]!;
  for (let i = 0; i < perRound.websocketsLeft; i++) websockets.push(await notebook.connect(kernel));
  const upgrade = upgradeRequest(notebook, browser, kernel);
  await times(perRound.websocketsDropped, () => dropped(stack.hub.origin, upgrade, 'HTTP/1.1 101'));
  await times(perRound.streamsDropped, () => dropped(stack.berth.url, eventsRequest(), 'HTTP/1.1 200'));
  await times(perRound.halfRequests, () => dropped(stack.berth.url, eventsRequest().slice(0, 30)));
  await times(perRound.halfRequests, () => dropped(stack.hub.origin, 'GET /user/knocks/ HT'));
  for (let i = 0; i < perRound.knocks; i++) knocks.add((await knocker.open('/user/knocks/lab')).status);
  // Something happens, so that streams have what to bring.
  await hub.started('churn');
  await hub.stopped('churn');
}

async function times(count: number, act: () => Promise<unknown>): Promise<void> {
  await Promise.all(Array.from({ length: count }, act));
}

function eventsRequest(): string {
  return `GET /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n\r\n`;
}

function upgradeRequest(notebook: Notebook, browser: Browser, kernel: string): string {
  const path = `${notebook.path}api/kernels/${kernel}/channels`;
  const lines = [
    `GET ${path}?session_id=${randomUUID()} HTTP/1.1`,
    `host: ${new URL(browser.origin).host}`,
    'connection: upgrade',
    'upgrade: websocket',
    'sec-websocket-version: 13',
    'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
    `origin: ${browser.origin}`,
    `cookie: ${browser.cookies(path).header}`,
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** Opens a connection, sends, waits for the beginning of an answer where there is to be one, and resets it. */
async function dropped(origin: string, text: string, answer = ''): Promise<void> {
  const socket = reach(origin);
  let received = '';
  socket.setEncoding('latin1').on('data', (more: string) => (received += more));
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write(text);
  await waitFor(`an answer ${answer}`, async () => received.startsWith(answer));
  socket.resetAndDestroy();
}

function reach(origin: string): Socket {
  const { hostname, port } = new URL(origin);
  return connect(Number(port), hostname);
}

/** Connections that are gone on this side, of which the other side hears nothing. */
async function vanish(origin: string, text: string): Promise<void> {
  const { hostname, port } = new URL(origin);
  const words = [connections, 'vanish', hostname, port, String(vanished)];
  await runCommand('python3', words, { input: text });
}

/** Event streams of a process that is then stopped in mid-life: open, and never read. */
async function hold(): Promise<ChildProcess> {
  const { hostname, port } = new URL(stack.berth.url);
  const child = spawn('python3', [connections, 'hold', hostname, port, String(held)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(eventsRequest());
  await once(child.stdout, 'data');
  child.kill('SIGSTOP');
  return child;
}

/** Half of them send a header's letter now and then, without end; the others never say a word. */
function openSlowOnes(): void {
  for (let i = 0; i < slow; i++) {
    const one = { socket: reach(stack.berth.url), closed: false };
    one.socket.resume().on('error', () => {});
    one.socket.once('close', () => (one.closed = true));
    if (i % 2 === 0) one.socket.write('GET /v1/servers HTTP/1.1\r\nx: ');
    slowOnes.push(one);
  }
  dripping = setInterval(() => {
    for (const [i, { socket }] of slowOnes.entries()) if (i % 2 === 0 && socket.writable) socket.write('x');
  }, 1000);
}

async function size(): Promise<{ files: number; memory: number }> {
  const { pid } = stack.berth;
  return { files: await openFiles(pid!), memory: await residentMemory(pid!) };
}

async function streams(): Promise<number> {
  const metrics = await (await fetch(`${stack.berth.url}/metrics`)).text();
  return Number(/^berth_event_streams_open (\d+)$/m.exec(metrics)?.[1]);
}

test('streams whose readers vanished or were reset are closed; those that are merely never read stay open', async () => {
  expect(atStart.streams).toBe(1); // the adapter's own
  expect(streamsAfterVanishing).toBeGreaterThan(atStart.streams + held); // nobody had told the service
  await waitFor('only live streams are open', async () => (await streams()) === atStart.streams + held, {
    seconds: 90,
  });
});

test('once the readers that never read are dead, the streams are as many as before', async () => {
  holder?.kill('SIGKILL');
  await waitFor('only the adapter follows', async () => (await streams()) === atStart.streams, { seconds: 60 });
  expect(holder?.signalCode).toBe('SIGKILL');
});

test('the tabs left open are still connected, and their kernels compute', async () => {
  expect(websockets.map(({ readyState }) => readyState)).toEqual(websockets.map(() => 1));
  expect(websockets).toHaveLength(rounds * perRound.websocketsLeft);
  for (const { notebook, kernel } of notebooks) expect(await notebook.execute(kernel, 'print(6 * 7)')).toBe('42\n');
});

test('who knocks at a stopped server is told so, and starts nothing', async () => {
  expect([...knocks]).toEqual([424]); // JupyterHub: the server isn't running
  expect(await stack.containers('knocks')).toEqual([]);
});

test('servers start and stop as before, through the hub', async () => {
  for (const user of ['newcomer', 'knocks']) {
    await cycle(user);
    const { items } = await stack.berth.get<{ items: object[] }>(`/v1/history?user=${user}`);
    expect(items[0]).toMatchObject({ outcome: 'stopped', runningAt: expect.any(String) });
  }
});

test('connections that never come to the point are closed', async () => {
  await waitFor('all are closed', async () => slowOnes.every(({ closed }) => closed), { seconds: 160 });
}, 180_000);

test('the service is ready, with about as many files and as much memory as at the start, and logged no mistake', async () => {
  expect(await stack.berth.status('/readyz')).toBe(200);
  await waitFor('its files are closed', async () => (await size()).files <= atStart.files + 15, { seconds: 100 });
  expect((await size()).memory).toBeLessThan(2 * atStart.memory);
  expect(
    stack.berth
      .log()
      .split('\n')
      .filter((line) => /"level":"(error|fatal)"/.test(line)),
  ).toEqual([]);
});
