/** The three ways by which a hub reaches the service: http, https with a CA of the site's own, and the unix socket. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Berth, type BerthOptions } from '../stack/berth.ts';
import { Browser, type ProgressMessage } from '../stack/browser.ts';
import { makeAuthority, signCertificate, type Certificate } from '../stack/certificates.ts';
import { Hub } from '../stack/hub.ts';
import { HubApi } from '../stack/hub-api.ts';
import { waitFor } from '../stack/program.ts';
import { docker, sharedEngine, testFolder } from '../stack/shared-engine.ts';
import { venvFolder } from '../stack/venvs.ts';

const engine = sharedEngine();
/** What the tiny image's server says of a path that it doesn't have; the hub and its proxy say it otherwise. */
const ofTheServer = 'The requested URL was not found';
const instances = { plain: 'transport-plain', secret: 'transport-secret' };
let folder: string;
let plain: Berth;
let secret: Berth;
let authority: Certificate;
let otherAuthority: Certificate;

beforeAll(async () => {
  folder = await testFolder();
  authority = await makeAuthority(join(folder, 'ca'));
  otherAuthority = await makeAuthority(join(folder, 'other-ca'));
  const certificate = await signCertificate(authority, join(folder, 'ca'), ['IP:127.0.0.1']);
  const service = (name: keyof typeof instances, more: Partial<BerthOptions> = {}) =>
    Berth.start({
      ...{ folder: join(folder, name), dockerSocket: engine.socketPath, images: [engine.tinyImage] },
      ...{ configuration: { instance: instances[name] }, ...more },
    });
  plain = await service('plain');
  secret = await service('secret', { tls: { ...certificate, authority: authority.certificate } });
});

afterAll(async () => {
  await plain?.remove();
  await secret?.remove();
  for (const instance of Object.values(instances)) {
    const left = (await containers(instance)).trim();
    if (left !== '') await docker(engine, 'rm', '-f', ...left.split('\n'));
  }
});

async function containers(instance: string): Promise<string> {
  return docker(engine, 'ps', '-aq', '--filter', `label=berth.instance=${instance}`);
}

/** A hub that knows its service by its configuration alone. */
async function startHub(name: string, berth: Berth, settings: Readonly<Record<string, string>>): Promise<Hub> {
  const lines = Object.entries(settings).map(([key, value]) => `c.BerthSpawner.${key} = ${JSON.stringify(value)}`);
  return Hub.start({
    folder: join(folder, `hub-${name}`),
    venv: venvFolder('5.5.1'),
    hubAddress: engine.bridgeAddress,
    configuration: [...lines, `c.BerthSpawner.token_file = ${JSON.stringify(berth.tokenFile('hub'))}`].join('\n'),
  });
}

async function start(browser: Browser, user: string): Promise<ProgressMessage | undefined> {
  await browser.startServer(user);
  return (await browser.progressToEnd(user)).at(-1);
}

async function stop(hub: Hub, browser: Browser, user: string): Promise<void> {
  expect([202, 204]).toContain((await browser.api('DELETE', `/users/${user}/server`)).status);
  await waitFor(`${user} has no server`, async () => (await servers(hub, user)).length === 0, { seconds: 30 });
}

async function servers(hub: Hub, user: string) {
  return Object.values((await new HubApi(hub).user(user))?.servers ?? {});
}

const transports: readonly (readonly [string, keyof typeof instances, () => Readonly<Record<string, string>>])[] = [
  ['http', 'plain', () => ({ berth_url: plain.url })],
  ['https', 'secret', () => ({ berth_url: secret.url, ca_file: authority.certificate })],
  ['unix', 'plain', () => ({ berth_url: `unix://${join(plain.runtime, 'hub.sock')}` })],
];

test.each(transports)('%s: a server starts, events flow, and it stops', async (name, service, settings) => {
  const berth = { plain, secret }[service];
  expect(settings()['berth_url']).toMatch(new RegExp(`^${name}://`));
  const hub = await startHub(name, berth, settings());
  try {
    const user = `by-${name}`;
    const browser = new Browser(hub);
    await browser.login(user, hub.password);
    expect(await start(browser, user)).toMatchObject({ ready: true });
    expect((await browser.open(`/user/${user}/`)).text).toContain(ofTheServer);
    await waitFor('one stream of events is open', async () => {
      const metrics = await (await berth.call('admin', 'GET', '/metrics')).text();
      return /^berth_event_streams_open 1$/m.test(metrics);
    });
    expect((await containers(instances[service])).trim()).toMatch(/^[0-9a-f]{12}$/);

    await stop(hub, browser, user);
    expect(await containers(instances[service])).toBe('');
    const { items } = await berth.get<{ items: object[] }>(`/v1/history?user=${user}`);
    expect(items).toMatchObject([{ outcome: 'stopped' }]);
    // No word of a transport that failed.
    expect(hub.log()).not.toMatch(/Berth: /);
  } finally {
    await hub.remove();
  }
});

test('a wrong CA: no server is declared dead, a start fails with a sentence; with the right one again all goes on', async () => {
  const caFile = join(folder, 'ca-of-the-hub.pem');
  await copyFile(authority.certificate, caFile);
  const hub = await startHub('wrong-ca', secret, { berth_url: secret.url, ca_file: caFile });
  try {
    const browser = new Browser(hub);
    await browser.login('running', hub.password);
    expect(await start(browser, 'running')).toMatchObject({ ready: true });
    const before = await containers(instances.secret);

    await hub.stop();
    await copyFile(otherAuthority.certificate, caFile);
    await hub.start();
    await waitFor('the hub says what to set', async () => /Set c\.Berth\.ca_file/.test(hub.log()), {
      seconds: 30,
    });
    expect(await servers(hub, 'running')).toMatchObject([{ ready: true }]);
    expect((await browser.open('/user/running/')).text).toContain(ofTheServer);

    const other = new Browser(hub);
    await other.login('starting', hub.password);
    const failure = await start(other, 'starting');
    expect(failure).toMatchObject({ failed: true });
    expect(failure?.message).toMatch(/The service that starts notebook servers \(Berth\) can't be reached/);
    expect(await servers(hub, 'starting')).toEqual([]);
    expect(await containers(instances.secret)).toBe(before);
    expect(await servers(hub, 'running')).toMatchObject([{ ready: true }]);

    await copyFile(authority.certificate, caFile);
    expect(await start(other, 'starting')).toMatchObject({ ready: true });
    await stop(hub, other, 'starting');
    await stop(hub, browser, 'running');
    expect(await containers(instances.secret)).toBe('');
  } finally {
    await hub.remove();
  }
});
