import { afterEach, expect, test } from '@jest/globals';
import type { IncomingMessage } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { createClient, type ClientOptions } from './client.ts';
import { ClientMisconfigured, ProblemError, ServiceUnreachable } from './errors.ts';
import { all, dataOf } from './pages.ts';
import { certificate, privateKey } from './testing/certificate.ts';
import { json, listen, listenOnSocket } from './testing/listen.ts';

const token = 'very-secret-token';
const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

function client(options: ClientOptions) {
  const made = createClient(options);
  cleanups.push(() => made.close());
  return made;
}

async function serving(...[answer]: Parameters<typeof listen>) {
  const server = await listen(answer);
  cleanups.push(() => server.close());
  return server.url;
}

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

test('a request carries the token and the query as the contract writes it, arrays with commas', async () => {
  const seen: IncomingMessage[] = [];
  const url = await serving((request, response) => {
    seen.push(request);
    json(response, { items: [], next: null });
  });
  const query = { state: ['running', 'exited'] as ('running' | 'exited')[], user: 'bank\\user 1' };
  const page = await dataOf(client({ url, token }).GET('/v1/servers', { params: { query } }));
  expect(page).toEqual({ items: [], next: null });
  expect(seen[0]?.headers.authorization).toBe(`Bearer ${token}`);
  expect(seen[0]?.url).toBe('/v1/servers?state=running,exited&user=bank%5Cuser%201');
});

test('a service is reached over its unix socket', async () => {
  const server = await listenOnSocket((request, response) => json(response, { enabled: request.url === '/v1/drain' }));
  cleanups.push(() => server.close());
  expect(await dataOf(client({ url: server.url, token }).GET('/v1/drain'))).toEqual({ enabled: true });
});

test('a service behind a path prefix is reached', async () => {
  const url = await serving((request, response) => json(response, { enabled: request.url === '/berth/v1/drain' }));
  expect(await dataOf(client({ url: `${url}/berth/`, token }).GET('/v1/drain'))).toEqual({ enabled: true });
});

test('https is trusted with the given authority, and refused without it', async () => {
  const server = createTlsServer({ key: privateKey, cert: certificate }, (_request, response) =>
    json(response, { status: 'ok' }),
  );
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  cleanups.push(async () => {
    server.closeAllConnections();
    await new Promise<void>((done) => server.close(() => done()));
  });
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  expect(await dataOf(client({ url, token, ca: certificate }).GET('/healthz'))).toEqual({ status: 'ok' });
  const error = await rejection(client({ url, token }).GET('/healthz'));
  expect(error).toBeInstanceOf(ServiceUnreachable);
  expect(error).toMatchObject({ reason: 'tls', message: expect.stringContaining('give its authority as `ca`') });
});

test('all() reads every page, asking for the next one only when it is needed', async () => {
  const asked: string[] = [];
  const pages: Record<string, unknown> = {
    '/v1/servers?limit=2': { items: [{ key: 'a' }, { key: 'b' }], next: 'b' },
    '/v1/servers?limit=2&after=b': { items: [{ key: 'c' }], next: null },
  };
  const url = await serving((request, response) => {
    asked.push(request.url ?? '');
    json(response, pages[request.url ?? '']);
  });
  const berth = client({ url, token });
  const read: [string, number][] = [];
  for await (const server of all((cursor) =>
    berth.GET('/v1/servers', { params: { query: { limit: 2, ...cursor } } }),
  )) {
    read.push([server.key, asked.length]);
  }
  // Each item with the number of pages asked for by then.
  expect(read).toEqual([
    ['a', 1],
    ['b', 1],
    ['c', 2],
  ]);
});

test('a problem becomes a ProblemError with its code, status and detail', async () => {
  const problem = {
    type: 'urn:berth:problem:server-not-found',
    title: 'No such server',
    status: 404,
    code: 'server-not-found',
    detail: 'No server has the key x.',
    instance: 'r1',
  };
  const url = await serving((_request, response) => json(response, problem, 404));
  const error = await rejection(client({ url, token }).GET('/v1/drain'));
  expect(error).toBeInstanceOf(ProblemError);
  expect(error).toMatchObject({ problem, code: 'server-not-found', status: 404, detail: problem.detail });
});

test('/readyz of a service that is not ready is an answer, not an exception', async () => {
  const readiness = { ready: false, parts: [{ part: 'docker', state: 'down' }] };
  const url = await serving((_request, response) => {
    response.writeHead(503, { 'content-type': 'application/json' }).end(JSON.stringify(readiness));
  });
  expect((await client({ url }).GET('/readyz')).error).toEqual(readiness);
});

test('where nothing listens, the error says so and names the URL', async () => {
  const server = await listen(() => undefined);
  await server.close();
  const error = await rejection(client({ url: server.url, token }).GET('/v1/drain'));
  expect(error).toBeInstanceOf(ServiceUnreachable);
  expect(error).toMatchObject({ reason: 'refused', message: expect.stringContaining(server.url) });
});

test.each([
  ['the socket is missing', 'unix:///nowhere/hub.sock', 'no-socket'],
  ['the host has no address', 'http://berth.invalid:8550', 'unknown-host'],
])('where %s, the error says so and names the URL', async (_case, url, reason) => {
  const error = await rejection(client({ url, token }).GET('/v1/drain'));
  expect(error).toBeInstanceOf(ServiceUnreachable);
  expect(error).toMatchObject({ reason, url, message: expect.stringContaining(url) });
});

test.each([
  ['a page in HTML', 200, 'text/html', '<html>', 'not-berth'],
  ['broken JSON', 200, 'application/json', '{"a":', 'not-berth'],
  ['an error in HTML', 404, 'text/html', '<html>', 'not-berth'],
  ['a problem of another kind', 400, 'application/problem+json', '{"title":"no"}', 'not-berth'],
  ['a proxy whose service is away', 502, 'text/html', '<html>', 'broken'],
])('%s is not taken for an answer', async (_case, status, type, body, reason) => {
  const url = await serving((_request, response) => {
    response.writeHead(status, { 'content-type': type }).end(body);
  });
  const error = await rejection(client({ url, token }).GET('/v1/drain'));
  expect(error).toMatchObject({ name: 'ServiceUnreachable', reason });
});

test('a connection cut in the middle of an answer is an error that says so', async () => {
  const url = await serving((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
    response.write('{"items":', () => response.destroy());
  });
  expect(await rejection(client({ url, token }).GET('/v1/drain'))).toMatchObject({ reason: 'broken' });
});

test('a redirect is not followed, so that the token goes nowhere else', async () => {
  const elsewhere: IncomingMessage[] = [];
  const other = await serving((request, response) => {
    elsewhere.push(request);
    json(response, { enabled: false });
  });
  const url = await serving((_request, response) => {
    response.writeHead(307, { location: `${other}/v1/drain` }).end();
  });
  expect(await rejection(client({ url, token }).GET('/v1/drain'))).toBeInstanceOf(ServiceUnreachable);
  expect(elsewhere).toEqual([]);
});

test('an abort rejects with the abort, not as an unreachable service', async () => {
  const url = await serving(() => undefined);
  const abort = new AbortController();
  const answer = rejection(client({ url, token }).GET('/v1/drain', { signal: abort.signal }));
  abort.abort();
  expect(await answer).toMatchObject({ name: 'AbortError' });
});

test.each([
  ['a token with a line break', { url: 'http://127.0.0.1:1', token: `${token}\nx` }],
  ['an empty token', { url: 'http://127.0.0.1:1', token: '' }],
  ['a URL without a scheme', { url: '127.0.0.1:8550', token }],
  ['a URL of another scheme', { url: 'ftp://host', token }],
  ['a URL with a password', { url: `http://u:${token}@host`, token }],
  ['a URL with a query', { url: `http://host?${token}`, token }],
  ['a relative socket', { url: 'unix:hub.sock', token }],
  ['an authority that is no PEM', { url: 'https://host', token, ca: 'nonsense' }],
])('%s is refused with a sentence that does not repeat the token', (_case, options) => {
  let error: unknown;
  try {
    createClient(options);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(ClientMisconfigured);
  expect(inspect(error)).not.toContain(token);
});

test('no error and no view of the client shows the token', async () => {
  const url = await serving((request, response) =>
    json(response, { code: 'token-invalid', status: 401, detail: `${request.url}: unknown token` }, 401),
  );
  const berth = client({ url, token });
  const refused = await rejection(client({ url: 'unix:///nowhere', token }).GET('/v1/drain'));
  const shown = inspect([berth, await rejection(berth.GET('/v1/drain')), refused], { depth: 8, showHidden: false });
  expect(shown).toContain('unknown token');
  expect(shown).not.toContain(token);
});
