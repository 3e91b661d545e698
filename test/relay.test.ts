import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { freeAddress } from './stack/free-address.ts';
import { Relay } from './stack/relay.ts';

const PORT = 8901;
let server: Server;
let relay: Relay;
let clients: Socket[];

beforeEach(async () => {
  const address = await freeAddress([PORT]);
  server = createServer((socket) =>
    socket.on('error', () => {}).on('data', (data) => socket.write(`answer to ${data}`)),
  );
  server.listen(PORT, address);
  await once(server, 'listening');
  relay = await Relay.start({ to: address, ports: [PORT, { from: 8902, to: PORT }] });
  clients = [];
});

afterEach(async () => {
  for (const client of clients) client.destroy();
  await relay.remove();
  await new Promise((resolve) => server.close(resolve));
});

async function opened(port = PORT): Promise<Socket> {
  const client = connect(port, relay.address);
  clients.push(client);
  await once(client, 'connect');
  return client.on('error', () => {});
}

/** `once` would reject where it is closed by a reset. */
async function closed(client: Socket): Promise<void> {
  return new Promise((resolve) => client.once('close', () => resolve()));
}

/** Milliseconds until the answer. */
async function asked(client: Socket, question = 'a'): Promise<number> {
  const before = performance.now();
  client.write(question);
  const [data] = (await once(client, 'data')) as [Buffer];
  expect(data.toString()).toBe(`answer to ${question}`);
  return performance.now() - before;
}

test('what is said passes both ways, on each port', async () => {
  await asked(await opened());
  await asked(await opened(8902), 'x'.repeat(100));
  expect(relay.taken).toBe(2);
});

test('an answer comes later by the delay', async () => {
  const client = await opened();
  relay.delay(300);
  expect(await asked(client)).toBeGreaterThanOrEqual(290);
  relay.pass();
  expect(await asked(client)).toBeLessThan(200);
});

test('a stalled relay takes connections and says nothing, until it passes', async () => {
  relay.stall();
  const client = await opened();
  const answer = asked(client);
  expect(await Promise.race([answer, sleep(300, 'silence')])).toBe('silence');
  relay.pass();
  expect(await answer).toBeGreaterThan(290);
});

test('a cut ends connections, and new ones work', async () => {
  const client = await opened();
  await asked(client);
  const ended = closed(client);
  relay.cut();
  await ended;
  expect(await asked(await opened())).toBeLessThan(5000);
});

test('a relay that refuses has no connection, nor takes one', async () => {
  const client = await opened();
  await asked(client);
  const ended = closed(client);
  await relay.refuse();
  await ended;
  await expect(opened()).rejects.toThrow('ECONNREFUSED');
  await relay.accept();
  expect(await asked(await opened())).toBeLessThan(5000);
});

test('a client that has said all still gets the answer', async () => {
  const client = await opened();
  client.end('last words');
  const [data] = (await once(client, 'data')) as [Buffer];
  expect(data.toString()).toBe('answer to last words');
});
