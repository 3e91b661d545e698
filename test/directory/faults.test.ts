/** A directory that is away, slow, frozen, killed in the midst of a login, or not the one it says it is. */
import { connect } from 'node:net';
import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { AdAuthenticator, AdParts, AdSettings, DirectoryFinding } from '@berth/ad-authenticator';
import { makeAuthority } from '../stack/certificates.ts';
import { Directory } from '../stack/directory.ts';
import { Relay } from '../stack/relay.ts';
import { testFolder } from '../stack/shared-engine.ts';
import { authenticatorOf, cameTo } from './authenticators.ts';
import { LdapTap } from './ldap-tap.ts';

const signal = new AbortController().signal;
const password = 'Pa55-of-user';
let directory: Directory;
const ended: (() => Promise<void>)[] = [];

beforeAll(async () => {
  directory = await Directory.start({ folder: await testFolder(), alsoAt: ['dc2.corp.example.test'] });
  await directory.accounts.createUser({ name: 'user1', password });
});

afterEach(async () => {
  for (const end of ended.splice(0).toReversed()) await end();
  directory.thaw();
  await directory.start();
});

afterAll(async () => {
  await directory?.remove();
});

async function authenticator(
  settings: Partial<AdSettings> = {},
  parts: Partial<AdParts> = {},
): Promise<AdAuthenticator> {
  const ad = await authenticatorOf(directory, { allow: ['domain users'], ...settings }, parts);
  ended.push(() => ad.close());
  return ad;
}

/** Two domain controllers: two ways to the one directory. */
async function twoControllers(settings: Partial<AdSettings> = {}) {
  const relays = await Promise.all([1, 2].map(() => Relay.start({ to: directory.address, ports: [636] })));
  ended.push(...relays.map((relay) => () => relay.remove()));
  const [first, second] = relays as [Relay, Relay];
  const hosts: Record<string, string> = {
    'dc1.corp.example.test': first.address,
    'dc2.corp.example.test': second.address,
  };
  const servers = Object.keys(hosts).map((host) => `ldaps://${host}`);
  const quick = { connectSeconds: 4, operationSeconds: 4 };
  const parts = { connect: (host: string, port: number) => connect(port, hosts[host]) };
  return { first, second, ad: await authenticator({ servers, ...quick, ...settings }, parts) };
}

async function tapped(): Promise<LdapTap> {
  const authority = { certificate: directory.caFile, key: directory.caFile.replace(/\.pem$/, '.key') };
  const tap = await LdapTap.start({ to: directory.address, authority, folder: await testFolder() });
  ended.push(() => tap.remove());
  return tap;
}

async function timed(login: Promise<unknown>): Promise<readonly [string, number]> {
  const began = performance.now();
  return [await cameTo(login), (performance.now() - began) / 1000];
}

const modes = [
  ['with a service account', {}],
  ['without one', { serviceAccount: undefined }],
] as const;

test.each(modes)(
  'a domain controller that refuses connections is passed over, and left alone when it is back, for a minute (%s)',
  async (_, settings) => {
    const { first, second, ad } = await twoControllers(settings);
    expect(await cameTo(ad.login('user1', password, signal))).toBe('in');
    expect(second.taken).toBe(0);
    await first.refuse();
    expect(await cameTo(ad.login('user1', password, signal))).toBe('in');
    expect(ad.faults()).toEqual([expect.stringContaining('dc1.corp.example.test')]);
    await first.accept();
    const before = first.taken;
    expect(await cameTo(ad.login('user1', password, signal))).toBe('in');
    expect(first.taken).toBe(before);
  },
);

test.each(modes)('a domain controller that hangs costs one time limit, once (%s)', async (_, settings) => {
  const { first, ad } = await twoControllers(settings);
  expect(await cameTo(ad.login('user1', password, signal))).toBe('in');
  first.stall();
  const [came, seconds] = await timed(ad.login('user1', password, signal));
  expect(came).toBe('in');
  expect(seconds).toBeLessThan(12);
  const [next, quick] = await timed(ad.login('user1', password, signal));
  expect(next).toBe('in');
  expect(quick).toBeLessThan(4);
});

test('a wrong password is tried at one domain controller alone, and counts once', async () => {
  const { second, ad } = await twoControllers();
  await directory.accounts.createUser({ name: 'counted', password });
  await directory.accounts.setLockoutPolicy({ wrongPasswords: 9, seconds: 600 });
  expect(await cameTo(ad.login('counted', 'wrong', signal))).toBe('credentials-wrong');
  const [count] = await directory.accounts.valuesOf('counted', 'badPwdCount');
  await directory.accounts.setLockoutPolicy({ wrongPasswords: 0, seconds: 600 });
  expect(count?.toString()).toBe('1');
  expect(second.taken).toBe(0);
});

test('when all domain controllers are away it is said of each', async () => {
  const { first, second, ad } = await twoControllers();
  await first.refuse();
  second.stall();
  await expect(ad.login('user1', password, signal)).rejects.toMatchObject({
    code: 'directory-timeout',
    message: expect.stringMatching(/dc1\.corp.*dc2\.corp/s),
  });
  second.pass();
  await first.accept();
  expect(await cameTo(ad.login('user1', password, signal))).toBe('in');
});

test.each(['bind', 'read'] as const)(
  'the directory is killed between bind and search (before the %s): an error, and no way in',
  async (at) => {
    const tap = await tapped();
    const ad = await authenticator({ servers: [tap.url], operationSeconds: 3 });
    expect(await cameTo(ad.login('user1', password, signal))).toBe('in');
    const before = tap.operations.length;
    tap.onRequest = async (operation) => {
      // The service account's own search is the first one.
      if (operation === at && tap.operations.length > before + 1) await directory.kill();
    };
    expect(await cameTo(ad.login('user1', password, signal))).toMatch(/^directory-(?:unreachable|timeout)$/);
    tap.onRequest = async () => undefined;
    await directory.start();
    expect(await cameTo(ad.login('user1', password, signal))).toBe('in');
  },
);

test('a connection that is cut between bind and read is made good by the next domain controller', async () => {
  const tap = await tapped();
  const ad = await authenticator({ servers: [tap.url, directory.ldapsUrl] });
  let cuts = 0;
  tap.onRequest = async (operation) => {
    if (operation === 'read' && tap.operations.filter((each) => each === 'bind').length === 2 && cuts++ === 0)
      tap.cut();
  };
  expect(await ad.login('user1', password, signal)).toMatchObject({ sAMAccountName: 'user1' });
  expect(cuts).toBe(1);
});

test('a frozen directory: each step ends at its limit, and the login with it; thawed, it goes on', async () => {
  const ad = await authenticator({ connectSeconds: 3, operationSeconds: 3, loginSeconds: 30 });
  expect(await cameTo(ad.login('user1', password, signal))).toBe('in');
  directory.freeze();
  const [came, seconds] = await timed(ad.login('user1', password, signal));
  expect(came).toBe('directory-timeout');
  expect(seconds).toBeLessThan(10);
  directory.thaw();
  expect(await cameTo(ad.login('user1', password, signal))).toBe('in');
});

test('a slow directory is waited for as long as a login may take, and no longer', async () => {
  const relay = await Relay.start({ to: directory.address, ports: [636] });
  ended.push(() => relay.remove());
  relay.delay(300);
  const connectTo = { connect: (_: string, port: number) => connect(port, relay.address) };
  const patient = await authenticator({ servers: ['ldaps://dc1.corp.example.test'] }, connectTo);
  expect(await cameTo(patient.login('user1', password, signal))).toBe('in');
  const hasty = await authenticator({ servers: ['ldaps://dc1.corp.example.test'], loginSeconds: 0.5 }, connectTo);
  const [came, seconds] = await timed(hasty.login('user1', password, signal));
  expect(came).toBe('directory-timeout');
  expect(seconds).toBeLessThan(5);
});

test('a login that is given up ends at once', async () => {
  directory.freeze();
  const ad = await authenticator();
  const [came, seconds] = await timed(ad.login('user1', password, AbortSignal.timeout(300)));
  expect(came).not.toBe('in');
  expect(seconds).toBeLessThan(2);
});

test('a directory that another authority vouches for is refused', async () => {
  const other = await makeAuthority(await testFolder());
  for (const url of [directory.ldapsUrl, directory.ldapUrl]) {
    const ad = await authenticator({ servers: [url], authorities: [await readFile(other.certificate, 'utf8')] });
    await expect(ad.login('user1', password, signal)).rejects.toMatchObject({
      code: 'directory-untrusted',
      message: expect.stringContaining('authorities'),
    });
  }
});

test('the authorities of the system know nothing of the bank: without `authorities` it is refused', async () => {
  const ad = await authenticator({ authorities: undefined });
  expect(await cameTo(ad.login('user1', password, signal))).toBe('directory-untrusted');
});

test('a server under a name that its certificate does not hold is refused', async () => {
  const parts = { connect: () => connect(636, directory.address) };
  const named = async (host: string) =>
    cameTo((await authenticator({ servers: [`ldaps://${host}`] }, parts)).login('user1', password, signal));
  expect(await named('dc1.corp.example.test')).toBe('in');
  expect(await named('dc3.corp.example.test')).toBe('directory-untrusted');
  expect(await named('corp.example.test')).toBe('directory-untrusted');
});

test.each(modes)('ldap:// is StartTLS, where the directory takes no password in clear (%s)', async (_, settings) => {
  const ad = await authenticator({ servers: [directory.ldapUrl], ...settings });
  expect(await cameTo(ad.login('user1', password, signal))).toBe('in');
  expect(await cameTo(ad.login('user1', 'wrong', signal))).toBe('credentials-wrong');
});

test('domain controllers are found by DNS, the nearest first', async () => {
  const asked: string[] = [];
  const resolveSrv = async (name: string) => {
    asked.push(name);
    return [{ name: 'dc1.corp.example.test', port: 389, priority: 0, weight: 100 }];
  };
  const parts = { resolveSrv, connect: (_: string, port: number) => connect(port, directory.address) };
  const ad = await authenticator({ servers: [], site: 'Zurich' }, parts);
  expect(await cameTo(ad.login('user1', password, signal))).toBe('in');
  expect(asked).toEqual([
    '_ldap._tcp.Zurich._sites.dc._msdcs.corp.example.test',
    '_ldap._tcp.dc._msdcs.corp.example.test',
  ]);
});

test('a service account whose password was changed is bound with the new one as soon as it is there', async () => {
  await directory.accounts.createUser({ name: 'svc-rotated', password: 'first' });
  let current = 'first';
  const serviceAccount = { name: 'svc-rotated@corp.example.test', password: async () => current };
  const ad = await authenticator({ serviceAccount });
  expect(await cameTo(ad.login('user1', password, signal))).toBe('in');
  await directory.accounts.setPassword('svc-rotated', 'second');
  await directory.stop();
  await directory.start();
  const told = await ad.login('user1', password, signal).catch((error: Error) => error);
  // Windows takes the former password for an hour; so may Samba.
  if (told instanceof Error || 'code' in told)
    expect(told).toMatchObject({ code: 'directory-refused', message: expect.stringContaining('password file') });
  current = 'second';
  expect(await cameTo(ad.login('user1', password, signal))).toBe('in');
});

test('a service account that may not read tokenGroups: logins go on, look-ups name the group to join', async () => {
  await directory.accounts.createUser({ name: 'svc-poor', password });
  await directory.accounts.hideTokenGroups();
  const serviceAccount = { name: 'svc-poor@corp.example.test', password: async () => password };
  const ad = await authenticator({ serviceAccount });
  expect(await cameTo(ad.login('user1', password, signal))).toBe('in');
  await expect(ad.find({ name: 'user1' }, signal)).rejects.toMatchObject({
    code: 'directory-refused',
    message: expect.stringMatching(/Windows Authorization Access Group.*Pre-Windows 2000 Compatible Access/s),
  });
  const rich = await authenticator();
  expect(await cameTo(rich.find({ name: 'user1' }, signal))).toBe('in');
  const found: DirectoryFinding[] = [];
  for await (const finding of ad.diagnose(signal)) found.push(finding);
  expect(found).toContainEqual(expect.objectContaining({ part: 'service-account', level: 'error' }));
});

test('a diagnosis of a directory in order, and of one that is away', async () => {
  const ad = await authenticator({ allow: ['domain users', 'no such group'] });
  const levels = async () => {
    const found: string[] = [];
    for await (const { part, level } of ad.diagnose(signal)) found.push(`${part} ${level}`);
    return found;
  };
  // The certificate of a test ends tomorrow.
  expect(await levels()).toEqual([
    'directory ok',
    'certificate warning',
    'clock ok',
    'service-account ok',
    'service-account ok',
    'groups warning',
  ]);
  await directory.stop();
  expect(await levels()).toEqual(['directory error']);
});

test('logins at once, many of them, share one connection of the service account', async () => {
  const tap = await tapped();
  const ad = await authenticator({ servers: [tap.url] });
  const came = await Promise.all(
    Array.from({ length: 30 }, (_, index) => cameTo(ad.login('user1', index % 3 === 0 ? 'wrong' : password, signal))),
  );
  expect(came.filter((each) => each === 'in')).toHaveLength(20);
  expect(came.filter((each) => each === 'credentials-wrong')).toHaveLength(10);
  expect(tap.operations.filter((operation) => operation === 'bind')).toHaveLength(31);
});
