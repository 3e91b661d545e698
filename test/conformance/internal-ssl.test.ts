/**
 * JupyterHub's internal SSL: hub, proxy and notebook servers speak TLS with each other, and each demands the other's
 * certificate. The hub sends a server's with its start; Berth lends them to the container and to nobody else.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readdir, readFile, stat } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import type { Browser } from '../stack/browser.ts';
import type { Notebook } from '../stack/notebook.ts';
import { waitFor } from '../stack/program.ts';
import { readText } from '../stack/read-text.ts';
import { docker, sharedEngine, testFolder } from '../stack/shared-engine.ts';
import { Stack } from '../stack/stack.ts';

/** What `docker inspect` shows of mounts, beside what InspectedContainer has. */
interface Mount {
  readonly Source: string;
  readonly Destination: string;
  readonly RW: boolean;
}

const engine = sharedEngine();
let folder: string;
let stack: Stack;
let browser: Browser;
let notebook: Notebook;
let kernel: string;
/** Where the proxy finds the server: `https://127.0.0.1:PORT`. */
let url: string;
let container: string;
/** The private keys of the servers that were started. */
const keys: string[] = [];

beforeAll(async () => {
  folder = await testFolder();
  stack = await Stack.start({
    ...{ folder, engine, images: [engine.notebookImage], internalSsl: true },
    berthConfiguration: { log: { level: 'trace' } },
    hubConfiguration: 'c.JupyterHub.log_level = 10',
  });
  browser = await stack.loggedIn('user1');
  await browser.startServer('user1');
  const progress = await browser.progressToEnd('user1');
  if (progress.at(-1)?.ready !== true) throw new Error(`${JSON.stringify(progress)}\n${stack.logs()}`);
  notebook = await browser.openNotebook('user1');
  kernel = await notebook.startKernel();
  container = (await stack.containers('user1'))[0]!.Id;
  const { items } = await stack.berth.get<{ items: { status: { url: string } }[] }>('/v1/servers');
  url = items[0]!.status.url;
  keys.push(await privateKey(container));
}, 240_000);

afterAll(async () => {
  await stack?.remove();
});

async function privateKey(of: string): Promise<string> {
  return docker(engine, 'exec', of, 'cat', '/run/berth/ssl/key.pem');
}

/** A GET at the server itself, from the host; with a certificate of the hub's where one is named. */
async function ask(certificateOf?: string): Promise<string> {
  const file = (name: string) => readFile(join(folder, 'h/internal-ssl', name), 'utf8');
  const ca = await file('proxy-client-ca_trust.crt');
  const own = certificateOf && {
    cert: await file(`${certificateOf}/${certificateOf}.crt`),
    key: await file(`${certificateOf}/${certificateOf}.key`),
  };
  return new Promise((resolve, reject) => {
    const sent = request(new URL('/user/user1/api', url), { ca, agent: false, timeout: 10_000, ...own }, (answer) => {
      readText(answer).then((text) => resolve(`${answer.statusCode} ${text}`), reject);
    });
    sent.once('error', (error) => resolve(error.message));
    sent.end();
  });
}

test('JupyterLab answers through the proxy, and a kernel computes', async () => {
  expect((await browser.open('/user/user1/lab')).status).toBe(200);
  expect(await notebook.execute(kernel, 'print(6 * 7)')).toBe('42\n');
});

test('the notebook server reaches the hub by TLS, at an address that its certificate names', async () => {
  expect(stack.hub.apiUrl).toMatch(/^https:/);
  // Its activity reports carry its own certificate.
  const code = `
import os, ssl, urllib.request
context = ssl.create_default_context(cafile=os.environ["JUPYTERHUB_SSL_CLIENT_CA"])
context.load_cert_chain(os.environ["JUPYTERHUB_SSL_CERTFILE"], os.environ["JUPYTERHUB_SSL_KEYFILE"])
print(os.environ["JUPYTERHUB_API_URL"], urllib.request.urlopen(os.environ["JUPYTERHUB_API_URL"] + "/", context=context).status)`;
  expect(await notebook.execute(kernel, code)).toBe(`${stack.hub.apiUrl} 200\n`);
});

test('the server is published on loopback, speaks nothing but TLS, and only with those that the hub trusts', async () => {
  expect(url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
  expect(await ask('proxy-client')).toMatch(/^200 \{"version"/);
  expect(await ask()).toMatch(/certificate required|socket hang up|ECONNRESET/);
  const unencrypted = await fetch(url.replace('https', 'http')).then((answer) => String(answer.status), String);
  expect(unencrypted).toMatch(/fetch failed/);
});

test('the certificates are mounted read-only, from a folder of root alone', async () => {
  const [inspected] = JSON.parse(await docker(engine, 'inspect', container)) as { Mounts: Mount[] }[];
  const outer = join(stack.berth.runtime, 'ssl');
  const own = inspected!.Mounts.find(({ Destination }) => Destination === '/run/berth/ssl');
  expect(own).toMatchObject({ RW: false, Source: expect.stringMatching(`^${outer}/`) });
  expect(((await stat(outer)).mode & 0o777).toString(8)).toBe('700');
  const write = 'open("/run/berth/ssl/cert.pem", "a")';
  await expect(notebook.execute(kernel, write)).rejects.toThrow(/Read-only file system|Permission denied/);
});

test('a named server beside it has a certificate of its own', async () => {
  await browser.startServer('user1', 'second');
  expect((await browser.progressToEnd('user1', 'second')).at(-1)).toMatchObject({ ready: true });
  expect((await browser.open('/user/user1/second/lab')).status).toBe(200);
  const other = (await stack.containers('user1')).find(({ Id }) => Id !== container)!.Id;
  keys.push(await privateKey(other));
  expect(new Set(keys).size).toBe(2);
  expect(await readdir(join(stack.berth.runtime, 'ssl'))).toHaveLength(2);
});

test('the server outlives a restart of the service, with another configuration, and of the hub with its proxy', async () => {
  const { 'berth.instance': instance } = (await stack.containers('user1'))[0]!.Config.Labels;
  const hubs = [{ name: 'default', apiUrl: stack.hub.apiUrl }];
  await stack.berth.configure({ instance, log: { level: 'trace' }, hubs });
  await stack.berth.restart();
  await stack.hub.restart();
  await waitFor(
    'the hub says it is ready',
    async () => (await stack.hubApi.user('user1'))?.servers['']?.ready === true,
  );
  expect(await notebook.execute(kernel, 'print(6 * 7)')).toBe('42\n');
});

test('berth doctor finds that containers reach the hub, although it turns away who has no certificate', async () => {
  const { items } = await stack.berth.get<{ items: { part: string; level: string; finding: string }[] }>('/v1/doctor');
  const ofTheHub = items.filter(({ part }) => part === 'hub').map(({ finding }) => finding);
  expect(ofTheHub).toEqual([`Containers reach the hub default at ${stack.hub.apiUrl}.`]);
});

test('once stopped, the certificates are gone, and the key stands in no log and no database', async () => {
  for (const path of ['/users/user1/server', '/users/user1/servers/second'])
    expect([202, 204]).toContain((await browser.api('DELETE', path)).status);
  await waitFor('the containers are gone', async () => (await stack.containers('user1')).length === 0, { seconds: 60 });
  await waitFor('the folder is empty', async () => (await readdir(join(stack.berth.runtime, 'ssl'))).length === 0);

  // Any line of a key's body will do: it is random throughout.
  const lines = keys.map((key) => /^[A-Za-z0-9+/]{60,}$/m.exec(key)?.[0] ?? '');
  expect(lines.map(({ length }) => length)).toEqual([64, 64]);
  const files = (await Promise.all([join(folder, 'b'), join(folder, 'h')].map(allFiles))).flat();
  const holding: string[] = [];
  for (const file of files) {
    const text = await readFile(file, 'latin1');
    if (lines.some((line) => text.includes(line))) holding.push(file.slice(folder.length + 1));
  }
  const read = ['b/berth.log', 'b/state/berth.db', 'h/hub.log', 'h/jupyterhub.sqlite'].map((name) =>
    join(folder, name),
  );
  expect(files).toEqual(expect.arrayContaining(read));
  // Where the hub itself keeps it: one pair a user, of the server that was started last.
  expect(holding).toEqual(['h/internal-ssl/user-user1/user-user1.key']);
});

async function allFiles(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
