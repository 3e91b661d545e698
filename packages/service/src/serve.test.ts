import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SimulatedEngine } from '@berth/docker-engine/simulated';
import { serverKey } from '@berth/spawner';
import { ConfigurationError } from './configuration/index.ts';
import { serve, type Service } from './serve.ts';

let folder: string;
let services: Service[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'berth-serve-'));
  mkdirSync(join(folder, 'state'), { mode: 0o700 });
  configure('');
  services = [];
});
afterEach(async () => {
  for (const service of services) await service.close();
  rmSync(folder, { recursive: true });
});

const state = () => join(folder, 'state');
const configure = (text: string) =>
  writeFileSync(
    join(state(), 'berth.yaml'),
    `listen: {http: {port: 0}}\nimages: [tiny]\nlog: {level: silent}\n${text}`,
  );

async function begin(
  engine = new SimulatedEngine(),
): Promise<{ service: Service; url: string; engine: SimulatedEngine }> {
  const service = await serve({ state: state(), runtime: join(folder, 'run') }, { engine, probe: async () => {} });
  services.push(service);
  const url = service.addresses.find((address) => address.startsWith('http')) ?? '';
  return { service, url, engine };
}

const bearer = (name: string) => ({ authorization: `Bearer ${readFileSync(join(state(), name), 'utf8').trim()}` });

// oxlint-disable-next-line no-explicit-any -- tests look into it as they like
async function ask(url: string, init: RequestInit = {}): Promise<{ status: number; json: any }> {
  const response = await fetch(url, init);
  return { status: response.status, json: await response.json() };
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10));
}

const key = serverKey({ hub: 'default', user: 'user1', serverName: '' });
const start = { user: 'user1', serverName: '', generation: 1, budgetSeconds: 30, port: 8888, environment: {} };

test('a server is started over HTTP, survives a restart of the service, is stopped and stands in history', async () => {
  const engine = new SimulatedEngine();
  engine.addImage('tiny', { user: '1000' });
  const first = await begin(engine);
  await until(async () => (await ask(`${first.url}/readyz`)).status === 200);
  const put = await ask(`${first.url}/v1/servers/${key}`, {
    method: 'PUT',
    headers: { ...bearer('hub.token'), 'content-type': 'application/json' },
    body: JSON.stringify(start),
  });
  expect(put.status).toBe(202);
  const stateOf = async (url: string) =>
    (await ask(`${url}/v1/servers/${key}`, { headers: bearer('hub.token') })).json.status?.state;
  await until(async () => (await stateOf(first.url)) === 'running');
  services = [];
  await first.service.close();

  const second = await begin(engine);
  await until(async () => (await ask(`${second.url}/readyz`)).status === 200);
  expect(await stateOf(second.url)).toBe('running');
  await ask(`${second.url}/v1/servers/${key}?generation=1`, { method: 'DELETE', headers: bearer('hub.token') });
  await until(async () => (await stateOf(second.url)) === 'stopped');
  const history = await ask(`${second.url}/v1/history`, { headers: bearer('admin.token') });
  expect(history.json.items).toMatchObject([{ key, outcome: 'stopped' }]);
  expect(engine.containers()).toEqual([]);
});

test('without Docker the service is up, alive, and says that it is not ready', async () => {
  const engine = new SimulatedEngine();
  engine.goDown();
  const { url } = await begin(engine);
  expect((await ask(`${url}/healthz`)).status).toBe(200);
  const { status, json } = await ask(`${url}/readyz`);
  expect([status, json.ready]).toEqual([503, false]);
});

test('a close ends event streams at once', async () => {
  const { service, url } = await begin();
  await until(async () => (await ask(`${url}/readyz`)).status === 200);
  const stream = await fetch(`${url}/v1/events`, { headers: bearer('admin.token') });
  services = [];
  const begun = performance.now();
  const [text] = await Promise.all([stream.text(), service.close()]);
  expect(text).toContain('event: snapshot');
  expect(performance.now() - begun).toBeLessThan(3000);
});

test('a second service on the same state folder is refused', async () => {
  await begin();
  await expect(begin()).rejects.toMatchObject({ code: 'in-use' });
});

test.each<[string, string, string]>([
  ['a wrong configuration', 'lissten: {}', 'did you mean listen?'],
  [
    'a declared token file that is missing',
    'viewerTokenFile: /nowhere/viewer.token',
    'token file /nowhere/viewer.token does not exist',
  ],
])('%s fails at start, and nothing stays open', async (_, text, message) => {
  configure(text);
  const failure = await begin().catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ConfigurationError);
  expect((failure as Error).message).toContain(message);
  configure('');
  await begin();
});

test('a port in use fails at start, and nothing stays open', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => void taken.listen(0, '127.0.0.1', resolve));
  const { port } = taken.address() as { port: number };
  writeFileSync(join(state(), 'berth.yaml'), `listen: {http: {port: ${port}}}\nlog: {level: silent}`);
  await expect(begin()).rejects.toMatchObject({ code: 'EADDRINUSE' });
  expect(readdirSync(join(folder, 'run'))).not.toContain('hub.sock');
  configure('');
  await begin();
  taken.close();
});
