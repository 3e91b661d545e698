/**
 * A notebook that outlives its ticket: passwords are the directory's, tickets come from a KDC of the same realm and live
 * thirty seconds, and a service takes them that knows no mercy beyond two seconds.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, ProgressMessage } from '../stack/browser.ts';
import { DirectoryStack, textOf } from '../stack/directory-stack.ts';
import { bindByJava, whoAmIByMit } from '../stack/gssapi.ts';
import { kerberosImage } from '../stack/kerberos-image.ts';
import { krb5Conf } from '../stack/krb5-conf.ts';
import { LdapService } from '../stack/ldap-service.ts';
import { MitKdc } from '../stack/mit-kdc.ts';
import type { Notebook } from '../stack/notebook.ts';
import { waitFor } from '../stack/program.ts';
import { Relay } from '../stack/relay.ts';
import { sharedEngine, testFolder } from '../stack/shared-engine.ts';
import { shell } from './shell.ts';

const password = 'Pa55-of-user1';
const life = 30;
const [kdcPort, ldapPort] = [1088, 1389];
const user1 = 'dn:uid=user1,cn=corp.example.test,cn=gssapi,cn=auth';

let site: DirectoryStack;
let kdc: MitKdc;
let service: LdapService;
const relays: Relay[] = [];
let ldap: string;
let notebook: Notebook;
let kernel: string;
let started: ProgressMessage[];
let first: Ticket;
let mount: string;
/** What the service answered, from the start on, each some seconds after the one before. */
const answers: { readonly second: number; readonly said: string }[] = [];
let watching: Promise<void>;
let isOver = false;

interface Ticket {
  readonly endsAt: string;
  readonly renewTill: string | null;
  readonly nextRenewal: string | null;
  readonly source: string;
  readonly problem: string | null;
}

const ticketOf = async (name: string) =>
  (await site.stack.berth.get<{ ticket: Ticket | null }>(`/v1/users/${name}`)).ticket;
const inode = async () => (await shell(notebook, kernel, 'stat -c %d:%i /run/berth/krb5')).join();

beforeAll(async () => {
  const engine = sharedEngine();
  const [folder, at] = [await testFolder(), engine.bridgeAddress];
  const image = await kerberosImage(engine);
  await mkdir(join(folder, 'kdc'));
  kdc = await MitKdc.start({ folder: join(folder, 'kdc'), lifeSeconds: life, renewSeconds: 600 });
  await kdc.createUser('user1', password);
  await kdc.createUser('user3', password, { renewable: false });
  service = await LdapService.start({ folder: join(folder, 'slapd'), kdc, knownAs: at });
  relays.push(
    await Relay.start({ from: at, to: kdc.address, ports: [{ from: kdcPort, to: 88 }] }),
    await Relay.start({ from: at, to: service.address, ports: [{ from: ldapPort, to: service.port }] }),
  );
  const conf = join(folder, 'short.conf');
  await writeFile(conf, krb5Conf([{ ...kdc.krb5Realm, kdcs: [`${at}:${kdcPort}`] }]));
  ldap = `ldap://${at}:${ldapPort}`;
  site = await DirectoryStack.start({
    ...{ folder, engine, images: [image] },
    prepare: async (accounts) => {
      for (const name of ['user1', 'user3']) await accounts.createUser({ name, password });
    },
    login: { allow: ['BANK\\domain^users'] },
    tickets: { krb5Conf: conf, minimumLife: '10s' },
  });
  const browser = await site.loggedIn('user1', password);
  await browser.startServer('user1');
  started = await browser.progressToEnd('user1');
  notebook = await browser.openNotebook('user1');
  kernel = await notebook.startKernel();
  first = (await ticketOf('user1')) as Ticket;
  mount = await inode();
  watching = watch();
  watching.catch(() => undefined);
}, 300_000);

afterAll(async () => {
  isOver = true;
  await watching?.catch(() => undefined);
  await site?.remove();
  for (const relay of relays) await relay.remove();
  await service?.remove();
  await kdc?.remove();
});

/** Until three lives and some seconds after the login. */
async function watch(): Promise<void> {
  const begun = Date.parse(first.endsAt) - life * 1000;
  while (!isOver && Date.now() < begun + (3 * life + 5) * 1000) {
    const second = Math.round((Date.now() - begun) / 1000);
    answers.push({ second, said: (await notebook.execute(kernel, whoAmIByMit(ldap))).trim() });
    await sleep(3000);
  }
}

/** The sentence that the page of a start ends with. */
async function endOfStart(browser: Browser, user: string): Promise<string> {
  await browser.startServer(user);
  const end = (await browser.progressToEnd(user).catch(() => [])).at(-1);
  return end?.ready ? 'ready' : `${end?.message ?? ''} ${textOf(await browser.open(`/hub/spawn-pending/${user}`))}`;
}

const notice =
  /Your Kerberos ticket ends at \d{4}-\d\d-\d\d \d\d:\d\d UTC and can't be renewed beyond that\. Log out and in again before\./;

test('whose ticket ends for good within a day is told so while the server starts', () => {
  expect(started.map(({ message }) => message ?? '').filter((message) => notice.test(message))).toHaveLength(1);
});

test('the service may be killed: it renews on once it is back, under the same mount', async () => {
  await waitFor('a ticket is renewed', async () => (await ticketOf('user1'))?.endsAt !== first.endsAt, {
    seconds: life,
  });
  await site.stack.berth.kill();
  const before = (await stat(join(site.stack.berth.runtime, 'krb5'))).ino;
  await site.stack.berth.start();
  const taken = (await ticketOf('user1')) as Ticket;
  expect(taken).toMatchObject({ source: 'password', problem: null, nextRenewal: expect.any(String) });
  await waitFor('it is renewed again', async () => (await ticketOf('user1'))?.endsAt !== taken.endsAt, {
    seconds: life,
  });
  expect(await inode()).toBe(mount);
  expect((await stat(join(site.stack.berth.runtime, 'krb5'))).ino).toBe(before);
}, 120_000);

test('a ticket that lives too short for a start, and can be renewed no more, asks for a new login', async () => {
  const browser = await site.loggedIn('user3', password);
  expect(textOf(await browser.open('/hub/spawn/user3'))).toMatch(notice);
  const { endsAt, renewTill } = (await ticketOf('user3')) as Ticket;
  expect(Date.parse(renewTill ?? endsAt)).toBeLessThanOrEqual(Date.parse(endsAt));
  await sleep(Math.max(0, Date.parse(endsAt) - Date.now() - 7000));
  expect(await endOfStart(browser, 'user3')).toMatch(/log in again|new login is needed/);
  expect(await site.stack.containers('user3')).toEqual([]);
  const again = await site.loggedIn('user3', password);
  expect(await endOfStart(again, 'user3')).toBe('ready');
}, 120_000);

test('by MIT tools the ticket works three lives long, by Java too, without another password', async () => {
  await watching;
  expect(answers.filter(({ said }) => said !== user1)).toEqual([]);
  expect(answers.at(-1)?.second).toBeGreaterThan(3 * life - 5);
  expect(answers.length).toBeGreaterThan(10);
  expect((await notebook.execute(kernel, bindByJava(ldap))).trim()).toBe('bound');
  expect(Date.parse((await ticketOf('user1'))?.endsAt ?? '')).toBeGreaterThan(
    Date.parse(first.endsAt) + 2 * life * 1000,
  );
  expect((await site.audit()).filter(({ user, event }) => event === 'login' && user === 'user1')).toHaveLength(1);
}, 240_000);

test('while the KDC is away an admin sees why a ticket is not renewed, and after it the ticket lives on', async () => {
  await kdc.stop();
  await waitFor('the problem shows', async () => (await ticketOf('user1'))?.problem !== null, { seconds: life });
  expect(await site.cli('whoami', 'user1')).toMatch(/^problem +\S/m);
  await kdc.start();
  await waitFor('it is renewed', async () => (await ticketOf('user1'))?.problem === null, { seconds: life });
  expect((await notebook.execute(kernel, whoAmIByMit(ldap))).trim()).toBe(user1);
}, 120_000);

test('once nobody renews it, the service takes the ticket no more', async () => {
  await site.stack.berth.stop();
  const { second = 0 } = answers.at(-1) ?? {};
  expect(second).toBeGreaterThan(0);
  await waitFor(
    'the ticket has ended',
    async () => (await notebook.execute(kernel, whoAmIByMit(ldap))).startsWith('refused: '),
    { seconds: life + 10 },
  );
}, 120_000);
