import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { connect } from 'node:net';
import { SpawnError, StoreError } from '@berth/spawner';
import { aServer, moment } from '../testing/fake-spawner.ts';
import { aStart, openTestService, type TestService } from '../testing/test-service.ts';

let service: TestService;
beforeEach(async () => {
  service = await openTestService();
  service.spawner.servers = [aServer('a', 'user1'), aServer('b', 'user1')];
});
afterEach(() => service.close());

const own = aServer('a', 'user1').key;
const foreign = aServer('b', 'user1').key;
const hub = { token: 'token-of-hub-a' };

test.each<[string, string, string, object, number, string]>([
  ['an unknown path', 'GET', '/v1/nothing', hub, 404, 'not-found'],
  ['an unknown path without a token', 'GET', '/v2/servers', {}, 404, 'not-found'],
  ['a trailing slash', 'GET', '/v1/servers/', hub, 404, 'not-found'],
  ['another case', 'GET', '/V1/servers', hub, 404, 'not-found'],
  ['a broken percent sign', 'GET', '/v1/servers/%zz', hub, 404, 'not-found'],
  ['a percent sign that is no UTF-8', 'GET', '/v1/servers/%ff', hub, 404, 'not-found'],
  ['a wrong method', 'POST', '/v1/servers', hub, 405, 'method-not-allowed'],
  ['no token', 'GET', '/v1/servers', {}, 401, 'token-missing'],
  ['another scheme', 'GET', '/v1/servers', { headers: { authorization: 'Basic dXNlcg==' } }, 401, 'token-missing'],
  ['an unknown token', 'GET', '/v1/servers', { token: 'no-such-token' }, 401, 'token-invalid'],
  ['a wrong key without a token', 'GET', '/v1/servers/..%2fx', {}, 401, 'token-missing'],
  [
    'a malformed body without a token',
    'PUT',
    `/v1/servers/${own}`,
    { body: '{', headers: { 'content-type': 'application/json' } },
    401,
    'token-missing',
  ],
  [
    'a malformed body by the wrong role',
    'PUT',
    '/v1/drain',
    { ...hub, body: '{', headers: { 'content-type': 'application/json' } },
    403,
    'role-insufficient',
  ],
  ['a key of an impossible form', 'GET', '/v1/servers/..%2f..%2fetc', hub, 400, 'request-invalid'],
  ['a filter of an unknown state', 'GET', '/v1/servers?state=running,gone', hub, 400, 'request-invalid'],
  ['an unknown query parameter', 'GET', '/v1/servers?colour=red', hub, 400, 'request-invalid'],
  ['a limit of nothing', 'GET', '/v1/servers?limit=0', hub, 400, 'request-invalid'],
  ['a limit twice', 'GET', '/v1/servers?limit=1&limit=2', hub, 400, 'request-invalid'],
  ['an empty generation', 'DELETE', `/v1/servers/${own}?generation=`, hub, 400, 'request-invalid'],
  [
    'a generation beyond what numbers hold',
    'DELETE',
    `/v1/servers/${own}?generation=9007199254740993`,
    hub,
    400,
    'request-invalid',
  ],
  ['a user name with a zero byte', 'GET', '/v1/servers?user=%00', hub, 400, 'request-invalid'],
  [
    'malformed JSON',
    'PUT',
    `/v1/servers/${own}`,
    { ...hub, body: '{"user": "secret-word', headers: { 'content-type': 'application/json' } },
    400,
    'request-invalid',
  ],
  [
    'JSON that is no object',
    'PUT',
    `/v1/servers/${own}`,
    { ...hub, body: '"text"', headers: { 'content-type': 'application/json' } },
    400,
    'request-invalid',
  ],
  [
    'an empty body',
    'PUT',
    `/v1/servers/${own}`,
    { ...hub, headers: { 'content-type': 'application/json' } },
    400,
    'request-invalid',
  ],
  [
    'brackets half a million deep',
    'PUT',
    `/v1/servers/${own}`,
    {
      ...hub,
      body: `${'['.repeat(500_000)}${']'.repeat(500_000)}`,
      headers: { 'content-type': 'application/json' },
    },
    400,
    'request-invalid',
  ],
  [
    'an unknown key in the body',
    'PUT',
    `/v1/servers/${own}`,
    { ...hub, json: { ...aStart, privileged: true } },
    400,
    'request-invalid',
  ],
  [
    'a variable of an impossible name',
    'PUT',
    `/v1/servers/${own}`,
    { ...hub, json: { ...aStart, environment: { 'A=B': 'x' } } },
    400,
    'request-invalid',
  ],
  [
    'half a surrogate pair in a name',
    'PUT',
    `/v1/servers/${own}`,
    {
      ...hub,
      body: JSON.stringify(aStart).replace('user1', '\\ud800'),
      headers: { 'content-type': 'application/json' },
    },
    400,
    'request-invalid',
  ],
  [
    'another media type',
    'PUT',
    `/v1/servers/${own}`,
    { ...hub, body: 'user=a', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
    415,
    'media-type-unsupported',
  ],
  [
    'another character set',
    'PUT',
    `/v1/servers/${own}`,
    { ...hub, body: '{}', headers: { 'content-type': 'application/json; charset=koi8-r' } },
    415,
    'media-type-unsupported',
  ],
  [
    'a compressed body',
    'PUT',
    `/v1/servers/${own}`,
    { ...hub, body: '{}', headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' } },
    415,
    'media-type-unsupported',
  ],
  [
    'a body above 1 MiB',
    'PUT',
    `/v1/servers/${own}`,
    { ...hub, json: { ...aStart, environment: { A: 'x'.repeat(2 ** 20) } } },
    413,
    'body-too-large',
  ],
  [
    'a key of another user',
    'PUT',
    `/v1/servers/${own}`,
    { ...hub, json: { ...aStart, user: 'user2' } },
    400,
    'key-mismatch',
  ],
  ['a key of another hub', 'PUT', `/v1/servers/${foreign}`, { ...hub, json: aStart }, 400, 'key-mismatch'],
  ['an unknown server', 'GET', `/v1/servers/${aServer('a', 'nobody').key}`, hub, 404, 'server-not-found'],
])('%s is answered by a problem', async (_, method, path, options, status, code) => {
  const { json, ...answer } = await service.call(method, path, {
    ...options,
    headers: { 'x-request-id': 'req-1', ...(options as { headers?: object }).headers },
  });
  expect([answer.status, json.code]).toEqual([status, code]);
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  expect(json).toMatchObject({ status, instance: 'req-1', type: `urn:berth:problem:${code}` });
  expect(answer.text).not.toMatch(/secret|node_modules|\.ts:|\.js:/);
});

test('each place that is wrong is named', async () => {
  const { json } = await service.call('PUT', `/v1/servers/${own}`, {
    ...hub,
    json: { ...aStart, port: 80, generation: 'x' },
  });
  expect(json.errors).toEqual(
    expect.arrayContaining([
      { path: '/body/port', message: 'must be >= 1024' },
      { path: '/body/generation', message: 'must be integer' },
    ]),
  );
});

test('a wrong method learns which are right, and an unauthorised caller how to come back', async () => {
  expect((await service.call('PATCH', `/v1/servers/${own}`, hub)).headers.get('allow')).toBe('GET, PUT, DELETE');
  expect((await service.call('GET', '/v1/servers')).headers.get('www-authenticate')).toBe('Bearer');
});

test.each([
  ['generation-superseded', 409],
  ['draining', 503],
  ['not-ready', 503],
  ['image-not-allowed', 403],
  ['start-timeout', 504],
  ['disk-full', 507],
] as const)("the spawner's %s becomes a %s", async (code, status) => {
  service.spawner.failure = new SpawnError(code, 'A sentence.', code === 'generation-superseded' ? { current: 9 } : {});
  const answer = await service.call('PUT', `/v1/servers/${own}`, { ...hub, json: aStart });
  expect([answer.status, answer.json.code, answer.json.detail]).toEqual([status, code, 'A sentence.']);
  expect(answer.json.current).toBe(code === 'generation-superseded' ? 9 : undefined);
});

test.each([
  ['bad-cursor', 400, 'request-invalid'],
  ['disk-full', 507, 'disk-full'],
  ['failed', 503, 'store-failed'],
] as const)("the store's %s becomes a %s", async (code, status, problem) => {
  service.spawner.failure = new StoreError(code, 'A sentence.');
  const answer = await service.call('GET', '/v1/history', hub);
  expect([answer.status, answer.json.code]).toEqual([status, problem]);
});

test('a mistake in Berth is a problem without a stack, which stands in the log under the request id', async () => {
  service.spawner.failure = new TypeError('secret inner words');
  const answer = await service.call('GET', '/v1/history', { ...hub, headers: { 'x-request-id': 'abc' } });
  expect(answer.status).toBe(500);
  expect(answer.json).toMatchObject({ code: 'internal', instance: 'abc' });
  expect(answer.text).not.toContain('secret inner words');
  expect(
    service.logged.filter(
      (line) => line.includes('"level":"error"') && line.includes('abc') && line.includes('secret inner words'),
    ),
  ).toHaveLength(1);
});

test('the log has one line for each request, and no token, body or variable', async () => {
  await service.call('PUT', `/v1/servers/${own}`, { ...hub, json: aStart, headers: { 'x-request-id': 'abc' } });
  await once(service.server, 'never', { signal: AbortSignal.timeout(50) }).catch(() => {});
  expect(service.logged).toHaveLength(1);
  expect(JSON.parse(service.logged[0] ?? '')).toMatchObject({
    requestId: 'abc',
    method: 'PUT',
    operation: 'startServer',
    status: 200,
    role: 'hub',
    hub: 'a',
    key: own,
  });
  expect(service.logged[0]).not.toMatch(/secret-of-the-hub|token-of-hub-a/);
});

test.each([
  ['a harmless word', 'my.request_id-1', true],
  ['one with a blank', 'a b', false],
  ['one that is too long', 'x'.repeat(65), false],
  ['markup', '<script>', false],
])('a request id that is %s is kept or replaced', async (_, id, kept) => {
  const { headers } = await service.call('GET', '/healthz', { headers: { 'x-request-id': id } });
  expect(headers.get('x-request-id') === id).toBe(kept);
  expect(headers.get('x-request-id')).toMatch(/^[A-Za-z0-9._-]{1,64}$/);
});

test('every answer forbids caching, framing and guessing of types', async () => {
  for (const path of ['/healthz', '/nothing', '/v1/servers']) {
    const { headers } = await service.call('GET', path);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('x-powered-by')).toBeNull();
  }
});

test('a start takes hub and key from token and path, and answers by what it finds', async () => {
  service.spawner.servers = [
    aServer('a', 'user1', { state: 'starting', since: moment, deadline: moment, step: 'pull' }),
  ];
  const answer = await service.call('PUT', `/v1/servers/${own}`, { ...hub, json: aStart });
  expect(answer.status).toBe(202);
  expect(service.spawner.calls).toEqual([{ call: 'start', hub: 'a', key: own, ...aStart }]);
});

test.each([
  ['running', { state: 'running', since: moment, url: 'http://x:1' }, 200],
  ['starting', { state: 'starting', since: moment, deadline: moment, step: 'pull' }, 202],
  ['stopping', { state: 'stopping', since: moment }, 202],
  ['stopped', { state: 'stopped', since: moment }, 200],
] as const)('a stop that leaves a server %s is answered so', async (_, status, code) => {
  service.spawner.servers = [aServer('a', 'user1', status)];
  const answer = await service.call('DELETE', `/v1/servers/${own}?generation=5&purge=true`, hub);
  expect(answer.status).toBe(code);
  expect(service.spawner.calls).toEqual([{ call: 'stop', key: own, generation: 5, purge: true }]);
});

test('servers come in pages, stopped ones only when asked for', async () => {
  const names = ['u1', 'u2', 'u3', 'u4', 'u5'];
  service.spawner.servers = [
    ...names.map((name) => aServer('a', name)),
    aServer('a', 'gone', { state: 'stopped', since: moment }),
  ];
  const seen: string[] = [];
  let next: string | null = null;
  do {
    const path: string = `/v1/servers?limit=2${next === null ? '' : `&after=${next}`}`;
    const { json } = await service.call('GET', path, hub);
    seen.push(...json.items.map((item: { user: string }) => item.user));
    next = json.next;
  } while (next !== null);
  expect(seen.toSorted()).toEqual(names);
  const stopped = await service.call('GET', '/v1/servers?state=stopped,failed', hub);
  expect(stopped.json.items.map((item: { user: string }) => item.user)).toEqual(['gone']);
  const one = await service.call('GET', '/v1/servers?user=u3', hub);
  expect(one.json.items.map((item: { user: string }) => item.user)).toEqual(['u3']);
});

test('a hub that reads a server has asked for it; an admin has not', async () => {
  await service.call('GET', `/v1/servers/${own}`, { token: 'token-of-admin' });
  expect(service.spawner.calls).toEqual([]);
  await service.call('GET', `/v1/servers/${own}`, hub);
  expect(service.spawner.calls).toEqual([{ call: 'asked', hub: 'a', keys: [own] }]);
});

test('before Docker was looked at a server is unknown, not absent', async () => {
  service.spawner.ready = false;
  for (const path of [`/v1/servers/${own}`, '/v1/servers', '/v1/events']) {
    const answer = await service.call('GET', path, hub);
    expect([answer.status, answer.json.code]).toEqual([503, 'not-ready']);
  }
});

test('HEAD is answered like GET, without a body', async () => {
  for (const path of ['/healthz', '/v1/servers', '/v1/events']) {
    const answer = await service.call('HEAD', path, hub);
    expect([answer.status, answer.text]).toEqual([200, '']);
  }
});

test('readiness names the parts that are not as they should be', async () => {
  service.faults.tokens.push('token file /x can be read by others');
  service.users.faulty.directory.push("the group 'BANK\\gone' is unknown");
  expect(await service.call('GET', '/readyz')).toMatchObject({ status: 200, json: { ready: true } });
  service.spawner.partStates = [{ part: 'docker', state: 'down', detail: 'Nobody answers.', since: moment }];
  const { status, json } = await service.call('GET', '/readyz');
  expect(status).toBe(503);
  expect(json).toEqual({
    ready: false,
    parts: [
      { part: 'docker', state: 'down', detail: 'Nobody answers.', since: moment.toISOString() },
      { part: 'tokens', state: 'degraded', detail: 'token file /x can be read by others' },
      { part: 'directory', state: 'degraded', detail: "the group 'BANK\\gone' is unknown" },
      { part: 'tickets', state: 'ok' },
      { part: 'audit', state: 'ok' },
      { part: 'listeners', state: 'ok' },
    ],
  });
});

test('the contract and its page are served from here alone, without a token', async () => {
  expect((await service.call('GET', '/openapi.json')).json.openapi).toBe('3.1.0');
  const page = await service.call('GET', '/docs');
  expect(page.status).toBe(200);
  const loaded = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path ?? '');
  expect(loaded.length).toBeGreaterThan(2);
  for (const path of loaded) {
    expect(path).toMatch(/^\//);
    const asset = await service.call('GET', path);
    expect([path, asset.status]).toEqual([path, 200]);
  }
  const csp = page.headers.get('content-security-policy') ?? '';
  expect(csp).toContain("script-src 'self'");
  expect(csp).not.toMatch(/https?:/);
  expect((await service.call('GET', '/docs/package.json')).status).toBe(404);
  expect((await service.call('GET', '/docs/..%2fpackage.json')).status).toBe(404);
});

/** Sends bytes as they are; resolves to all that comes back before the connection ends. */
async function raw(bytes: string): Promise<string> {
  const socket = connect(service.port, '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk) => (answer += chunk.toString()));
  socket.on('error', () => {});
  socket.end(bytes);
  await once(socket, 'close', { signal: AbortSignal.timeout(5000) });
  return answer;
}

test.each([
  ['no HTTP at all', 'hello\r\n\r\n', 400],
  ['headers of 20 KiB', `GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: ${'a'.repeat(20_000)}\r\n\r\n`, 400],
  ['a header with a bare line feed', 'GET /healthz HTTP/1.1\r\nHost: x\r\nA: b\nc\r\n\r\n', 400],
  ['two lengths', 'PUT /v1/drain HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}', 400],
  [
    'length and chunks at once',
    'PUT /v1/drain HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    400,
  ],
  ['an asterisk for a path', 'OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 404],
  ['a whole URL for a path', 'GET http://elsewhere/v1/servers HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 401],
  ['two slashes', 'GET //v1/servers HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 404],
  ['climbing dots', 'GET /v1/../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 404],
  ['an upgrade', 'GET /v1/servers HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n', 401],
])('%s is answered by a problem, and the service goes on', async (_, bytes, status) => {
  const answer = await raw(bytes);
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(answer).toContain('application/problem+json');
  expect((await service.call('GET', '/healthz')).status).toBe(200);
});

test('200 headers are not more than a request may have', async () => {
  const many = Array.from({ length: 200 }, (_, index) => `X-${index}: 1\r\n`).join('');
  const answer = await raw(`GET /healthz HTTP/1.1\r\nHost: x\r\n${many}Connection: close\r\n\r\n`);
  expect(answer).toMatch(/^HTTP\/1.1 [24]\d\d /);
});

test('what an admin does is audited: drain, backup, a server stopped', async () => {
  const token = 'token-of-admin';
  const { key } = aServer('a', 'user1');
  service.spawner.servers = [aServer('a', 'user1')];
  service.audited.splice(0);
  for (const enabled of [true, false]) await service.call('PUT', '/v1/drain', { token, json: { enabled } });
  await service.call('POST', '/v1/backups', { token });
  await service.call('DELETE', `/v1/servers/${key}`, { token });
  await service.call('DELETE', `/v1/servers/${key}`, { token: 'token-of-hub-a' });
  expect(service.audited).toEqual([
    { event: 'drain-begun', outcome: 'ok', by: 'admin' },
    { event: 'drain-ended', outcome: 'ok', by: 'admin' },
    { event: 'backup-made', outcome: 'ok', by: 'admin' },
    { event: 'server-stopped', outcome: 'ok', by: 'admin', user: 'user1', key },
  ]);
});
