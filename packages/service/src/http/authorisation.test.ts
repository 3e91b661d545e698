import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { document } from '@berth/contract';
import { aServer } from '../testing/fake-spawner.ts';
import { aStart, openTestService, type TestService } from '../testing/test-service.ts';
import { bearerToken, permissions } from './authorisation.ts';
import type { OperationId } from '@berth/contract';

let service: TestService;
beforeAll(async () => {
  service = await openTestService();
});
afterAll(() => service.close());
beforeEach(() => {
  service.spawner.servers = [aServer('a', 'user1'), aServer('b', 'user1')];
  service.spawner.calls = [];
});

const keyOf = { own: aServer('a', 'user1').key, foreign: aServer('b', 'user1').key, none: aServer('a', 'nobody').key };
type Whose = keyof typeof keyOf;

/** How each operation is asked, for the server of hub a (own), of hub b (foreign), or no server. */
const requests: Record<OperationId, (whose: Whose) => [string, string, object?]> = {
  listServers: () => ['GET', '/v1/servers'],
  getServer: (whose) => ['GET', `/v1/servers/${keyOf[whose]}`],
  startServer: (whose) => [
    'PUT',
    `/v1/servers/${keyOf[whose]}`,
    { ...aStart, user: whose === 'none' ? 'nobody' : 'user1' },
  ],
  stopServer: (whose) => ['DELETE', `/v1/servers/${keyOf[whose]}`],
  getServerLogs: (whose) => ['GET', `/v1/servers/${keyOf[whose]}/logs`],
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

/** Status by role: nobody, hub a, viewer, admin; one row where the server matters not, three where it does. */
const matrix: [OperationId, Whose, number, number, number, number][] = [
  ['listServers', 'own', 401, 200, 200, 200],
  ['getServer', 'own', 401, 200, 200, 200],
  ['getServer', 'foreign', 401, 404, 200, 200],
  ['getServer', 'none', 401, 404, 404, 404],
  ['startServer', 'own', 401, 200, 403, 403],
  ['startServer', 'foreign', 401, 400, 403, 403],
  ['startServer', 'none', 401, 200, 403, 403],
  ['stopServer', 'own', 401, 200, 403, 200],
  ['stopServer', 'foreign', 401, 404, 403, 200],
  ['stopServer', 'none', 401, 404, 403, 404],
  ['getServerLogs', 'own', 401, 200, 403, 200],
  ['getServerLogs', 'foreign', 401, 404, 403, 200],
  ['getServerLogs', 'none', 401, 404, 403, 404],
  ['streamEvents', 'own', 401, 200, 200, 200],
  ['getHub', 'own', 401, 200, 403, 403],
  ['logIn', 'own', 401, 200, 403, 403],
  ['getUser', 'own', 401, 200, 200, 200],
  ['forgetUser', 'own', 401, 403, 403, 200],
  ['refreshUser', 'own', 401, 200, 403, 200],
  ['explainUser', 'own', 401, 403, 200, 200],
  ['destroyTicket', 'own', 401, 200, 403, 200],
  ['listHistory', 'own', 401, 200, 200, 200],
  ['getDrain', 'own', 401, 403, 200, 200],
  ['setDrain', 'own', 401, 403, 403, 200],
  ['createBackup', 'own', 401, 403, 403, 201],
  ['runDoctor', 'own', 401, 403, 403, 200],
  ['getHealth', 'own', 200, 200, 200, 200],
  ['getReadiness', 'own', 200, 200, 200, 200],
  ['getMetrics', 'own', 200, 200, 200, 200],
  ['getContract', 'own', 200, 200, 200, 200],
];
const tokens = [undefined, 'token-of-hub-a', 'token-of-viewer', 'token-of-admin'] as const;

const cells = matrix.flatMap(([operation, whose, ...statuses]) =>
  statuses.map((status, index) => ({ operation, whose, status, token: tokens[index] })),
);

test.each(cells)(
  '$operation of a server of $whose with $token gives $status',
  async ({ operation, whose, status, token }) => {
    const [method, path, json] = requests[operation](whose);
    const answer = await service.call(method, path, {
      ...(token === undefined ? {} : { token }),
      ...(json === undefined ? {} : { json }),
    });
    expect(answer.status).toBe(status);
    const changed = service.spawner.calls.some(
      (call) => !['asked', 'history', 'logs'].includes((call as { call: string }).call),
    );
    if (status >= 400) expect(changed).toBe(false);
  },
);

test('the matrix, the permissions and the contract have the same operations', () => {
  const declared = Object.values(document.paths).flatMap((methods) =>
    Object.values(methods as Record<string, { operationId?: string }>).flatMap(({ operationId }) => operationId ?? []),
  );
  expect([...new Set(matrix.map(([operation]) => operation))].toSorted()).toEqual(declared.toSorted());
  expect(Object.keys(permissions).toSorted()).toEqual(declared.toSorted());
});

test('what needs no token here needs none in the contract, and nothing else', () => {
  for (const methods of Object.values(document.paths))
    for (const operation of Object.values(methods as Record<string, { operationId?: string; security?: unknown[] }>)) {
      if (operation.operationId === undefined) continue;
      expect([operation.operationId, operation.security?.length === 0]).toEqual([
        operation.operationId,
        permissions[operation.operationId as OperationId] === 'anyone',
      ]);
    }
});

test("another hub's server can't be told from one that doesn't exist", async () => {
  for (const [method, suffix] of [
    ['GET', ''],
    ['DELETE', ''],
    ['GET', '/logs'],
  ] as const) {
    const answers = await Promise.all(
      (['foreign', 'none'] as const).map((whose) =>
        service.call(method, `/v1/servers/${keyOf[whose]}${suffix}`, {
          token: 'token-of-hub-a',
          headers: { 'x-request-id': 'r' },
        }),
      ),
    );
    const [foreign, none] = answers.map(({ text }, index) =>
      text.replaceAll(keyOf[index === 0 ? 'foreign' : 'none'], 'KEY'),
    );
    expect(foreign).toBe(none);
  }
});

test('a hub lists and follows its own servers only, whatever it asks for', async () => {
  const { json } = await service.call('GET', '/v1/servers?user=user1', { token: 'token-of-hub-b' });
  expect(json.items.map((item: { hub: string }) => item.hub)).toEqual(['b']);
  await service.call('GET', '/v1/history?user=user1', { token: 'token-of-hub-b' });
  expect(service.spawner.calls).toContainEqual({ call: 'history', hub: 'b', user: 'user1', limit: 500 });
});

test.each([
  ['Bearer abc', 'abc'],
  ['bearer  abc ', 'abc'],
  ['Bearer', undefined],
  ['Bearer a b', undefined],
  ['Token abc', undefined],
  [undefined, undefined],
])('the header "%s" carries the token %s', (header, token) => {
  expect(bearerToken(header)).toBe(token);
});
