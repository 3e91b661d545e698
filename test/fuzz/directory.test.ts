/**
 * The requests about users, made from the contract by schemathesis, against a service with a real directory: right
 * names and passwords are mixed in, so that logins, look-ups and the rest succeed as well as fail. No answer may be a
 * 5xx: the directory and its KDC are well.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TokenHolder } from '../security/token-holder.ts';
import { Berth } from '../stack/berth.ts';
import { Directory } from '../stack/directory.ts';
import { bringSchemathesis, fuzz, type Exchange, type FuzzResult } from '../stack/schemathesis.ts';
import { docker, sharedEngine, testFolder } from '../stack/shared-engine.ts';

const engine = sharedEngine();
const instance = 'test-fuzz-directory';
const viewerToken = 'viewer-0123456789-0123456789-0123456789';
const password = 'Pa55-that-is-right';
const users = ['user1', 'user2', 'user3'];
const hooks = fileURLToPath(new URL('hooks.py', import.meta.url));
const configurationFile = fileURLToPath(new URL('schemathesis.toml', import.meta.url));
const onUsers = [
  'logIn',
  'getUser',
  'forgetUser',
  'refreshUser',
  'explainUser',
  'destroyTicket',
  'getHub',
  'runDoctor',
];

/** In this order; each but nobody finds the users logged in. Whoever is refused unread is asked little. */
const amounts = { hub: '25', viewer: '5', nobody: '5', admin: '15' } as const;
type Role = keyof typeof amounts;
const roles = Object.keys(amounts) as Role[];

let folder: string;
let directory: Directory;
let berth: Berth;
let hub: TokenHolder;
const results = new Map<Role, FuzzResult>();

beforeAll(async () => {
  folder = await testFolder();
  await writeFile(join(folder, 'viewer.token'), viewerToken, { mode: 0o600 });
  directory = await Directory.start({ folder: join(folder, 'ad') });
  const passwordFile = join(folder, 'service-password');
  await writeFile(passwordFile, directory.service.password, { mode: 0o600 });
  await directory.accounts.createGroup({ name: 'risk analysts' });
  for (const name of users) await directory.accounts.createUser({ name, password, groups: ['risk analysts'] });
  berth = await Berth.start({
    folder: join(folder, 'b'),
    dockerSocket: engine.socketPath,
    images: [engine.tinyImage],
    configuration: {
      instance,
      viewerTokenFile: join(folder, 'viewer.token'),
      directory: {
        domain: directory.domain,
        servers: [directory.ldapsUrl],
        caFile: directory.caFile,
        serviceAccount: { name: `${directory.service.name}@${directory.domain}`, passwordFile },
      },
      login: { allow: ['BANK\\risk analysts'] },
      accounts: { source: 'pbis', home: { mount: false } },
      tickets: { krb5Conf: directory.krb5ConfFile },
    },
  });
  hub = await TokenHolder.of(berth, 'hub.token', 'default');
  const venv = await bringSchemathesis();
  for (const name of roles) {
    for (const username of users) {
      const { status, text } = await hub.send('POST', '/v1/logins', { username, password });
      if (status !== 200) throw new Error(text);
    }
    const token = await tokenOf(name);
    const words = [
      ...['--phases', 'examples,fuzzing', '--max-examples', amounts[name]],
      ...onUsers.flatMap((operation) => ['--include-operation-id', operation]),
    ];
    const facts = { hub: hub.hub, keys: [hub.key('user1')], users, password };
    const speaker = token === undefined ? {} : { token };
    results.set(
      name,
      await fuzz(venv, { folder, name, url: berth.url, configurationFile, words, hooks, facts, ...speaker }),
    );
  }
}, 300_000);

afterAll(async () => {
  await berth?.remove();
  await directory?.remove();
  const left = await docker(engine, 'ps', '-aq', '--filter', `label=berth.instance=${instance}`);
  for (const id of left.split('\n').filter(Boolean)) await docker(engine, 'rm', '-f', id);
});

async function tokenOf(role: Role): Promise<string | undefined> {
  if (role === 'nobody') return undefined;
  return role === 'viewer' ? viewerToken : berth.token(role);
}

test.each(roles)('each answer to %s about users is one that the contract names', (role) => {
  const { clean, report } = results.get(role)!;
  expect(clean ? 'clean' : report).toBe('clean');
});

test.each(roles)('no answer to %s about users is a 5xx', (role) => {
  const mistakes = results.get(role)!.exchanges.filter(({ status }) => status >= 500);
  expect(mistakes.map(({ method, path, status, received }) => [method, path, status, received])).toEqual([]);
});

/** Method and path of each operation about users. */
const operations: Readonly<Record<string, readonly [string, RegExp]>> = {
  logIn: ['POST', /^\/v1\/logins$/],
  getUser: ['GET', /^\/v1\/users\/[^/]+$/],
  forgetUser: ['DELETE', /^\/v1\/users\/[^/]+$/],
  refreshUser: ['POST', /^\/v1\/users\/[^/]+\/refresh$/],
  explainUser: ['GET', /^\/v1\/users\/[^/]+\/explain$/],
  destroyTicket: ['DELETE', /^\/v1\/users\/[^/]+\/ticket$/],
};
const done: Readonly<Record<Role, readonly string[]>> = {
  hub: ['destroyTicket', 'getUser', 'logIn', 'refreshUser'],
  viewer: ['explainUser', 'getUser'],
  nobody: [],
  admin: ['destroyTicket', 'explainUser', 'forgetUser', 'getUser', 'refreshUser'],
};

function answersTo(role: Role, operation: string): Exchange[] {
  const [method, path] = operations[operation]!;
  return results.get(role)!.exchanges.filter((one) => one.method === method && path.test(one.path));
}

test.each(roles)('the requests of %s do with users all that this role may do, and nothing else', (role) => {
  const succeeded = Object.keys(operations).filter((operation) =>
    answersTo(role, operation).some(({ status }) => status === 200),
  );
  expect(succeeded.toSorted()).toEqual(done[role]);
});

test('right logins, wrong ones and malformed ones were all among them', () => {
  const statuses = new Set(answersTo('hub', 'logIn').map(({ status }) => status));
  expect([...statuses]).toEqual(expect.arrayContaining([200, 400, 401]));
});

test.each(roles)('no answer to %s tells a password, and none is in the log', async (role) => {
  const secrets = [password, directory.service.password];
  const told = results.get(role)!.exchanges.filter((one) => secrets.some((secret) => one.received.includes(secret)));
  expect(told.map(({ method, path, received }) => [method, path, received])).toEqual([]);
  expect(secrets.filter((secret) => berth.log().includes(secret))).toEqual([]);
});

test('after all that the service is ready, and a user can log in', async () => {
  expect(await berth.status('/readyz')).toBe(200);
  expect((await hub.send('POST', '/v1/logins', { username: 'user1', password })).status).toBe(200);
});
