import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parseCcache, type TicketKeeper } from '@berth/krb5-ccache';
import { chmod, lstat, readFile, readdir, writeFile, copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCommand } from '../stack/run-command.ts';
import { never, processTexts, TicketWorld } from './ticket-world.ts';

// Found nowhere by chance.
const PASSWORD = 'ge"heim $(0815) Käse';
let world: TicketWorld;
let keeper: TicketKeeper;

beforeAll(async () => {
  world = await TicketWorld.make();
  for (const name of ['user1', 'user2', 'user one', 'locked', 'expired', 'keytabbed', 'hosted'])
    await world.kdc.createUser(name, PASSWORD);
  await world.kdc.disable('locked');
  await world.admin('modprinc +needchange expired');
  keeper = await world.openKeeper({ sources: ['password', 'keytab', 'host'] });
});
afterAll(() => world?.remove());

const klist = async (path: string): Promise<string> => runCommand('klist', ['-f', '-c', `FILE:${path}`]);

test('a password gets a renewable, forwardable ticket, which MIT tools read', async () => {
  const user1 = world.owner('user1', 12_001);
  const kept = await keeper.obtain(user1, PASSWORD, never);
  expect(kept).toMatchObject({ principal: user1.principal, source: 'password', forwardable: true });
  expect(kept.renewTill?.getTime()).toBeGreaterThan(Date.now() + 500_000);
  for (const path of [world.master(user1), world.published(user1)]) {
    const text = await klist(path);
    expect(text).toContain(`Default principal: ${user1.principal}\n`);
    expect(text).toMatch(/Flags: \w*F\w*R\w*I\w*A/);
  }
});

test('a name with a space has a ticket too', async () => {
  const owner = world.owner('user one', 12_011);
  expect((await keeper.obtain(owner, PASSWORD, never)).principal).toBe(`user one@${world.kdc.realm}`);
});

test('a published ticket is read by its user, by nobody else, and no user sees a master', async () => {
  const [user1, user2] = [world.owner('user1', 12_001), world.owner('user2', 12_002)];
  for (const owner of [user1, user2]) await keeper.obtain(owner, PASSWORD, never);
  expect(await world.as(12_001, 'cat 12001/krb5cc | wc -c')).toMatch(/^[1-9]\d+\n$/);
  const { uid, gid, mode } = await lstat(world.published(user1));
  expect([uid, gid, mode & 0o7777]).toEqual([12_001, 12_001, 0o600]);
  for (const path of ['12002', '12002/krb5cc', '.', '.staging', '../tickets', '../tickets/12001/krb5cc'])
    expect(await world.as(12_001, `cat ${path} || ls ${path}`)).toContain('Permission denied');
  expect(await world.as(12_001, 'mv 12001 x; mkdir 12003; ln -s / 12004')).toContain('Permission denied');
});

test.each([
  ['a wrong password', 'user1', 'wrong', 'ticket-refused', 'refused the password'],
  ['an unknown name', 'nobody', PASSWORD, 'ticket-refused', 'knows no nobody@'],
  ['a disabled account', 'locked', PASSWORD, 'ticket-refused', 'disabled or locked'],
  [
    'an expired password, which kinit would ask a new one for',
    'expired',
    PASSWORD,
    'ticket-refused',
    'must be changed',
  ],
])('%s is refused within seconds, and leaves what was there', async (_, name, password, code, words) => {
  const before = await keeper.view(12_001);
  const begun = Date.now();
  const owner = world.owner(name, name === 'user1' ? 12_001 : 12_020);
  await expect(keeper.obtain(owner, password, never)).rejects.toMatchObject({
    code,
    message: expect.stringContaining(words),
  });
  expect(Date.now() - begun).toBeLessThan(3000);
  expect([keeper.view(12_001), keeper.view(12_020)]).toEqual([before, undefined]);
  expect(await readdir(join(world.runtime, 'tickets', '.staging'))).toEqual([]);
});

test("the expired password is still the account's: nothing was changed behind the user's back", async () => {
  await world.admin('modprinc -needchange expired');
  const owner = world.owner('expired', 12_021);
  expect((await keeper.obtain(owner, PASSWORD, never)).principal).toBe(owner.principal);
});

test('a realm without a KDC is told apart from a refusal', async () => {
  const owner = { ...world.owner('user1', 12_030), principal: 'user1@NOWHERE.TEST' };
  await expect(keeper.obtain(owner, PASSWORD, never)).rejects.toMatchObject({ code: 'kdc-unreachable' });
});

test('a keytab gets a ticket without a password', async () => {
  const owner = world.owner('keytabbed', 12_040);
  await expect(keeper.prepare(owner, never)).rejects.toMatchObject({ code: 'ticket-missing' });
  const keytab = join(world.keytabs, 'keytabbed.keytab');
  await copyFile(await world.kdc.keytabOf('keytabbed'), keytab);
  await chmod(keytab, 0o600);
  const { ticket, folder } = await keeper.prepare(owner, never);
  expect([ticket.source, ticket.principal]).toEqual(['keytab', owner.principal]);
  expect(await klist(join(folder, 'krb5cc'))).toContain(owner.principal);
});

test("a keytab of another's key is refused", async () => {
  const keytab = join(world.keytabs, 'user2.keytab');
  await copyFile(await world.kdc.keytabOf('keytabbed'), keytab);
  await chmod(keytab, 0o600);
  const owner = world.owner('user2', 12_041);
  await expect(keeper.prepare(owner, never)).rejects.toMatchObject({
    code: 'ticket-refused',
    message: expect.stringContaining('no usable key'),
  });
});

test("the host's cache is taken over, followed as another process renews it, and never written to", async () => {
  const owner = world.owner('hosted', 12_050);
  const path = join(world.hostCaches, 'krb5cc_12050');
  const fill = async (life: string): Promise<void> => {
    const env = { PATH: '/usr/bin', KRB5_CONFIG: world.kdc.krb5ConfFile };
    const options = ['-l', life, '-r', '5m', '-c', `${path}.new`, '--', owner.principal];
    await runCommand('kinit', options, { env, input: `${PASSWORD}\n` });
    await runCommand('sh', ['-c', `chown 12050:12050 ${path}.new && mv ${path}.new ${path}`]);
  };
  await fill('30s');
  const { ticket } = await keeper.prepare(owner, never);
  expect(ticket.source).toBe('host');
  keeper.inUse([owner]);
  const before = (await lstat(path)).ino;
  await sleep(1100);
  expect((await lstat(path)).ino).toBe(before);
  await fill('60s');
  for (let tries = 0; tries < 50 && keeper.view(12_050)?.endsAt.getTime() === ticket.endsAt.getTime(); tries++)
    await sleep(100);
  expect((keeper.view(12_050)?.endsAt.getTime() ?? 0) - ticket.endsAt.getTime()).toBeGreaterThan(20_000);
  const key = (file: Buffer) =>
    parseCcache(file).credentials.map((each) => Buffer.from(each.key.value).toString('hex'));
  const published = await readFile(world.published(owner));
  expect(key(await readFile(path))).toEqual(expect.arrayContaining(key(published)));
  keeper.inUse([]);
});

test('the password and the session key are in no process, file or log but the tickets', async () => {
  const user1 = world.owner('user1', 12_001);
  world.kdc.freeze();
  const asked = keeper.obtain(user1, PASSWORD, never).catch((error: Error) => error);
  await sleep(500);
  const processes = await processTexts();
  world.kdc.thaw();
  expect(processes).toContain(`--\0${user1.principal}`);
  const secret = PASSWORD.slice(0, 14);
  expect(processes).not.toContain(secret);
  await asked;
  await keeper.obtain(user1, PASSWORD, never);
  await keeper.obtain(user1, 'not the password', never).catch((error: Error) => world.logged.push(error.message));
  const master = parseCcache(await readFile(world.master(user1)));
  const keys = master.credentials.filter(({ server }) => server.components[0] === 'krbtgt').map(({ key }) => key.value);
  expect(keys).toHaveLength(1);
  expect(await world.filesWith(keys, world.folder)).toEqual([world.published(user1), world.master(user1)].toSorted());
  expect(await world.filesWith([secret, 'not the password'], world.folder)).toEqual([]);
  expect(world.logged.join('\n')).not.toContain(secret);
  expect(world.logged.join('\n')).not.toContain('not the password');
});

test('a wiped ticket is gone for its user, who may have other files there', async () => {
  const user1 = world.owner('user1', 12_001);
  await keeper.obtain(user1, PASSWORD, never);
  await writeFile(join(world.runtime, 'krb5', '12001', 'notes'), 'mine');
  keeper.inUse([user1]);
  await keeper.wipe(12_001);
  expect(await world.as(12_001, 'cat 12001/krb5cc')).toContain('No such file');
  expect(await readdir(join(world.runtime, 'krb5', '12001'))).toEqual(['notes']);
  expect(await readdir(join(world.runtime, 'tickets'))).not.toContain('12001');
});
