import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { document, problems } from '@berth/contract';
import type { HistoryEntry, ServerStatus } from '@berth/spawner';
import { aServer, moment } from '../testing/fake-spawner.ts';
import { aUser } from '../testing/fake-users.ts';
import { aStart, openTestService, type TestService } from '../testing/test-service.ts';
import type { OperationId } from '@berth/contract';

let service: TestService;
beforeAll(async () => {
  service = await openTestService();
});
afterAll(() => service.close());

const exit = { at: moment, code: null, oomKilled: true, reason: 'It ran out of memory.' };
const statuses: ServerStatus[] = [
  { state: 'starting', since: moment, deadline: moment, step: 'pull' },
  { state: 'running', since: moment, url: 'http://172.30.0.2:8888' },
  { state: 'stopping', since: moment },
  { state: 'exited', exit },
  {
    state: 'failed',
    since: moment,
    failure: { code: 'exited-in-start', step: 'listen', message: 'x', retryable: false, exit },
  },
  { state: 'stopped', since: moment },
];
const entry: HistoryEntry = {
  key: aServer('a', 'user1').key,
  hub: 'a',
  user: 'user1',
  serverName: '',
  generation: 5,
  image: 'tiny',
  requestedAt: moment,
  runningAt: moment,
  endedAt: moment,
  outcome: 'exited',
  exit,
  logTail: ['last words'],
};
const key = aServer('a', 'user1').key;
const hub = { token: 'token-of-hub-a' };
const admin = { token: 'token-of-admin' };

/** Every status of every operation that the contract names, and how to come by it. */
const cases: [OperationId, number, string, string, object, ((service: TestService) => void)?][] = [
  [
    'listServers',
    200,
    'GET',
    '/v1/servers',
    hub,
    ({ spawner }) => (spawner.servers = statuses.map((status, i) => aServer('a', `u${i}`, status))),
  ],
  ...statuses.map((status): (typeof cases)[number] => [
    'getServer',
    200,
    'GET',
    `/v1/servers/${key}`,
    hub,
    ({ spawner }) => (spawner.servers = [aServer('a', 'user1', status)]),
  ]),
  [
    'startServer',
    200,
    'PUT',
    `/v1/servers/${key}`,
    { ...hub, json: aStart },
    ({ spawner }) => (spawner.servers = [aServer('a', 'user1')]),
  ],
  [
    'startServer',
    202,
    'PUT',
    `/v1/servers/${key}`,
    { ...hub, json: aStart },
    ({ spawner }) => (spawner.servers = [aServer('a', 'user1', statuses[0])]),
  ],
  [
    'stopServer',
    200,
    'DELETE',
    `/v1/servers/${key}`,
    hub,
    ({ spawner }) => (spawner.servers = [aServer('a', 'user1', statuses[5])]),
  ],
  [
    'stopServer',
    202,
    'DELETE',
    `/v1/servers/${key}`,
    hub,
    ({ spawner }) => (spawner.servers = [aServer('a', 'user1', statuses[2])]),
  ],
  ['getServerLogs', 200, 'GET', `/v1/servers/${key}/logs?tail=5`, hub],
  ['getHub', 200, 'GET', '/v1/hub', hub],
  ['logIn', 200, 'POST', '/v1/logins', { ...hub, json: { username: 'user1', password: 'x', forwardedFor: ['::1'] } }],
  ['getUser', 200, 'GET', '/v1/users/user1', hub],
  [
    'getUser',
    200,
    'GET',
    '/v1/users/bank%5Cuser1',
    hub,
    ({ users }) => (users.user = { ...aUser, account: undefined, ticket: undefined, confirmedAt: undefined }),
  ],
  ['forgetUser', 200, 'DELETE', '/v1/users/user1', admin],
  ['refreshUser', 200, 'POST', '/v1/users/user1/refresh', hub],
  [
    'refreshUser',
    200,
    'POST',
    '/v1/users/user1/refresh',
    hub,
    ({ users }) => (users.refreshed = { loggedIn: false, reason: 'It is disabled.', user: undefined }),
  ],
  ['explainUser', 200, 'GET', '/v1/users/user1/explain', admin],
  ['destroyTicket', 200, 'DELETE', '/v1/users/user1/ticket', hub],
  [
    'getHub',
    200,
    'GET',
    '/v1/hub',
    hub,
    ({ spawner }) =>
      (spawner.network = {
        id: 'n',
        name: 'berth',
        gateway: undefined,
        subnet: undefined,
        interContainer: false,
        created: true,
      }),
  ],
  [
    'listHistory',
    200,
    'GET',
    '/v1/history',
    hub,
    ({ spawner }) => (spawner.historyPage = { items: [entry], next: 'abc' }),
  ],
  ['getDrain', 200, 'GET', '/v1/drain', admin],
  ['setDrain', 200, 'PUT', '/v1/drain', { ...admin, json: { enabled: true, message: 'Back at six.' } }],
  ['createBackup', 201, 'POST', '/v1/backups', admin],
  [
    'runDoctor',
    200,
    'GET',
    '/v1/doctor',
    admin,
    (it) => (it.findings = [{ part: 'docker', level: 'error', finding: 'x', mend: 'y' }]),
  ],
  ['getHealth', 200, 'GET', '/healthz', {}],
  ['getReadiness', 200, 'GET', '/readyz', {}],
  [
    'getReadiness',
    503,
    'GET',
    '/readyz',
    {},
    ({ spawner }) => (spawner.partStates = [{ part: 'store', state: 'down', detail: 'x', since: moment }]),
  ],
  ['getContract', 200, 'GET', '/openapi.json', {}],
];

test.each(
  cases.map(([operation, status, method, path, options, prepare]) => ({
    operation,
    status,
    method,
    path,
    options,
    prepare,
  })),
)('$operation answers $status as the contract says', async ({ operation, status, method, path, options, prepare }) => {
  prepare?.(service);
  const answer = await service.call(method, path, options);
  expect(answer.status).toBe(status);
  expect(service.contract.responseFaults(operation, status, answer.json)).toBeUndefined();
});

test('no operation and no status of the contract is left out above', () => {
  const declared = Object.values(document.paths).flatMap((methods) =>
    Object.values(methods as Record<string, { operationId?: string; responses?: object }>).flatMap((operation) =>
      Object.keys(operation.responses ?? {})
        .filter((status) => status !== 'default')
        .map((status) => `${operation.operationId} ${status}`),
    ),
  );
  const shown = new Set(cases.map(([operation, status]) => `${operation} ${status}`));
  // Their bodies aren't JSON; event-stream.test.ts and metrics.test.ts show them.
  const elsewhere = ['streamEvents 200', 'getMetrics 200'];
  expect([...shown, ...elsewhere].toSorted()).toEqual(declared.toSorted());
});

test('the check of responses finds what does not fit', () => {
  expect(service.contract.responseFaults('getHealth', 200, { status: 'fine' })).toContain('enum');
  expect(service.contract.responseFaults('getHealth', 204, undefined)).toContain("isn't in the contract");
  expect(service.contract.responseFaults('getServer', 200, { key })).toContain('required');
});

test('each code of the catalogue has a status that its problems carry', () => {
  const statusOf = Object.entries(problems).map(([code, { status }]) => [code, status]);
  for (const [, status] of statusOf) expect(status).toBeGreaterThanOrEqual(400);
  expect(statusOf.length).toBe(document.components.schemas.ProblemCode.enum.length);
});

test('a viewer reads history without log lines', async () => {
  service.spawner.historyPage = { items: [entry], next: null };
  const { json } = await service.call('GET', '/v1/history', { token: 'token-of-viewer' });
  expect(json.items[0].logTail).toEqual([]);
  const own = await service.call('GET', '/v1/history', hub);
  expect(own.json.items[0].logTail).toEqual(['last words']);
});
