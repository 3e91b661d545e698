/** What whoever holds a hub's token may do and may not, tried against the service as it runs. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { request } from 'node:http';
import { join } from 'node:path';
import { Berth } from '../stack/berth.ts';
import { waitFor } from '../stack/program.ts';
import { docker, sharedEngine, testFolder } from '../stack/shared-engine.ts';
import { inspect } from './inspected.ts';
import { refusals, unknownFields } from './refused-starts.ts';
import { startOf, TokenHolder } from './token-holder.ts';

const engine = sharedEngine();
const apiUrl = 'http://hub.example:8081/hub/api';
const instance = 'test-stolen-token';
const label = `label=berth.instance=${instance}`;

let berth: Berth;
let thief: TokenHolder;

beforeAll(async () => {
  berth = await Berth.start({
    folder: await testFolder(),
    dockerSocket: engine.socketPath,
    images: [engine.tinyImage],
    configuration: {
      instance,
      hubs: [{ name: 'default', apiUrl }],
      commands: [['/bin/serve'], ['/bin/sleep', '300']],
      containers: {
        memory: '256MiB',
        cpus: 1,
        environment: { SITE: 'as the site says' },
        volumes: [{ source: 'stolen-{username}', target: '/home' }],
      },
    },
  });
  thief = await TokenHolder.of(berth, 'hub.token', 'default');
});

afterAll(async () => {
  await berth?.remove();
  const left = (await docker(engine, 'ps', '-aq', '--filter', label)).split('\n').filter(Boolean);
  if (left.length > 0) await docker(engine, 'rm', '-f', ...left);
  const volumes = (await docker(engine, 'volume', 'ls', '-q', '--filter', 'name=stolen-')).split('\n').filter(Boolean);
  if (volumes.length > 0) await docker(engine, 'volume', 'rm', ...volumes);
});

test.each(unknownFields)('a start that says %j is refused by the contract', async (field) => {
  expect(await outcome(field)).toEqual([400, 'request-invalid', 'nothing started']);
});

test('a field named __proto__ is refused like any other', async () => {
  const body = JSON.stringify(startOf('thief')).replace(/}$/, ',"__proto__":{"privileged":true}}');
  const answer = await thief.send('PUT', `/v1/servers/${thief.key('thief')}`, body);
  expect([answer.status, answer.json?.['code']]).toEqual([400, 'request-invalid']);
  expect(await containers()).toEqual([]);
});

test.each(refusals)('a start with %s is refused', async (_, more, status, code) => {
  expect(await outcome(more)).toEqual([status, code, 'nothing started']);
});

/** What becomes of a start with this beside what a start needs. */
async function outcome(more: object): Promise<[number, unknown, string]> {
  const { status, json } = await thief.put('thief', '', more);
  const known = await thief.send('GET', `/v1/servers/${thief.key('thief')}`);
  const nothing = known.status === 404 && (await containers()).length === 0;
  return [status, json?.['code'], nothing ? 'nothing started' : 'something started'];
}

test.each(['a\0b', 'a\rb', 'a\nb', 'a\r\nSet-Cookie: x', '\u001b[2J', '\u007f', '', 'a'.repeat(256), '\ud800'])(
  'the name %j, for a user or a server, is refused',
  async (name) => {
    const path = `/v1/servers/${thief.key(name)}`;
    for (const body of [startOf(name), startOf('thief', name === '' ? '\0' : name)])
      expect((await thief.send('PUT', path, body)).json?.['code']).toBe('request-invalid');
  },
);

test.each<[string, string, string, number]>([
  ['a key above', 'GET', '/v1/servers/../drain', 404],
  ['a key above, encoded', 'GET', '/v1/servers/%2e%2e%2fdrain', 400],
  ['a key above, encoded twice', 'GET', '/v1/servers/%252e%252e%252fdrain', 400],
  ['a file as key', 'GET', '/v1/servers/..%2f..%2f..%2fetc%2fpasswd', 400],
  ['a key with NUL', 'GET', '/v1/servers/thief%00-aaaaaaaaaaaaaaaa', 400],
  ['a key with a line break', 'GET', '/v1/servers/thief%0d%0aset-cookie:x', 400],
  ['a key in capitals', 'GET', '/v1/servers/THIEF-AAAAAAAAAAAAAAAA', 400],
  ['a key too long', 'GET', `/v1/servers/${'a'.repeat(61)}`, 400],
  ['a container id as key', 'DELETE', `/v1/servers/${'0'.repeat(64)}`, 400],
  ['two slashes', 'GET', '//v1/drain', 404],
  ['another case', 'GET', '/V1/DRAIN', 404],
  ['a full URL', 'GET', 'http://other.example/v1/drain', 403], // RFC 9112, 3.2.2: it means that path
  ['a path parameter', 'GET', '/v1/drain;x', 404],
])('a path with %s leads a hub nowhere', async (_, method, path, status) => {
  expect(await raw(method, path)).toBe(status);
});

/** One request whose path is sent as it is written. */
async function raw(method: string, path: string): Promise<number> {
  const { hostname, port } = new URL(berth.url);
  const headers = { authorization: `Bearer ${await berth.token('hub')}` };
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, method, path, headers, agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    sent.once('error', reject).end();
  });
}

test.each([
  ['GET', '/v1/drain', undefined],
  ['PUT', '/v1/drain', { enabled: true }],
  ['POST', '/v1/backups', undefined],
  ['GET', '/v1/doctor', undefined],
])('%s %s is not for a hub, whatever it calls itself', async (method, path, body) => {
  const headers = { 'x-berth-role': 'admin', 'x-http-method-override': 'GET', 'x-forwarded-for': '127.0.0.1' };
  const answer = await thief.send(method, path, body, headers);
  expect([answer.status, answer.json?.['code']]).toEqual([403, 'role-insufficient']);
});

test('bodies of more than 1 MiB, compressed ones and those that are no JSON are refused', async () => {
  const path = `/v1/servers/${thief.key('thief')}`;
  const value = 'x'.repeat(65_536);
  const environment = Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`A${i}`, value]));
  const huge = await thief.send('PUT', path, startOf('thief', '', { environment }));
  expect([huge.status, huge.json?.['code']]).toEqual([413, 'body-too-large']);
  const deep = await thief.send('PUT', path, `${'['.repeat(500_000)}${']'.repeat(500_000)}`);
  expect(deep.status).toBe(400);
  const zipped = await thief.send('PUT', path, startOf('thief'), { 'content-encoding': 'gzip' });
  expect(zipped.status).toBe(415);
  const form = await thief.send('PUT', path, 'user=thief', { 'content-type': 'application/x-www-form-urlencoded' });
  expect(form.status).toBe(415);
  const many = Object.fromEntries(Array.from({ length: 201 }, (_, i) => [`A${i}`, '']));
  expect((await thief.put('thief', '', { environment: many })).status).toBe(400);
  expect(await berth.status('/healthz')).toBe(200);
});

test('a start under the key of another server is refused', async () => {
  const answer = await thief.send('PUT', `/v1/servers/${thief.key('victim')}`, startOf('thief'));
  expect([answer.status, answer.json?.['code']]).toEqual([400, 'key-mismatch']);
});

test('it may start what is offered, for any name that it writes, with the volumes of that name', async () => {
  await thief.started('victim', '', { command: ['/bin/serve'], limits: { memoryBytes: 2 ** 27, cpus: 0.5 } });
  const { Mounts, HostConfig } = await inspect(engine, (await thief.server('victim')).container!.id);
  expect(Mounts).toMatchObject([{ Type: 'volume', Name: 'stolen-victim', Destination: '/home' }]);
  expect(HostConfig).toMatchObject({ Privileged: false, CapDrop: ['ALL'], Memory: 2 ** 27, NetworkMode: 'berth' });
});

test('it may read the log of what it started, and see it in list, events and history; and stop it', async () => {
  const key = thief.key('victim');
  expect((await thief.send('GET', `/v1/servers/${key}/logs`)).json).toMatchObject({ lines: ['listening on 8888'] });
  expect((await thief.send('GET', '/v1/servers')).text).toContain(key);
  expect(await thief.events(500)).toContain(key);
  await thief.stopped('victim');
  expect((await thief.send('GET', '/v1/history')).json).toMatchObject({ items: [{ key, outcome: 'stopped' }] });
});

test('a value with line breaks is one value, and adds no variable', async () => {
  const environment = { A: 'x\r\nLD_PRELOAD=/y', JUPYTERHUB_API_URL: apiUrl };
  await thief.started('lines', '', { environment });
  const { Config } = await inspect(engine, (await thief.server('lines')).container!.id);
  expect(Config.Env).toEqual(expect.arrayContaining(['A=x\r\nLD_PRELOAD=/y', 'SITE=as the site says']));
  expect(Config.Env.filter((entry) => entry.startsWith('LD_'))).toEqual([]);
  await thief.stopped('lines');
});

test('it may take a name for itself with the highest generation; forgetting the server gives it back', async () => {
  await thief.started('taken', '', { generation: Number.MAX_SAFE_INTEGER });
  expect((await thief.put('taken')).json).toMatchObject({
    code: 'generation-superseded',
    current: Number.MAX_SAFE_INTEGER,
  });
  const purge = await berth.call('admin', 'DELETE', `/v1/servers/${thief.key('taken')}?purge=true`);
  expect([200, 202]).toContain(purge.status);
  const path = `/v1/servers/${thief.key('taken')}`;
  await waitFor('it is forgotten', async () => (await thief.send('GET', path)).status === 404);
  await thief.started('taken');
  await thief.stopped('taken');
});

test('an unknown token, none, and one that is cut short are nobody', async () => {
  const token = await berth.token('hub');
  for (const word of ['x'.repeat(token.length), token.slice(0, -1), `${token}x`, token.toUpperCase()]) {
    const answer = await new TokenHolder(berth, word, 'default').send('GET', '/v1/servers');
    expect([answer.status, answer.json?.['code']]).toEqual([401, 'token-invalid']);
    expect(answer.text).not.toContain(word);
  }
  const none = await fetch(`${berth.url}/v1/servers?token=${token}`, { headers: { cookie: `token=${token}` } });
  expect(none.status).toBe(401);
});

test('who may open the unix socket has still to bring a token', async () => {
  const ask = async (headers: Record<string, string>) =>
    new Promise<number>((resolve, reject) => {
      const options = { socketPath: join(berth.runtime, 'hub.sock'), path: '/v1/servers', headers, agent: false };
      const sent = request(options, (answer) => resolve(answer.resume().statusCode ?? 0));
      sent.once('error', reject).end();
    });
  expect(await ask({})).toBe(401);
  expect(await ask({ authorization: `Bearer ${await berth.token('hub')}` })).toBe(200);
});

async function containers(): Promise<string[]> {
  return (await docker(engine, 'ps', '-aq', '--filter', label)).split('\n').filter(Boolean);
}
