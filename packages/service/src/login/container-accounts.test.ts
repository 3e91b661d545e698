import { IdentityError } from '@berth/identity';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accountFiles } from './account-files.ts';
import { containerAccounts, type ContainerAccountsParts } from './container-accounts.ts';
import { LoginWorld, posixAccount } from './testing/login-world.ts';

let folder: string;
let reads: number;
const signal = new AbortController().signal;
const server = { hub: 'default', user: 'user1', serverName: '' };
const files: Record<string, string> = {
  '/etc/passwd': 'root:x:0:0:root:/root:/bin/bash\njovyan:x:10001:100::/home/jovyan:/bin/bash\n',
  '/etc/group': 'root:x:0:\nusers:x:100:\n',
  '/etc/shells': '# shells\n/bin/sh\n/bin/bash\n',
};
const image = {
  id: 'sha256:1',
  read: async (paths: readonly string[]) => {
    reads += 1;
    return new Map(paths.flatMap((path) => (files[path] === undefined ? [] : [[path, files[path]] as const])));
  },
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'accounts-'));
  await mkdir(join(folder, 'home'));
  reads = 0;
});
afterAll(() => rm(folder, { recursive: true }));

function accountsOf(world: LoginWorld, change: Partial<ContainerAccountsParts> = {}) {
  return containerAccounts({
    directory: { graceSeconds: 3600 },
    known: world.known,
    finder: {
      ofDirectory: async () => posixAccount(),
      ofHubUser: async (name) => posixAccount({ name }),
      check: async function* () {},
    },
    files: accountFiles(folder),
    home: { roots: [join(folder, 'home')], create: true, mount: true },
    sockets: ['/run/nss.sock'],
    realm: undefined,
    now: () => world.now,
    ...change,
  });
}

async function loggedIn(): Promise<LoginWorld> {
  const world = new LoginWorld();
  world.posix.set('User1', posixAccount({ home: join(folder, 'home/user1'), groups: [{ gid: 10_002, name: 'risk' }] }));
  await world.logIn();
  return world;
}

test('a server runs as the account that logged in, with its home, in an image that never heard of it', async () => {
  const prepared = await accountsOf(await loggedIn()).prepare(server, image, signal);
  expect(prepared).toMatchObject({
    ...{ name: 'BANK\\user1', uid: 10_001, gid: 10_000, groups: [10_002], sockets: ['/run/nss.sock'] },
    ...{ home: join(folder, 'home/user1'), homeFolder: join(folder, 'home/user1') },
    principal: 'User1@CORP.EXAMPLE.TEST',
  });
  const home = await stat(join(folder, 'home/user1'));
  expect([home.uid, home.gid, home.mode & 0o777]).toEqual([10_001, 10_000, 0o700]);
  const passwd = await readFile(prepared?.passwdFile ?? '', 'utf8');
  expect(passwd).toContain(`BANK\\user1:x:10001:10000::${join(folder, 'home/user1')}:/bin/bash`);
  expect(passwd).toContain('root:x:0:0');
  expect(passwd).not.toContain('jovyan');
  expect(await readFile(prepared?.groupFile ?? '', 'utf8')).toContain('risk:x:10002:');
});

test('the files of an image and an account are made once, also by many at once', async () => {
  const world = await loggedIn();
  const accounts = accountsOf(world);
  const before = await readdir(join(folder, 'accounts'));
  reads = 0;
  const prepared = await Promise.all(
    Array.from({ length: 5 }, () => accounts.prepare(server, { ...image, id: 'sha256:2' }, signal)),
  );
  expect(new Set(prepared.map((one) => one?.passwdFile)).size).toBe(1);
  expect(reads).toBe(1);
  const after = await readdir(join(folder, 'accounts'));
  expect(after.length - before.length).toBe(1);
  expect(after.filter((name) => name.includes('.'))).toEqual([]);
});

test('an image that could not be read is read again at the next start', async () => {
  const accounts = accountsOf(await loggedIn());
  const broken = { id: 'sha256:3', read: () => Promise.reject(new Error('Docker is away')) };
  await expect(accounts.prepare(server, broken, signal)).rejects.toThrow('Docker is away');
  expect(await accounts.prepare(server, { ...image, id: 'sha256:3' }, signal)).toBeDefined();
});

test('who has not logged in through this hub starts nothing, whatever the hub says', async () => {
  const accounts = accountsOf(await loggedIn());
  for (const who of [
    { ...server, user: 'user2' },
    { ...server, hub: 'other' },
  ])
    await expect(accounts.prepare(who, image, signal)).rejects.toMatchObject({ code: 'login-required' });
});

test("once the directory's last yes is too old, a new login is asked for", async () => {
  const world = await loggedIn();
  world.later(3601);
  await expect(accountsOf(world).prepare(server, image, signal)).rejects.toMatchObject({
    code: 'login-required',
    message: 'The directory has not confirmed your account for too long. Log out and in again.',
  });
});

test('without accounts, a directory alone decides who may start, and the image as whom', async () => {
  const world = await loggedIn();
  const accounts = accountsOf(world, { finder: undefined });
  expect(await accounts.prepare(server, image, signal)).toBeUndefined();
  await expect(accounts.prepare({ ...server, user: 'user2' }, image, signal)).rejects.toMatchObject({
    code: 'login-required',
  });
});

test("where the hub has an authenticator of its own, accounts are the name service's, and principals of its realm", async () => {
  const accounts = accountsOf(new LoginWorld(), {
    directory: undefined,
    finder: {
      ofDirectory: () => Promise.reject(new Error('asked')),
      ofHubUser: async (name) => posixAccount({ name: `BANK\\${name}`, home: join(folder, 'home/user9'), uid: 10_009 }),
      check: async function* () {},
    },
    realm: async () => 'CORP.EXAMPLE.TEST',
  });
  expect(await accounts.prepare({ ...server, user: 'user9' }, image, signal)).toMatchObject({
    name: 'BANK\\user9',
    principal: 'user9@CORP.EXAMPLE.TEST',
  });
});

test.each(['account-unknown', 'account-unsafe', 'home-unsafe', 'name-service-failed'] as const)(
  'a start that fails for %s says so in the words of the account',
  async (code) => {
    const finder = {
      ofDirectory: () => Promise.reject(new Error('asked')),
      ofHubUser: () => Promise.reject(new IdentityError(code, 'What is wrong, and what would be right.')),
      check: async function* () {},
    };
    await expect(
      accountsOf(new LoginWorld(), { directory: undefined, finder }).prepare(server, image, signal),
    ).rejects.toMatchObject({ name: 'SpawnError', code, message: 'What is wrong, and what would be right.' });
  },
);
