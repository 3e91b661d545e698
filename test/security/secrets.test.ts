/**
 * Where secrets go: values that are known, put into starts, then searched for in everything that the service says,
 * writes or shows. Each place is proven to be read: it must hold something that belongs there.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { lstat, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from '../stack/browser.ts';
import { docker, sharedEngine, testFolder } from '../stack/shared-engine.ts';
import { Stack } from '../stack/stack.ts';
import { inspect, type Inspected } from './inspected.ts';
import { startOf, TokenHolder } from './token-holder.ts';

const engine = sharedEngine();
const random = () => randomBytes(24).toString('hex');
const missingImage = 'berth-test/missing:1';
/** What is known beforehand. */
const known = {
  'a variable of a user': random(),
  'a variable of a refused start': random(),
  'a word in a broken body': random(),
  "the private key of a server's certificate": random(),
};

let folder: string;
let stack: Stack;
let browser: Browser;
let container: Inspected;
let hub: TokenHolder;
let admin: TokenHolder;
let viewer: TokenHolder;
/** All that must stay where it is, by what it is. */
let secrets: Record<string, string>;
/** What was shown to people and programs while servers started, ran, failed and ended. */
const seen = new Map<string, string>();
let certificateFolders: string[];

beforeAll(async () => {
  folder = await testFolder();
  const viewerToken = `viewer_${random()}`;
  await writeFile(join(folder, 'viewer.token'), `${viewerToken}\n`, { mode: 0o600 });
  stack = await Stack.start({
    folder,
    engine,
    images: [engine.tinyImage, missingImage],
    hubConfiguration: `c.Spawner.environment = {"USER_SECRET": "${known['a variable of a user']}"}`,
    berthConfiguration: { log: { level: 'trace' }, viewerTokenFile: join(folder, 'viewer.token') },
  });
  const { berth } = stack;
  hub = await TokenHolder.of(berth, 'hub.token', 'default');
  admin = await TokenHolder.of(berth, 'admin.token', '');
  viewer = new TokenHolder(berth, viewerToken, '');

  browser = await stack.loggedIn('user1');
  seen.set("the hub's page of a start", (await browser.startServer('user1')).text);
  seen.set('progress of a start', JSON.stringify(await browser.progressToEnd('user1')));
  seen.set("the hub's home page", (await browser.open('/hub/home')).text);
  container = await inspect(engine, (await stack.containers('user1'))[0]!.Id);

  await failedStarts();
  await startWithCertificates();
  await look();
  secrets = {
    ...known,
    "a notebook's token for the hub": variable(container, 'JUPYTERHUB_API_TOKEN'),
    "the hub's token": await berth.token('hub'),
    "the admin's token": await berth.token('admin'),
    "the viewer's token": viewerToken,
    "the labels' key": (await readFile(join(berth.state, 'label.key'))).toString('latin1'),
    "the hub's cookie secret": (await readFile(join(folder, 'h', 'cookie_secret'), 'utf8')).trim(),
    "a user's password": stack.hub.password,
  };
}, 240_000);

afterAll(async () => {
  await stack?.remove();
});

/** Starts that are refused or fail, each with a secret in it. */
async function failedStarts(): Promise<void> {
  const refused = { LD_PRELOAD: known['a variable of a refused start'], A: known['a variable of a refused start'] };
  seen.set('a refused start', (await hub.put('user2', '', { environment: refused })).text);
  const path = `/v1/servers/${hub.key('user2')}`;
  const broken = `{"user": "${known['a word in a broken body']}`;
  seen.set('a broken body', (await hub.send('PUT', path, broken)).text);
  const wrong = startOf('user2', '', { environment: { A: [known['a word in a broken body']] } });
  seen.set('a wrong body', (await hub.send('PUT', path, wrong)).text);

  const other = await stack.loggedIn('user2');
  const answer = await stack.hubApi.call('POST', '/users/user2/server', { image: missingImage });
  seen.set("the hub's answer to a failed start", await answer.text());
  seen.set('progress of a failed start', JSON.stringify(await other.progressToEnd('user2').catch(String)));
  seen.set("the hub's page of a failed start", (await other.open('/hub/spawn-pending/user2')).text);
}

async function startWithCertificates(): Promise<void> {
  const pem = (word: string) => `-----BEGIN PRIVATE KEY-----\n${word}\n-----END PRIVATE KEY-----\n`;
  const certificates = {
    key: pem(known["the private key of a server's certificate"]),
    certificate: pem('public'),
    authority: pem('public'),
  };
  await hub.started('user3', '', { certificates });
  const ssl = join(stack.berth.runtime, 'ssl');
  const { mode } = await stat(ssl);
  expect((mode & 0o777).toString(8)).toBe('700');
  certificateFolders = await readdir(ssl);
  await hub.stopped('user3');
}

/** Every answer of the service to each role, and what it and others write. */
async function look(): Promise<void> {
  const { berth } = stack;
  seen.set('the answer to a backup', (await admin.send('POST', '/v1/backups')).text);
  const key = hub.key('user1');
  const server = [`/v1/servers/${key}`, `/v1/servers/${key}/logs`, '/v1/servers?state=failed,stopped,running'];
  const lists = ['/v1/servers', '/v1/history', '/v1/hub', '/v1/drain', '/v1/doctor'];
  const open = ['/healthz', '/readyz', '/metrics', '/openapi.json', '/docs/'];
  for (const [role, holder] of Object.entries({ hub, admin, viewer })) {
    for (const path of [...server, ...lists, ...open])
      seen.set(`GET ${path} as ${role}`, (await holder.send('GET', path)).text);
    seen.set(`events as ${role}`, await holder.events(500));
  }
  seen.set("the container's labels", JSON.stringify(container.Config.Labels));
  seen.set("the service's log", berth.log());
  seen.set("the service's command line and environment", await ofProcess(berth.pid!));
  seen.set('command lines of all processes', await commandLines());
  for (const name of await readdir(berth.state, { recursive: true })) {
    const path = join(berth.state, name);
    if (/\.token$|label\.key$/.test(name) || !(await stat(path)).isFile()) continue;
    seen.set(`<state>/${name}`, await readFile(path, 'latin1'));
  }
  seen.set("the hub's database", await readFile(join(folder, 'h', 'jupyterhub.sqlite'), 'latin1'));
  seen.set("the hub's log", stack.hub.log());
  seen.set("the proxy's log", stack.hub.proxyLog());
}

function variable({ Config }: Inspected, name: string): string {
  const entry = Config.Env.find((one) => one.startsWith(`${name}=`));
  if (entry === undefined) throw new Error(`the container has no ${name}`);
  return entry.slice(name.length + 1);
}

async function ofProcess(pid: number): Promise<string> {
  const [line, environment] = await Promise.all(
    ['cmdline', 'environ'].map((file) => readFile(`/proc/${pid}/${file}`, 'latin1')),
  );
  return `${line}\n${environment}`;
}

async function commandLines(): Promise<string> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '')));
  return lines.join('\n');
}

/** The secret as it is, and as it might be written. */
function forms(secret: string): string[] {
  const bytes = Buffer.from(secret, 'latin1');
  return [secret, bytes.toString('base64').replace(/=+$/, ''), bytes.toString('base64url'), bytes.toString('hex')];
}

/** `WHAT in WHERE` for each that is found. */
function found(): string[] {
  return Object.entries(secrets).flatMap(([what, secret]) =>
    [...seen].flatMap(([where, text]) =>
      forms(secret).some((form) => text.includes(form)) ? `${what} in ${where}` : [],
    ),
  );
}

test('a server has its secrets where they belong: in the environment of its container', () => {
  expect(variable(container, 'USER_SECRET')).toBe(known['a variable of a user']);
  for (const [what, secret] of Object.entries(secrets)) {
    const belongs = ['a variable of a user', "a notebook's token for the hub"].includes(what);
    expect([what, container.Config.Env.some((entry) => entry.includes(secret))]).toEqual([what, belongs]);
  }
});

test('secrets are found in no answer, event, log, label, page, database, backup, command line or environment', () => {
  expect(Object.values(secrets).filter((secret) => secret.length < 12)).toEqual([]);
  expect(found()).toEqual([]);
});

test('each of these places was read, and says something of the servers', () => {
  const key = hub.key('user1');
  const places = [
    ...['hub', 'admin', 'viewer'].flatMap((role) => [`GET /v1/servers as ${role}`, `events as ${role}`]),
    ...["the container's labels", "the service's log", '<state>/berth.db-wal'],
  ];
  for (const place of places) expect([place, seen.get(place)?.includes(key)]).toEqual([place, true]);
  const backup = [...seen.keys()].find((place) => /^<state>\/backups\/berth-.*\.db$/.test(place));
  expect(seen.get(backup ?? '')).toContain(key);
  expect(seen.get("the service's command line and environment")).toContain('serve');
  expect(seen.get('command lines of all processes')).toContain('berth');
  expect(seen.get("the hub's page of a failed start")).toContain(missingImage);
  expect(seen.get('GET /v1/history as admin')).toContain(hub.key('user2'));
  expect(seen.get("the hub's database")).toContain('user1');
  const shown = [...seen].filter(([place]) => !place.startsWith('<state>/'));
  expect(shown.filter(([, text]) => text === '')).toEqual([]);
});

test('log lines are for the own hub and admins; a viewer gets none, in history neither', async () => {
  const path = `/v1/servers/${hub.key('user1')}/logs`;
  const statuses = await Promise.all(
    [hub, admin, viewer].map(async (holder) => (await holder.send('GET', path)).status),
  );
  expect(statuses).toEqual([200, 200, 403]);
  const tails = (await viewer.send('GET', '/v1/history')).json?.['items'] as { logTail: string[] }[];
  expect(tails.flatMap(({ logTail }) => logTail)).toEqual([]);
});

test.each([
  ['PUT', '/v1/drain', { enabled: true }],
  ['POST', '/v1/backups', undefined],
  ['GET', '/v1/doctor', undefined],
  ['GET', '/v1/hub', undefined],
])('%s %s is not for a viewer', async (method, path, body) => {
  expect((await viewer.send(method, path, body)).status).toBe(403);
});

test('a viewer starts and stops nothing; an admin stops, and starts nothing', async () => {
  const path = `/v1/servers/${hub.key('user1')}`;
  const body = startOf('user1');
  expect((await viewer.send('PUT', path, body)).status).toBe(403);
  expect((await viewer.send('DELETE', path)).status).toBe(403);
  expect((await admin.send('PUT', path, body)).status).toBe(403);
  expect((await hub.server('user1')).status.state).toBe('running');
});

test('files that hold secrets are closed to everybody else on the host', async () => {
  const { state, runtime } = stack.berth;
  const mode = async (path: string) => ((await lstat(path)).mode & 0o777).toString(8);
  expect(await mode(state)).toBe('700');
  const files = ['hub.token', 'admin.token', 'label.key', 'berth.db', 'berth.db-wal'];
  for (const name of files) expect([name, await mode(join(state, name))]).toEqual([name, '600']);
  const backups = await readdir(join(state, 'backups'));
  expect(backups).toHaveLength(1);
  expect(await mode(join(state, 'backups', backups[0]!))).toBe('600');
  expect(await mode(join(runtime, 'hub.sock'))).toBe('660');
});

test("a server's certificates lie in a folder of root's alone, and go with the server", async () => {
  expect(certificateFolders).toEqual([hub.key('user3')]);
  expect(await readdir(join(stack.berth.runtime, 'ssl'))).toEqual([]);
});

test('each secret would have been found, as it is or encoded', async () => {
  for (const secret of Object.values(secrets))
    for (const form of forms(secret)) {
      seen.set('a place made for this', `before ${form} after`);
      expect(found()).toHaveLength(1);
    }
  seen.delete('a place made for this');
  expect(await docker(engine, 'ps', '-q', '--filter', `id=${container.Id}`)).not.toBe('');
});
