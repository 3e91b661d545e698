/**
 * What a user of the directory is, reaches and can do inside a container of theirs, tried from a kernel in it; and what it
 * helps to fill one's own folder of the ticket with traps. The KDC gives tickets of a minute, so that renewal comes by.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parseCcache, viewTgt } from '@berth/krb5-ccache';
import { chmod, lstat, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DirectoryStack } from '../stack/directory-stack.ts';
import { MitKdc } from '../stack/mit-kdc.ts';
import { waitFor } from '../stack/program.ts';
import { tryCommand } from '../stack/run-command.ts';
import { sharedEngine, testFolder } from '../stack/shared-engine.ts';
import * as probes from './identity-probes.ts';
import { inspect } from './inspected.ts';
import { openNotebook, patientHub, type OpenedNotebook } from './opened-notebook.ts';

const engine = sharedEngine();
const password = 'Pa55-of-everybody';
const uids = { user1: 41_001, user2: 41_002 } as const;
type User = keyof typeof uids;
const gid = 41_000;

/** Not one that the machine needs: a product that is broken would write to it. */
let fileOfTheHost: string;
let bank: DirectoryStack;
let kdc: MitKdc;
let user1: OpenedNotebook;
let user2: OpenedNotebook;
const homeOf = (user: User) => join(bank.homes, user);

beforeAll(async () => {
  const folder = await testFolder();
  fileOfTheHost = join(folder, 'of-the-host');
  kdc = await MitKdc.start({ folder: join(folder, 'kdc'), lifeSeconds: 60, renewSeconds: 1800 });
  const homes = join(folder, 'home');
  bank = await DirectoryStack.start({
    folder,
    engine,
    async prepare(accounts) {
      await accounts.createGroup({ name: 'risk analysts' });
      for (const [name, uidNumber] of Object.entries(uids)) {
        const attributes = { uidNumber, gidNumber: gid };
        await accounts.createUser({ name, password, attributes, groups: ['risk analysts'] });
        await kdc.createUser(name, password);
      }
    },
    login: { allow: ['BANK\\risk analysts'] },
    tickets: { krb5Conf: kdc.krb5ConfFile, minimumLife: '5s' },
    berthConfiguration: {
      accounts: { source: 'rfc2307', home: { roots: [homes], template: `${homes}/{username}`, create: true } },
    },
    hubConfiguration: patientHub,
  });
  user1 = await openNotebook(bank.stack, await bank.loggedIn('user1', password), 'user1');
  user2 = await openNotebook(bank.stack, await bank.loggedIn('user2', password), 'user2');
}, 300_000);

afterAll(async () => {
  await bank?.remove();
  await kdc?.remove();
});

const none = '0000000000000000';

test('the process is the account of the directory: no other id, no capability, no way to gain any', async () => {
  const said = await user1.run<Record<string, unknown>>(probes.whoAmI);
  const uid = uids.user1;
  expect(said).toMatchObject({
    uid: [uid, uid, uid],
    gid: [gid, gid, gid],
    name: 'user1',
    home: [homeOf('user1'), homeOf('user1'), homeOf('user1')],
    capabilities: [none, none, none, none, none],
    noNewPrivileges: '1',
  });
  expect(said['accounts']).not.toContain('user2');
});

test('no program of the image makes root of the user', async () => {
  const { said, setuid } = await user1.run<{ said: Record<string, string>; setuid: string[] }>(probes.becomeRoot);
  expect(Object.values(said).filter((word) => !['refused', 'absent'].includes(word))).toEqual([]);
  expect(setuid).toContain('/usr/bin/su'); // It is there, and helps nobody.
});

test.each(['user1', 'user2'] as const)(
  'what is mounted for %s is the own home, the own ticket, and read-only files about the account',
  async (user) => {
    const notebook = user === 'user1' ? user1 : user2;
    const mounts = [
      ['/etc/group', 'ro'],
      ['/etc/krb5.conf', 'ro'],
      ['/etc/passwd', 'ro'],
      ['/run/berth/krb5', 'rw'],
      [homeOf(user), 'rw'],
    ];
    expect(await notebook.run(probes.ownMounts)).toEqual(mounts.toSorted());
    const { runtime } = bank.stack.berth;
    const container = (await bank.stack.containers(user))[0]!.Id;
    const { Mounts } = await inspect(engine, container);
    const sources = Object.fromEntries(
      (Mounts as unknown as { Destination: string; Source: string }[]).map((one) => [one.Destination, one.Source]),
    );
    expect(sources).toEqual({
      '/etc/group': expect.stringMatching(`^${runtime}/accounts/[0-9a-f]{32}/group$`),
      '/etc/passwd': expect.stringMatching(`^${runtime}/accounts/[0-9a-f]{32}/passwd$`),
      '/etc/krb5.conf': `${runtime}/krb5.conf`,
      '/run/berth/krb5': `${runtime}/krb5/${uids[user]}`,
      [homeOf(user)]: homeOf(user),
    });
  },
);

test("the masters and another user's ticket and home are on no path of the container", async () => {
  const { runtime } = bank.stack.berth;
  const others = [uids.user2, uids.user1].flatMap((uid) => [
    `/run/berth/tickets/${uid}/krb5cc`,
    `/run/berth/krb5/${uid}`,
    `/run/berth/krb5/../${uid}/krb5cc`,
    `${runtime}/tickets/${uid}/krb5cc`,
    `${runtime}/krb5/${uid}/krb5cc`,
    `/tmp/krb5cc_${uid}`,
  ]);
  const more = ['/run/berth/tickets', runtime, bank.homes + '/user2', '/run/berth/krb5/.staging', '/proc/1/root/root'];
  const own = '/run/berth/krb5/krb5cc';
  const found = await user1.run<{ read: string[]; caches: string[] }>(probes.readable([...others, ...more, own]));
  expect(found).toEqual({ read: [own], caches: [own] });
});

test.each(['/etc/passwd', '/etc/group', '/etc/krb5.conf'])(
  '%s of the container is not for its user to change',
  async (path) => {
    const tried = await user1.run<Record<string, string>>(probes.changes(path));
    expect(Object.keys(tried)).toHaveLength(8);
    const refusals = new Set(['EACCES', 'EROFS', 'EPERM', 'EBUSY', 'EXDEV']);
    expect(Object.entries(tried).filter(([, result]) => !refusals.has(result))).toEqual([]);
  },
);

test("the user's home stays where it is: its parent is root's, inside and outside", async () => {
  const tried = await user1.run<Record<string, string>>(probes.replaceHome);
  expect(Object.entries(tried).filter(([, result]) => result === 'allowed')).toEqual([]);
  const ids = [`--reuid=${uids.user1}`, `--regid=${gid}`, '--clear-groups'];
  const home = homeOf('user1');
  for (const command of [
    ['mv', home, `${home}.old`],
    ['rmdir', home],
    ['ln', '-s', '/etc', `${bank.homes}/link`],
  ])
    expect(await tryCommand('setpriv', [...ids, ...command])).toBeUndefined();
  expect((await lstat(home)).uid).toBe(uids.user1);
});

const master = (user: User) => join(bank.stack.berth.runtime, 'tickets', String(uids[user]), 'krb5cc');
const published = (user: User) => join(bank.stack.berth.runtime, 'krb5', String(uids[user]), 'krb5cc');
const principalIn = async (path: string) => viewTgt(parseCcache(await readFile(path))).principal;
const endIn = async (path: string) => viewTgt(parseCcache(await readFile(path))).endsAt.getTime();

/** A regular file of the user's alone that holds the user's own ticket, both as published and as the master. */
async function expectOwnTicket(user: User): Promise<void> {
  for (const [path, uid] of [
    [published(user), uids[user]],
    [master(user), 0],
  ] as const) {
    const found = await lstat(path);
    expect([path, found.isFile(), found.uid, found.mode & 0o7777, found.nlink]).toEqual([path, true, uid, 0o600, 1]);
    expect(await principalIn(path)).toBe(`${user}@CORP.EXAMPLE.TEST`);
  }
}

test.each([
  ["a link to another's published ticket", () => `ln -sf ${published('user2')} krb5cc`],
  ["a link to another's ticket, as the service sees it", () => `ln -sf ../${uids.user2}/krb5cc krb5cc`],
  ['a link to the own master', () => `ln -sf ${master('user1')} krb5cc`],
  ["a link to another's master", () => `ln -sf ${master('user2')} krb5cc`],
  ['a link to a file of the host', () => `ln -sf ${fileOfTheHost} krb5cc`],
  ['a link to itself', () => 'rm -f krb5cc; ln -s krb5cc krb5cc'],
  ['a FIFO', () => 'rm -f krb5cc; mkfifo krb5cc'],
  ['a file of 64 MiB', () => 'head -c 67108864 /dev/zero > krb5cc'],
  ['a ticket without rights, in a folder without any', () => 'chmod 000 krb5cc; chmod 000 .'],
  ['a folder open to all', () => 'chmod 777 .'],
  ['ten thousand other files', () => 'mkdir -p x && cd x && seq 10000 | xargs touch'],
  ['a directory of that name with files in it', () => 'rm -f krb5cc; mkdir krb5cc; touch krb5cc/x krb5cc/.y'],
])('%s in the own folder: a new login publishes all the same, and nothing else is touched', async (_, line) => {
  await writeFile(fileOfTheHost, "root's own", { mode: 0o600 });
  expect(await user1.run(probes.inTicketFolder(line()))).toBe(0);
  await bank.loggedIn('user1', password);
  await expectOwnTicket('user1');
  await expectOwnTicket('user2');
  expect(await readFile(fileOfTheHost, 'utf8')).toBe("root's own");
  expect((await lstat(fileOfTheHost)).uid).toBe(0);
  expect((await lstat(join(published('user1'), '..'))).mode & 0o7777).toBe(0o700);
  expect(await user1.run(probes.inTicketFolder('test -f krb5cc -a -r krb5cc'))).toBe(0);
});

test("another principal's ticket in the own folder is replaced, and becomes nobody's", async () => {
  await user1.run(probes.plantTicket(await readFile(published('user2'))));
  expect(await principalIn(published('user1'))).toBe('user2@CORP.EXAMPLE.TEST');
  await bank.stack.berth.restart();
  await bank.loggedIn('user1', password);
  await expectOwnTicket('user1');
  expect((await bank.stack.berth.get<{ ticket: object }>('/v1/users/user1')).ticket).toMatchObject({
    principal: 'user1@CORP.EXAMPLE.TEST',
  });
});

test('a renewal is published over a directory and over a link, and what was in the way is told', async () => {
  const before = { user1: await endIn(master('user1')), user2: await endIn(master('user2')) };
  await user1.run(probes.inTicketFolder('rm -rf krb5cc; mkdir krb5cc; touch krb5cc/x'));
  await user2.run(probes.inTicketFolder(`ln -sf ${master('user1')} krb5cc`));
  for (const user of ['user1', 'user2'] as const) {
    await waitFor(`the ticket of ${user} is renewed`, async () => (await endIn(master(user))) > before[user]);
    await waitFor(`it is published`, async () => (await lstat(published(user))).isFile(), { seconds: 5 });
    await expectOwnTicket(user);
  }
  const told = `${published('user1')} was a directory`;
  expect(JSON.stringify(await bank.stack.berth.get('/readyz'))).toContain(told);
  expect(JSON.stringify(await bank.stack.berth.get('/v1/doctor'))).toContain(told);
}, 150_000);

test('a home that has become a link to elsewhere keeps the next start from happening', async () => {
  const home = homeOf('user2');
  const browser = await bank.loggedIn('user2', password);
  await bank.stack.hubApi.call('DELETE', '/users/user2/server');
  await waitFor('it has stopped', async () => (await bank.stack.containers('user2')).length === 0);
  await rename(home, `${home}.real`);
  await symlink(homeOf('user1'), home);
  try {
    await browser.startServer('user2');
    const last = (await browser.progressToEnd('user2')).at(-1);
    expect(last).toMatchObject({ failed: true });
    expect(await bank.stack.containers('user2')).toEqual([]);
    expect(bank.stack.berth.log()).toContain('home-unsafe');
  } finally {
    await rm(home);
    await rename(`${home}.real`, home);
  }
  await chmod(home, 0o700);
});
