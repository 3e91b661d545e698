import { afterEach, beforeEach, expect, test } from '@jest/globals';
import {
  chmod,
  link,
  lstat,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Masters } from './master-store.ts';
import { ticketBytes } from './testing/ticket-bytes.ts';

const own = process.getuid?.() ?? 0;
const owner = { uid: 1001, gid: 1002, principal: 'user1@R.TEST', username: 'user1' };
const times = { startsAt: new Date('2026-01-01T00:00:00Z'), seconds: 600, renewSeconds: 3600 };
const bytes = ticketBytes(owner.principal, times);
let root: string;
let folder: string;
let masters: Masters;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'masters-'));
  masters = new Masters(join(root, 'tickets'), own);
  folder = join(root, 'tickets', '1001');
  await masters.open('[libdefaults]\n');
  await masters.save({ owner, source: 'password', bytes });
});
afterEach(() => rm(root, { recursive: true }));

test('a saved ticket is there for the next run, with its owner and source', async () => {
  const { masters: found, faults } = await new Masters(join(root, 'tickets'), own).load();
  expect(faults.size).toBe(0);
  expect(found).toMatchObject([{ owner, source: 'password', view: { principal: owner.principal } }]);
  expect(Buffer.from(found[0]?.bytes ?? [])).toEqual(Buffer.from(bytes));
});

test('nobody but the service may look in', async () => {
  const modes = await Promise.all(
    ['', '.staging', 'krb5.conf', '1001', '1001/krb5cc', '1001/owner.json'].map(async (name) =>
      ((await lstat(join(root, 'tickets', name))).mode & 0o777).toString(8),
    ),
  );
  expect(modes).toEqual(['700', '700', '600', '700', '600', '600']);
});

test('the description beside a ticket holds nothing of it', async () => {
  expect(JSON.parse(await readFile(join(folder, 'owner.json'), 'utf8'))).toEqual({ ...owner, source: 'password' });
});

const cache = (): string => join(folder, 'krb5cc');
test.each([
  [
    'a link',
    async () => rename(cache(), join(root, 'x')).then(() => symlink(join(root, 'x'), cache())),
    'symbolic link',
  ],
  ['a second name', () => link(cache(), join(root, 'x')), 'hard link'],
  ['rights for others', () => chmod(cache(), 0o644), 'chmod 600'],
  ['34 bytes, as a failed kinit leaves', () => writeFile(cache(), Buffer.alloc(34)), ''],
  ['a megabyte and more', () => writeFile(cache(), Buffer.alloc((1 << 20) + 1)), 'limit'],
  ["another's ticket", () => writeFile(cache(), ticketBytes('user2@R.TEST', times)), 'user2@R.TEST'],
  ['the same name in another realm', () => writeFile(cache(), ticketBytes('user1@r.test', times)), 'user1@r.test'],
  ['no description that fits', () => writeFile(join(folder, 'owner.json'), '{}'), 'owner.json'],
  [
    "another's description",
    () => writeFile(join(folder, 'owner.json'), JSON.stringify({ ...owner, uid: 1003, source: 'password' })),
    'owner.json',
  ],
  [
    'a folder open to others that is a link',
    async () => rename(folder, join(root, 'y')).then(() => symlink(join(root, 'y'), folder)),
    'no directory',
  ],
])('a master with %s is not taken up, and told', async (_, spoil, words) => {
  await spoil();
  const { masters: found, faults } = await masters.load();
  expect(found).toEqual([]);
  expect(faults.get(1001)).toContain(words);
});

test('a folder without a whole ticket is nothing to tell of', async () => {
  await mkdir(join(root, 'tickets', '1005'));
  await rm(join(folder, 'krb5cc'));
  expect(await masters.load()).toEqual({ masters: [], faults: new Map() });
});

test("the case of a name is the KDC's", async () => {
  await masters.save({ owner, source: 'password', bytes: ticketBytes('USER1@R.TEST', times) });
  const { masters: found } = await masters.load();
  expect(found[0]?.view.principal).toBe('USER1@R.TEST');
});

test('a removed ticket is overwritten before it goes', async () => {
  await link(cache(), join(root, 'second-name'));
  await masters.remove(1001);
  expect(await readFile(join(root, 'second-name'))).toEqual(Buffer.alloc(bytes.length));
  expect((await readdir(join(root, 'tickets'))).toSorted()).toEqual(['.staging', 'krb5.conf']);
  await masters.remove(1001);
});

test('what a killed run left half done is gone after the next start', async () => {
  await mkdir(join(masters.staging, 'run'));
  await writeFile(join(masters.staging, 'run', 'krb5cc'), bytes);
  await masters.open('');
  expect(await readdir(masters.staging)).toEqual([]);
});

test.each([
  ['a link', async () => symlink(root, join(root, 'other'))],
  ['a file', async () => writeFile(join(root, 'other'), '')],
])('%s in place of the folder of all masters is refused', async (_, plant) => {
  await plant();
  await expect(new Masters(join(root, 'other'), own).open('')).rejects.toMatchObject({ code: 'ticket-unsafe' });
});
