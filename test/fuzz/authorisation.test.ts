/**
 * Who may do what, asked of the service as it runs: each operation of the contract, in the name of each of two hubs, a
 * viewer, an admin, nobody and somebody unknown, for servers of the first hub, of the second, and of nobody.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { document, type operations } from '@berth/contract';
import { serverKey } from '@berth/spawner';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startOf, TokenHolder, type WireServer } from '../security/token-holder.ts';
import { Berth } from '../stack/berth.ts';
import { docker, sharedEngine, testFolder } from '../stack/shared-engine.ts';

type OperationId = keyof operations;

const engine = sharedEngine();
const instance = 'test-authorisation';
const callers = ['hub a', 'hub b', 'viewer', 'admin', 'nobody', 'somebody unknown'] as const;
type Caller = (typeof callers)[number];

/** Whose server is asked for: of hub a, of hub b, one that doesn't exist, or one of hub a that is about to. */
type Owner = 'a' | 'b' | 'none' | 'new';
const user = { a: 'user1', b: 'user1', none: 'missing', new: 'new' } as const;

function keyOf(owner: Owner): string {
  return serverKey({ hub: owner === 'b' ? 'b' : 'a', user: user[owner], serverName: '' });
}

/** How an operation is asked. */
const requests: Readonly<Record<OperationId, (owner: Owner) => readonly [string, string, object?]>> = {
  listServers: () => ['GET', '/v1/servers'],
  getServer: (owner) => ['GET', `/v1/servers/${keyOf(owner)}`],
  startServer: (owner) => ['PUT', `/v1/servers/${keyOf(owner)}`, startOf(user[owner], '', { generation: 1 })],
  stopServer: (owner) => ['DELETE', `/v1/servers/${keyOf(owner)}?generation=1`],
  getServerLogs: (owner) => ['GET', `/v1/servers/${keyOf(owner)}/logs`],
  streamEvents: () => ['HEAD', '/v1/events'],
  getHub: () => ['GET', '/v1/hub'],
  logIn: () => ['POST', '/v1/logins', { username: 'user1', password: 'x' }],
  getUser: () => ['GET', '/v1/users/user1'],
  forgetUser: () => ['DELETE', '/v1/users/user1'],
  refreshUser: () => ['POST', '/v1/users/user1/refresh'],
  explainUser: () => ['GET', '/v1/users/user1/explain'],
  destroyTicket: () => ['DELETE', '/v1/users/user1/ticket'],
  listHistory: () => ['GET', '/v1/history'],
  getDrain: () => ['GET', '/v1/drain'],
  setDrain: () => ['PUT', '/v1/drain', { enabled: false }],
  createBackup: () => ['POST', '/v1/backups'],
  runDoctor: () => ['GET', '/v1/doctor'],
  getHealth: () => ['GET', '/healthz'],
  getReadiness: () => ['GET', '/readyz'],
  getMetrics: () => ['GET', '/metrics'],
  getContract: () => ['GET', '/openapi.json'],
};

/**
 * The status for each caller, in their order. Starts and stops carry generation 1, which is long over: 409 says that the
 * caller may, and nothing changes.
 */
const matrix: readonly (readonly [OperationId, Owner, ...number[]])[] = [
  //                          a    b   view admin none wrong
  ['listServers', 'none', 200, 200, 200, 200, 401, 401],
  ['getServer', 'a', 200, 404, 200, 200, 401, 401],
  ['getServer', 'b', 404, 200, 200, 200, 401, 401],
  ['getServer', 'none', 404, 404, 404, 404, 401, 401],
  ['startServer', 'a', 409, 400, 403, 403, 401, 401],
  ['startServer', 'b', 400, 409, 403, 403, 401, 401],
  ['startServer', 'new', 202, 400, 403, 403, 401, 401],
  ['stopServer', 'a', 409, 404, 403, 409, 401, 401],
  ['stopServer', 'b', 404, 409, 403, 409, 401, 401],
  ['stopServer', 'none', 404, 404, 403, 404, 401, 401],
  ['getServerLogs', 'a', 200, 404, 403, 200, 401, 401],
  ['getServerLogs', 'b', 404, 200, 403, 200, 401, 401],
  ['getServerLogs', 'none', 404, 404, 403, 404, 401, 401],
  ['streamEvents', 'none', 200, 200, 200, 200, 401, 401],
  ['getHub', 'none', 200, 200, 403, 403, 401, 401],
  // No directory is configured here, so that nobody can log in and nobody is known: 404 says that the caller may.
  ['logIn', 'none', 404, 404, 403, 403, 401, 401],
  ['getUser', 'none', 404, 404, 404, 404, 401, 401],
  ['forgetUser', 'none', 403, 403, 403, 404, 401, 401],
  ['refreshUser', 'none', 404, 404, 403, 404, 401, 401],
  ['explainUser', 'none', 403, 403, 200, 200, 401, 401],
  ['destroyTicket', 'none', 404, 404, 403, 404, 401, 401],
  ['listHistory', 'none', 200, 200, 200, 200, 401, 401],
  ['getDrain', 'none', 403, 403, 200, 200, 401, 401],
  ['setDrain', 'none', 403, 403, 403, 200, 401, 401],
  ['createBackup', 'none', 403, 403, 403, 201, 401, 401],
  ['runDoctor', 'none', 403, 403, 403, 200, 401, 401],
  ['getHealth', 'none', 200, 200, 200, 200, 200, 200],
  ['getReadiness', 'none', 200, 200, 200, 200, 200, 200],
  ['getMetrics', 'none', 200, 200, 200, 200, 200, 200],
  ['getContract', 'none', 200, 200, 200, 200, 200, 200],
];

let berth: Berth;
let speakers: Readonly<Record<Caller, TokenHolder | undefined>>;
/** The two servers as they were before anybody asked. */
let before: WireServer[];

beforeAll(async () => {
  const folder = await testFolder();
  const viewerToken = 'viewer-0123456789-0123456789-0123456789';
  await writeFile(join(folder, 'viewer.token'), viewerToken, { mode: 0o600 });
  berth = await Berth.start({
    folder: join(folder, 'b'),
    dockerSocket: engine.socketPath,
    images: [engine.tinyImage],
    configuration: {
      instance,
      hubs: [{ name: 'a' }, { name: 'b' }],
      viewerTokenFile: join(folder, 'viewer.token'),
    },
  });
  const [a, b] = [await TokenHolder.of(berth, 'hub-a.token', 'a'), await TokenHolder.of(berth, 'hub-b.token', 'b')];
  speakers = {
    'hub a': a,
    'hub b': b,
    viewer: new TokenHolder(berth, viewerToken, ''),
    admin: await TokenHolder.of(berth, 'admin.token', ''),
    nobody: undefined,
    'somebody unknown': new TokenHolder(berth, viewerToken.toUpperCase(), ''),
  };
  for (const hub of [a, b]) {
    await hub.started('ended');
    await hub.stopped('ended');
  }
  before = await Promise.all([a.started('user1'), b.started('user1')]);
});

afterAll(async () => {
  await berth?.remove();
  const left = await docker(engine, 'ps', '-aq', '--filter', `label=berth.instance=${instance}`);
  for (const id of left.split('\n').filter(Boolean)) await docker(engine, 'rm', '-f', id);
});

/** A request in a caller's name; nobody sends no token. */
async function ask(caller: Caller, method: string, path: string, body?: object) {
  const speaker = speakers[caller];
  if (speaker !== undefined) return speaker.send(method, path, body);
  const answer = await fetch(berth.url + path, {
    method,
    ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  return { status: answer.status, text: await answer.text(), json: undefined };
}

const cells = matrix.flatMap(([operation, owner, ...statuses]) =>
  callers.map((caller, index) => ({ operation, owner, caller, status: statuses[index] })),
);

test.each(cells)(
  '$operation by $caller, for a server of $owner: $status',
  async ({ operation, owner, caller, status }) => {
    const [method, path, body] = requests[operation](owner);
    expect((await ask(caller, method, path, body)).status).toBe(status);
  },
);

test('the table has every operation of the contract, and a status for every caller', () => {
  const declared = Object.values(document.paths).flatMap((methods) =>
    Object.values(methods as Record<string, { operationId?: string }>).flatMap(({ operationId }) => operationId ?? []),
  );
  expect([...new Set(matrix.map(([operation]) => operation))].toSorted()).toEqual(declared.toSorted());
  for (const [operation, owner, ...statuses] of matrix)
    expect([operation, owner, statuses.length]).toEqual([operation, owner, callers.length]);
});

test('after all that both servers run as before, in the same containers', async () => {
  const now = await Promise.all([speakers['hub a']!.server('user1'), speakers['hub b']!.server('user1')]);
  const what = ({ key, status, container }: WireServer) => [key, status.state, container?.id];
  expect(now.map(what)).toEqual(before.map(what));
  expect(now.map(({ status }) => status.state)).toEqual(['running', 'running']);
});

const sights: readonly (readonly [Caller, readonly string[], boolean])[] = [
  ['hub a', ['a'], true],
  ['hub b', ['b'], true],
  ['viewer', ['a', 'b'], false],
  ['admin', ['a', 'b'], true],
];

test.each(sights)('%s lists the servers and the history of the hubs %j; log lines: %s', async (caller, hubs, lines) => {
  interface Row {
    readonly hub: string;
    readonly logTail?: readonly string[];
  }
  const items = async (path: string) => ((await ask(caller, 'GET', path)).json?.['items'] ?? []) as Row[];
  const listed = await items('/v1/servers?user=user1');
  expect(listed.map(({ hub }) => hub).toSorted()).toEqual(hubs);
  const ended = await items('/v1/history?user=ended');
  expect(ended.map(({ hub }) => hub).toSorted()).toEqual(hubs);
  expect(ended.map(({ logTail = [] }) => logTail.length > 0)).toEqual(hubs.map(() => lines));
});
