/**
 * Where passwords and tickets go: users of a real directory log in, rightly and in each wrong way, start a server, and the
 * service is stopped, killed and started again. Then what is secret is searched for in everything that anybody writes,
 * says or shows. Each place is proven to be read: it must hold something that belongs there.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parseCcache } from '@berth/krb5-ccache';
import { randomBytes } from 'node:crypto';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser } from '../stack/browser.ts';
import { DirectoryStack } from '../stack/directory-stack.ts';
import { freeAddress } from '../stack/free-address.ts';
import { krb5Conf } from '../stack/krb5-conf.ts';
import { Relay } from '../stack/relay.ts';
import { docker, sharedEngine, testFolder } from '../stack/shared-engine.ts';
import { brokenLogins } from './broken-logins.ts';
import { inspect } from './inspected.ts';
import { watchProcesses, type Watched } from './process-watch.ts';
import { binarySecret, findSecrets, formsOf, textSecret, type Secret } from './secret-forms.ts';
import { SpecialPassword } from './special-password.ts';
import { TokenHolder } from './token-holder.ts';

const engine = sharedEngine();
const crowd = Array.from({ length: 10 }, (_, index) => `crowd${index}`);

const passwords = {
  user1: new SpecialPassword(),
  user2: new SpecialPassword(),
  disabled: new SpecialPassword(),
  crowd: new SpecialPassword(),
  'who types a wrong one': new SpecialPassword(),
  'who logs in while the KDC is away': new SpecialPassword(),
  'who logs in while the KDC is silent': new SpecialPassword(),
  'who logs in while the directory is away': new SpecialPassword(),
  'who logs in while the directory is silent': new SpecialPassword(),
  'who types it as the user name': new SpecialPassword(),
  nobody: new SpecialPassword(),
  'a broken body': new SpecialPassword(),
};

const broken = brokenLogins(passwords['a broken body'].text);

let folder: string;
let bank: DirectoryStack;
let kdc: Relay;
let hub: TokenHolder;
let secrets: Record<string, Secret>;
/** What was written, said and shown, by where. */
const seen = new Map<string, Buffer>();
let processes: Watched;
let statuses: Record<string, number>;

beforeAll(async () => {
  folder = await testFolder();
  const address = await freeAddress([88, 389, 636]);
  kdc = await Relay.start({ to: address, ports: [88] });
  const krb5ConfFile = join(folder, 'kdc-behind-a-relay.conf');
  const realm = { realm: 'CORP.EXAMPLE.TEST', domain: 'corp.example.test', kdcs: [kdc.address] };
  await writeFile(krb5ConfFile, krb5Conf([realm]));
  const viewerToken = `viewer_${randomBytes(24).toString('hex')}`;
  await writeFile(join(folder, 'viewer.token'), `${viewerToken}\n`, { mode: 0o600 });
  bank = await DirectoryStack.start({
    folder,
    engine,
    images: [engine.tinyImage],
    directory: { address },
    async prepare(accounts) {
      await accounts.createGroup({ name: 'risk analysts' });
      const groups = ['risk analysts'];
      await accounts.createUser({ name: 'user1', password: passwords.user1.text, groups });
      await accounts.createUser({ name: 'user2', password: passwords.user2.text, groups });
      await accounts.createUser({ name: 'user3', password: passwords.disabled.text, groups });
      for (const name of crowd) await accounts.createUser({ name, password: passwords.crowd.text, groups });
      for (const what of ['away', 'silent'] as const) {
        const { text: password } = passwords[`who logs in while the KDC is ${what}`];
        await accounts.createUser({ name: `without-ticket-${what}`, password, groups });
      }
      await accounts.disable('user3');
    },
    login: { allow: ['BANK\\risk analysts'], throttle: { attempts: 20 } },
    tickets: { krb5Conf: krb5ConfFile, timeout: '5s' },
    berthConfiguration: { log: { level: 'trace' }, viewerTokenFile: join(folder, 'viewer.token') },
    hubConfiguration: 'c.JupyterHub.log_level = "DEBUG"',
  });
  const { berth } = bank.stack;
  hub = await TokenHolder.of(berth, 'hub.token', 'default');
  const admin = await TokenHolder.of(berth, 'admin.token', '');
  const viewer = new TokenHolder(berth, viewerToken, '');

  const browser = await loggedIn('user1', passwords.user1);
  await loggedIn('BANK\\USER2', passwords.user2);
  show("the hub's page of a start", (await browser.startServer('user1')).text);
  show('progress of a start', JSON.stringify(await browser.progressToEnd('user1')));
  show("the hub's home page", (await browser.open('/hub/home')).text);

  kdc.delay(100);
  processes = await watchProcesses(Promise.all(crowd.map((name) => loggedIn(name, passwords.crowd))));
  kdc.pass();
  statuses = { ...(await failThroughHub()), ...(await failByToken()) };

  secrets = {
    ...Object.fromEntries(Object.entries(passwords).map(([of, { secret }]) => [`password of ${of}`, secret])),
  };
  secrets["the service account's password"] = textSecret(bank.directory.service.password);
  for (const name of ['user1', 'user2', 'crowd0']) Object.assign(secrets, await ticketOf(name));

  show('the answer to a backup', (await admin.send('POST', '/v1/backups')).text);
  await look({ hub, admin, viewer });
  await berth.stop();
  await lookAtFiles('while the service is stopped');
  await berth.start();
  await sleep(1000); // fetch notices which of its connections are gone
  await berth.kill();
  await lookAtFiles('after the service was killed');
  await berth.start();
  await sleep(1000);
  await look({ hub, admin, viewer });
}, 300_000);

afterAll(async () => {
  await bank?.remove();
  await kdc?.remove();
});

/** A kept connection that the service closes at the same moment is no answer yet. */
async function again<T>(ask: () => Promise<T>): Promise<T> {
  return ask().catch(() => ask());
}

/** On a machine with much else to do a login may take longer than this stack lets it. */
async function loggedIn(user: string, { text }: SpecialPassword): Promise<Browser> {
  for (let tries = 1; ; tries++)
    try {
      return await bank.loggedIn(user, text);
    } catch (error) {
      if (tries === 10) throw error;
    }
}

function show(where: string, what: string | Buffer): void {
  const before = seen.get(where);
  const bytes = typeof what === 'string' ? Buffer.from(what) : what;
  seen.set(where, before === undefined ? bytes : Buffer.concat([before, Buffer.from('\n'), bytes]));
}

/** At the hub's own form. Resolves with the status of each page. */
async function failThroughHub(): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  const tried = async (what: keyof typeof passwords, user: string, isShown = true) => {
    const page = await bank.stack.browser().submitLogin(user, passwords[what].text);
    found[what] = page.status;
    if (isShown) show(`the hub's page for ${what}`, page.text);
  };
  await tried('who types a wrong one', 'user1');
  await tried('nobody', 'nobody-of-that-name');
  await tried('disabled', 'user3');
  // The form holds what was typed as the name, as every form does; to nobody else is it shown.
  await tried('who types it as the user name', passwords['who types it as the user name'].text, false);
  await kdc.refuse();
  await tried('who logs in while the KDC is away', 'without-ticket-away');
  await kdc.accept();
  kdc.stall();
  await tried('who logs in while the KDC is silent', 'without-ticket-silent');
  kdc.pass();
  await bank.relay.refuse();
  await tried('who logs in while the directory is away', 'user1');
  await bank.relay.accept();
  bank.relay.stall();
  await tried('who logs in while the directory is silent', 'user1');
  bank.relay.pass();
  return found;
}

/** By the hub's token. Resolves with the status of each answer. */
async function failByToken(): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const { what, body, headers = {}, query = '' } of broken) {
    const { status, text } = await again(() => hub.send('POST', `/v1/logins${query}`, body, headers));
    found[what] = status;
    show(`the answer to ${what}`, text);
  }
  return found;
}

/** The session key and the ticket's bytes of each credential of that user, as only root can read them. */
async function ticketOf(name: string): Promise<Record<string, Secret>> {
  const { account } = await bank.stack.berth.get<{ account: { uid: number } }>(`/v1/users/${name}`);
  const { credentials } = parseCcache(
    await readFile(join(bank.stack.berth.runtime, 'tickets', String(account.uid), 'krb5cc')),
  );
  const real = credentials.filter(({ server }) => server.components[0] === 'krbtgt');
  expect(real).toHaveLength(1);
  return {
    [`session key of ${name}`]: binarySecret(real[0]!.key.value),
    [`ticket of ${name}`]: binarySecret(real[0]!.ticket),
    // Enough to know it by, where only a piece of it was written.
    [`beginning of the ticket's encrypted part of ${name}`]: binarySecret(real[0]!.ticket.slice(-64, -32)),
  };
}

/** Every answer of the service to each role, what it and others write, and what the command line prints. */
async function look(holders: Readonly<Record<string, TokenHolder>>): Promise<void> {
  const { hub: jupyterhub } = bank.stack;
  const key = hub.key('user1');
  const users = ['user1', 'user3', 'nobody', 'without-ticket-away'].flatMap((name) => [
    `/v1/users/${name}`,
    `/v1/users/${name}/explain`,
  ]);
  const servers = ['/v1/servers', `/v1/servers/${key}`, `/v1/servers/${key}/logs`, '/v1/history', '/v1/hub?user=user1'];
  const others = ['/v1/drain', '/v1/doctor', '/healthz', '/readyz', '/metrics'];
  for (const [role, holder] of Object.entries(holders)) {
    for (const path of [...users, ...servers, ...others])
      show(`GET ${path} as ${role}`, (await again(() => holder.send('GET', path))).text);
    show(`refresh as ${role}`, (await again(() => holder.send('POST', '/v1/users/user1/refresh'))).text);
    show(`events as ${role}`, await again(() => holder.events(300)));
  }
  for (const command of ['ps', 'history', 'doctor', 'drain status', 'whoami user1', 'explain user1', 'logs user1'])
    show(`berth ${command}`, await bank.cli(...command.split(' '), '--json').catch(String));
  const [container] = await bank.stack.containers('user1');
  show('docker inspect', JSON.stringify(await inspect(engine, container!.Id)));
  show("the container's log", await docker(engine, 'logs', container!.Id));
  show("the hub's database", await readFile(join(folder, 'h', 'jupyterhub.sqlite')));
  show("the hub's log", jupyterhub.log());
  show("the proxy's log", jupyterhub.proxyLog());
  const { commandLines, environments } = await watchProcesses(Promise.resolve());
  show('command lines', Buffer.from([...processes.commandLines, ...commandLines].join('\n'), 'latin1'));
  show('environments', Buffer.from([...processes.environments, ...environments].join('\n'), 'latin1'));
  await lookAtFiles('while the service runs');
}

/** State and runtime folder; of the latter all but the tickets themselves. */
async function lookAtFiles(when: string): Promise<void> {
  const { berth } = bank.stack;
  show("the service's log", berth.log());
  for (const [what, at] of Object.entries({ state: berth.state, runtime: berth.runtime })) {
    for (const name of await readdir(at, { recursive: true })) {
      show(`names of files, ${when}`, `${what}/${name}`);
      if (what === 'runtime' && /^(tickets|krb5)\/\d+\/krb5cc$/.test(name)) continue;
      const found = await stat(join(at, name)).catch(() => undefined);
      if (found?.isFile()) show(`<${what}>/${name}, ${when}`, await readFile(join(at, name)));
    }
  }
}

/** JupyterHub warns of each failed login by the name that was typed, whatever the authenticator. SECURITY.md says so. */
const typedAsName = "password of who types it as the user name in the hub's log";

test('each login ended as it was meant to', () => {
  expect(statuses).toEqual({
    'who types a wrong one': 403,
    nobody: 403,
    disabled: 403,
    'who types it as the user name': 403,
    // The login is right; a notice says why there is no ticket.
    'who logs in while the KDC is away': 200,
    'who logs in while the KDC is silent': 200,
    'who logs in while the directory is away': 503,
    'who logs in while the directory is silent': 503,
    ...Object.fromEntries(broken.map(({ what, status }) => [what, status])),
  });
});

test('passwords and tickets are in no answer, page, log, file, database, backup, command line or environment', () => {
  expect(findSecrets(secrets, seen)).toEqual([typedAsName]);
});

test("what was typed as a user name stands in JupyterHub's own log, and nowhere else", () => {
  const lines = bank.stack.hub.log().split('\n');
  const typed = passwords['who types it as the user name'].text.slice(0, 8);
  const named = lines.filter((line) => line.includes(typed));
  expect(named).toEqual([expect.stringMatching(/^\[W .*\] Failed login for /)]);
});

test('each of these places was read, and says something of the users', () => {
  const database = [...seen.keys()].find((place) => /^<state>\/backups\/berth-.*\.db, while/.test(place)) ?? 'a backup';
  const account = [...seen.keys()].find((place) => /^<runtime>\/accounts\/.*\/passwd, while/.test(place)) ?? 'passwd';
  const words: Record<string, string> = {
    "the service's log": '"user":"user1"',
    "the hub's log": 'user1',
    "the hub's database": 'user1',
    "the proxy's log": 'Adding route',
    '<state>/audit.jsonl, while the service runs': '"user":"user1"',
    '<state>/berth.db, while the service is stopped': 'user1@CORP.EXAMPLE.TEST',
    '<state>/berth.db-wal, while the service runs': 'user1',
    '<state>/berth.db, after the service was killed': 'user1@CORP.EXAMPLE.TEST',
    [database]: 'user1@CORP.EXAMPLE.TEST',
    [account]: 'user1',
    '<runtime>/krb5.conf, while the service runs': 'CORP.EXAMPLE.TEST',
    'names of files, while the service runs': 'runtime/tickets/',
    'docker inspect': 'KRB5CCNAME=',
    "the container's log": 'listening',
    'command lines': 'kinit',
    environments: 'KRB5CCNAME=FILE:',
    'GET /v1/users/user1 as hub': 'user1@CORP.EXAMPLE.TEST',
    'GET /v1/users/user1/explain as viewer': 'risk analysts',
    'GET /v1/history as admin': 'items',
    'GET /metrics as admin': 'berth_',
    'GET /readyz as viewer': 'directory',
    'GET /v1/doctor as admin': '"part":"kdc"',
    'refresh as hub': '"loggedIn":true',
    'events as viewer': 'user1',
    'berth whoami user1': 'user1@CORP.EXAMPLE.TEST',
    'berth history': '[',
    "the hub's page for who types a wrong one": 'Invalid username or password',
    "the hub's page for disabled": 'disabled',
  };
  for (const [place, word] of Object.entries(words))
    expect([place, word, seen.get(place)?.includes(word)]).toEqual([place, word, true]);
  expect(processes.looks).toBeGreaterThan(20);
  expect(processes.commandLines.filter((line) => /kinit\0.*crowd\d/s.test(line)).length).toBeGreaterThan(1);
});

test('each secret would have been found, in each form that it may take', () => {
  for (const [what, secret] of Object.entries(secrets))
    for (const form of formsOf(secret)) {
      const place = new Map([
        ['a place made for this', Buffer.concat([Buffer.from('before '), form, Buffer.from(' after')])],
      ]);
      expect(findSecrets({ [what]: secret }, place)).toHaveLength(1);
    }
});

test('a destroyed ticket is in no file any more, the tickets of others are where they belong', async () => {
  const { runtime } = bank.stack.berth;
  const files = async () => {
    const places = new Map<string, Buffer>();
    for (const name of await readdir(runtime, { recursive: true }))
      if ((await stat(join(runtime, name))).isFile()) places.set(name, await readFile(join(runtime, name)));
    return places;
  };
  const of = (name: string) =>
    Object.fromEntries(Object.entries(secrets).filter(([what]) => what.endsWith(` of ${name}`)));
  expect(findSecrets(of('user1'), await files())).toHaveLength(6); // three secrets, a master and a published copy
  expect((await hub.send('DELETE', '/v1/users/user1/ticket')).status).toBe(200);
  expect(findSecrets(of('user1'), await files())).toEqual([]);
  expect(findSecrets(of('user2'), await files())).toHaveLength(6);
});
