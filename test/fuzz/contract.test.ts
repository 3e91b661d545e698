/**
 * Requests that nobody wrote: schemathesis makes them from the contract, right ones and wrong ones, and sends them in
 * each role's name to the service as it runs.
 *
 * No answer may be a 5xx, none excepted: Docker is well, the disk has room, an admin's drain comes after the hub has
 * spoken, and a PUT doesn't wait for Docker, so that what Docker refuses is a state of the server and never a status.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { document } from '@berth/contract';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TokenHolder } from '../security/token-holder.ts';
import { Berth } from '../stack/berth.ts';
import { waitFor } from '../stack/program.ts';
import { residentMemory } from '../stack/proc.ts';
import { bringSchemathesis, fuzz, type Exchange, type FuzzResult } from '../stack/schemathesis.ts';
import { docker, sharedEngine, testFolder } from '../stack/shared-engine.ts';

const engine = sharedEngine();
const instance = 'test-fuzz';
const viewerToken = 'viewer-0123456789-0123456789-0123456789';
const hooks = fileURLToPath(new URL('hooks.py', import.meta.url));
const configurationFile = fileURLToPath(new URL('schemathesis.toml', import.meta.url));

/** In this order. Whoever may do little is asked little: no systematic coverage of what is refused unread. */
const few = ['--phases', 'examples,fuzzing', '--max-examples', '10'];
const amounts = { hub: [], viewer: few, nobody: few, admin: [] } as const;
type Role = keyof typeof amounts;
const roles = Object.keys(amounts) as Role[];

let folder: string;
let berth: Berth;
let memoryBefore: number;
const results = new Map<Role, FuzzResult>();

beforeAll(async () => {
  folder = await testFolder();
  await writeFile(join(folder, 'viewer.token'), viewerToken, { mode: 0o600 });
  berth = await Berth.start({
    folder: join(folder, 'b'),
    dockerSocket: engine.socketPath,
    images: [engine.tinyImage],
    configuration: { instance, viewerTokenFile: join(folder, 'viewer.token') },
  });
  const hub = await TokenHolder.of(berth, 'hub.token', 'default');
  memoryBefore = await residentMemory(berth.pid!);
  const venv = await bringSchemathesis();
  for (const name of roles) {
    const token = await tokenOf(name);
    const speaker = token === undefined ? {} : { token };
    const words = amounts[name];
    const facts = { hub: hub.hub, keys: await servers(hub, name) };
    results.set(
      name,
      await fuzz(venv, { folder, name, url: berth.url, configurationFile, words, hooks, facts, ...speaker }),
    );
  }
}, 600_000);

afterAll(async () => {
  await berth?.remove();
  for (const id of await containers()) await docker(engine, 'rm', '-f', id);
});

/** Keys of servers for one role to find: those before it may have stopped and forgotten all that there were. */
async function servers(hub: TokenHolder, user: string): Promise<string[]> {
  const names = ['', 'b', 'c', 'd', 'ended'];
  await Promise.all(names.map((name) => hub.started(user, name)));
  await hub.stopped(user, 'ended');
  return names.map((name) => hub.key(user, name));
}

async function tokenOf(role: Role): Promise<string | undefined> {
  if (role === 'nobody') return undefined;
  return role === 'viewer' ? viewerToken : berth.token(role);
}

async function containers(): Promise<string[]> {
  const ids = await docker(engine, 'ps', '-aq', '--no-trunc', '--filter', `label=berth.instance=${instance}`);
  return ids.split('\n').filter(Boolean);
}

test.each(roles)('each answer to %s is one that the contract names, and each wrong request is refused', (role) => {
  const { clean, report } = results.get(role)!;
  expect(clean ? 'clean' : report).toBe('clean');
});

test.each(roles)('no answer to %s is a 5xx', (role) => {
  const mistakes = results.get(role)!.exchanges.filter(({ status }) => status >= 500);
  expect(mistakes.map(({ method, path, status, received }) => [method, path, status, received])).toEqual([]);
});

/** Every operation was tried in each role's name; of those that the role may do, each has also been done. */
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods as Record<string, { operationId?: string; responses: object }>)
    .filter(([, { operationId }]) => operationId !== undefined)
    .map(([method, { operationId, responses }]) => ({
      operationId: operationId!,
      method: method.toUpperCase(),
      path: new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/?]*')}(\\?|$)`),
      successes: Object.keys(responses).filter((status) => status.startsWith('2')),
    })),
);
const open = ['getHealth', 'getReadiness', 'getMetrics', 'getContract'];
const reads = [...open, 'listServers', 'getServer', 'streamEvents', 'listHistory'];
const done: Readonly<Record<Role, readonly string[]>> = {
  hub: [...reads, 'startServer', 'stopServer', 'getServerLogs', 'getHub'],
  // Without a directory nobody is known and nobody can log in; a name can be explained all the same.
  viewer: [...reads, 'getDrain', 'explainUser'],
  nobody: open,
  admin: [...reads, 'stopServer', 'getServerLogs', 'getDrain', 'setDrain', 'createBackup', 'runDoctor', 'explainUser'],
};

test.each(roles)('the requests of %s reach everything that this role may do, and nothing else', (role) => {
  const succeeded = operations.filter(({ method, path, successes }) =>
    results
      .get(role)!
      .exchanges.some((one) => one.method === method && path.test(one.path) && successes.includes(String(one.status))),
  );
  expect(succeeded.map(({ operationId }) => operationId).toSorted()).toEqual(done[role].toSorted());
});

test('starts and stops were not only asked for: some went to Docker', () => {
  const statuses = (method: string) =>
    new Set(
      results
        .get('hub')!
        .exchanges.filter((one) => one.method === method && one.path.startsWith('/v1/servers/'))
        .map(({ status }) => status),
    );
  expect([...statuses('PUT')]).toEqual(expect.arrayContaining([200, 202, 400, 403, 409, 415]));
  expect([...statuses('DELETE')]).toEqual(expect.arrayContaining([200, 202, 400, 404, 409]));
});

test.each(roles)('no answer to %s tells a token, a stack or where the service keeps its files', async (role) => {
  const secrets = (await Promise.all(roles.map(tokenOf))).flatMap((token) => token ?? []);
  const stacks = [/\n\s+at .+[:(]\d+/, /node:internal/, /node_modules/, /\.ts:\d+/, /\bfile:\/\//];
  const told = (one: Exchange) => [
    ...secrets.filter((secret) => one.received.includes(secret)),
    ...stacks.filter((stack) => stack.test(one.received.replaceAll('\\n', '\n'))),
    ...(mayNameFiles(one) ? [] : [engine.root].filter((path) => one.received.includes(path))),
  ];
  const leaks = results.get(role)!.exchanges.filter((one) => told(one).length > 0);
  expect(leaks.map((one) => [one.method, one.path, one.status, told(one), one.received])).toEqual([]);
});

/** A backup says where it lies and the doctor which files to mend: to admins, as the contract has it. */
function mayNameFiles({ method, path, status }: Exchange): boolean {
  return (path === '/v1/backups' && status === 201) || (method === 'GET' && path === '/v1/doctor' && status === 200);
}

test('what was searched did hold bodies: a backup names its file, an event its server', () => {
  const { exchanges } = results.get('admin')!;
  expect(exchanges.some((one) => mayNameFiles(one) && one.received.includes(folder))).toBe(true);
  expect(exchanges.some((one) => one.contentType.startsWith('text/event-stream') && /"key":/.test(one.received))).toBe(
    true,
  );
});

interface LogEntry {
  readonly level: string;
  readonly operation?: string;
  readonly status?: number;
  readonly code?: string;
}

test('after all that the service is ready, holds little more memory, and has logged no mistake of its own', async () => {
  expect([await berth.status('/healthz'), await berth.status('/readyz')]).toEqual([200, 200]);
  expect(await residentMemory(berth.pid!)).toBeLessThan(2.5 * memoryBefore);
  const lines = berth.log().split('\n');
  const entries = lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as LogEntry);
  expect(entries.length).toBeGreaterThan(500);
  // Before it was ready it said so, at /readyz.
  const mistakes = entries.filter(
    ({ level, operation, status = 0, code }) =>
      ['error', 'fatal'].includes(level) || code === 'internal' || (status >= 500 && operation !== 'getReadiness'),
  );
  expect(mistakes).toEqual([]);
});

test('each container belongs to a server that is known; stopped, all are gone', async () => {
  expect((await berth.call('admin', 'PUT', '/v1/drain', { enabled: true })).status).toBe(200);
  const listed = async () =>
    (await berth.get<{ items: { key: string; container?: { id: string } }[] }>('/v1/servers?limit=5000')).items;
  const left = await listed();
  const known = new Set(left.flatMap(({ container }) => container?.id ?? []));
  expect((await containers()).filter((id) => !known.has(id))).toEqual([]);
  for (const { key } of left) {
    const { status } = await berth.call('admin', 'DELETE', `/v1/servers/${key}`);
    expect([key, [200, 202].includes(status)]).toEqual([key, true]);
  }
  await waitFor('no server is left', async () => (await listed()).length === 0, { seconds: 100 });
  expect(await containers()).toEqual([]);
});
