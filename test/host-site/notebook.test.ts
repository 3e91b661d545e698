/** A notebook at a site that keeps PAM: it runs as the host's account, and its ticket is the host's, for as long as it runs. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { chmod, mkdir, readFile, stat, unlink } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openNotebook, patientHub, type OpenedNotebook } from '../security/opened-notebook.ts';
import { klist, whoAmIByMit } from '../stack/gssapi.ts';
import { kerberosImage } from '../stack/kerberos-image.ts';
import { LdapService } from '../stack/ldap-service.ts';
import { waitFor } from '../stack/program.ts';
import { Relay } from '../stack/relay.ts';
import { sharedEngine } from '../stack/shared-engine.ts';
import { tgtIn } from './host-caches.ts';
import { domainUsers, holder, HostSite, riskAnalysts, uidOf } from './host-site.ts';

const LIFE_SECONDS = 24;
const LDAP_PORT = 8389;
const user = 'user1';
const at = sharedEngine().bridgeAddress;
let site: HostSite;
let echo: Server;
let service: LdapService;
let relay: Relay;
let opened: OpenedNotebook;
let kernel: string;
/** Of the folder that holds the ticket, as the notebook sees it. */
let mounted: number;

beforeAll(async () => {
  site = await HostSite.start({
    image: await kerberosImage(sharedEngine()),
    lifeSeconds: LIFE_SECONDS,
    accounts: (folder) => ({ sockets: [join(folder, 'nss', '.lsassd')] }),
    hubConfiguration: patientHub,
  });
  service = await LdapService.start({ folder: join(site.folder, 'ldap'), kdc: site.kdc, knownAs: at });
  relay = await Relay.start({ from: at, to: service.address, ports: [{ from: LDAP_PORT, to: 389 }] });
  await mkdir(join(site.folder, 'nss'));
  const socket = join(site.folder, 'nss', '.lsassd');
  echo = createServer((client) => client.on('data', (data) => client.end(`host heard ${data.toString()}`)));
  await new Promise<void>((resolve) => void echo.listen(socket, resolve));
  await chmod(socket, 0o666);
  await site.caches.byPbis(holder(user));
  opened = await openNotebook(site.stack, await site.loggedIn(user), user);
  kernel = await opened.notebook.startKernel();
  mounted = await inode();
}, 240_000);

afterAll(async () => {
  await site?.remove();
  await relay?.remove();
  await service?.remove();
  echo?.close();
});

const cell = (code: string): Promise<string> => opened.notebook.execute(kernel, code);
const inode = (): Promise<number> => opened.run('import os; print(os.stat("/run/berth/krb5").st_ino)');
const hosts = () => readFile(site.caches.of(holder(user)));
const published = () => readFile(site.published(user));
/** The ticket itself, which each renewal makes anew. */
const ticketIn = async (cache: ReturnType<typeof hosts>) => Buffer.from(tgtIn(await cache).ticket).toString('hex');
const endOf = async (cache: ReturnType<typeof hosts>) => tgtIn(await cache).endTime * 1000;
const whoAmI = () => cell(whoAmIByMit(`ldap://${at}:${LDAP_PORT}`));
const asUser1 = 'dn:uid=user1,cn=corp.example.test,cn=gssapi,cn=auth\n';

/** A ticket of the same second ends at the same second, and isn't better. */
const anotherSecond = () => sleep(1100);

async function notebookHasHostsTicket(): Promise<void> {
  await waitFor(
    'the notebook has the ticket of the host',
    async () => (await ticketIn(published())) === (await ticketIn(hosts())),
    { seconds: 5 },
  );
}

test('it runs as the account that the name service knows, in an image that has never heard of it', async () => {
  const seen = await opened.run<Record<string, unknown>>(`
import json, os, subprocess
run = lambda *words: subprocess.run(words, capture_output=True, text=True).stdout.strip()
print(json.dumps({
  "whoami": run("whoami"), "uid": os.getuid(), "groups": sorted(map(int, run("id", "-G").split())),
  "home": os.path.expanduser("~"), "of": os.path.expanduser("~BANK\\\\user1"), "HOME": os.environ["HOME"], "cwd": os.getcwd(),
}))
open(os.path.expanduser("~/mine"), "w").close()
`);
  expect(seen).toEqual({
    ...{ whoami: 'BANK\\user1', uid: 1_165_040_649, groups: [domainUsers.gid, riskAnalysts.gid].toSorted() },
    ...{ home: site.home(user), of: site.home(user), HOME: site.home(user), cwd: site.home(user) },
  });
  const { uid, gid } = await stat(join(site.home(user), 'mine'));
  expect({ uid, gid }).toEqual({ uid: uidOf(user), gid: domainUsers.gid });
});

test("a socket of the host's name service answers inside, at the same path", async () => {
  const said = await cell(`
import socket
client = socket.socket(socket.AF_UNIX)
client.connect(${JSON.stringify(join(site.folder, 'nss', '.lsassd'))})
client.sendall(b"who is user1?")
print(client.makefile().read())
`);
  expect(said).toBe('host heard who is user1?\n');
});

test('its ticket is the one that another process got, and follows as that renews it', async () => {
  expect(await cell(klist())).toContain('Default principal: user1@CORP.EXAMPLE.TEST');
  expect(await whoAmI()).toBe(asUser1);
  const [path, before] = [site.caches.of(holder(user)), await ticketIn(published())];
  const { ino } = await stat(path);
  await site.caches.byPbis(holder(user));
  await notebookHasHostsTicket();
  await anotherSecond();
  await site.caches.renewedByPbis(holder(user));
  expect((await stat(path)).ino).not.toBe(ino);
  await notebookHasHostsTicket();
  expect(await ticketIn(published())).not.toBe(before);
  const inCell = await cell(
    'import hashlib; print(hashlib.sha256(open("/run/berth/krb5/krb5cc", "rb").read()).hexdigest())',
  );
  expect(inCell.trim()).toBe(await sha256(site.published(user)));
  expect(await whoAmI()).toBe(asUser1);
});

test('where the other process renews it no more, Berth does', async () => {
  const end = await endOf(hosts());
  await waitFor('the ticket of the host has ended', async () => Date.now() > end + 3000, { seconds: LIFE_SECONDS + 5 });
  expect(await endOf(published())).toBeGreaterThan(Date.now());
  expect(await whoAmI()).toBe(asUser1);
  expect(await site.stack.berth.get(`/v1/users/${user}`)).toMatchObject({
    ticket: { principal: 'user1@CORP.EXAMPLE.TEST', source: 'host' },
  });
}, 60_000);

test('a service that is killed and started again goes on: renewing, following, with the same mount', async () => {
  await site.stack.berth.kill();
  await site.stack.berth.start();
  const before = await ticketIn(published());
  await waitFor('the ticket is renewed', async () => (await ticketIn(published())) !== before, {
    seconds: LIFE_SECONDS,
  });
  expect(await whoAmI()).toBe(asUser1);
  await anotherSecond();
  await site.caches.byPbis(holder(user));
  await notebookHasHostsTicket();
  await unlink(site.caches.of(holder(user)));
  expect(await whoAmI()).toBe(asUser1);
  expect(await inode()).toBe(mounted);
}, 90_000);

async function sha256(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}
