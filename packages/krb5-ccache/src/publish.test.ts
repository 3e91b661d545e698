import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { lstat, mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile, link, chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Publications } from './publish.ts';

// Without root a file can only be given to oneself; what another user sees is tested with real users in test/tickets.
const uid = process.getuid?.() ?? 0;
const gid = process.getgid?.() ?? 0;
const owner = { uid, gid, principal: 'user1@R.TEST', username: 'user1' };
const ticket = Buffer.from('a ticket');
let root: string;
let publications: Publications;
let folder: string;
let published: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'publish-'));
  publications = new Publications(join(root, 'krb5'), uid);
  await publications.open();
  folder = publications.folderOf(uid);
  published = join(folder, 'krb5cc');
});
afterEach(() => rm(root, { recursive: true }));

const staged = (): Promise<string[]> => readdir(join(root, 'krb5', '.staging'));

async function mode(path: string): Promise<string> {
  return ((await lstat(path)).mode & 0o7777).toString(8);
}

test('a ticket lies in a folder of the user, for the user alone', async () => {
  expect(await publications.publish(owner, ticket)).toEqual([]);
  expect(await readFile(published)).toEqual(ticket);
  expect([await mode(published), await mode(folder)]).toEqual(['600', '700']);
  expect([await mode(join(root, 'krb5')), await mode(join(root, 'krb5', '.staging'))]).toEqual(['711', '700']);
});

test('a new ticket takes the place of the old in the same folder, which stays mounted', async () => {
  await publications.publish(owner, ticket);
  const before = (await lstat(folder)).ino;
  await publications.publish(owner, Buffer.from('another'));
  expect(await readFile(published, 'utf8')).toBe('another');
  expect((await lstat(folder)).ino).toBe(before);
});

test.each([
  ['a link to the ticket of another', (victim: string) => symlink(victim, published), 'a symbolic link'],
  ['a link to nothing', () => symlink('/nowhere/at/all', published), 'a symbolic link'],
  ['a hard link', (victim: string) => link(victim, published), 'a file of several names'],
  ['a FIFO', () => promisify(execFile)('mkfifo', [published]), 'a FIFO'],
  ['a ticket of another principal', () => writeFile(published, 'stranger'), undefined],
])(
  '%s in the place of the ticket is replaced, not followed, and told where no program makes it',
  async (_, plant, was) => {
    await publications.publish(owner, Buffer.from('before'));
    await rm(published);
    const victim = join(root, 'victim');
    await writeFile(victim, "victim's own", { mode: 0o600 });
    await plant(victim);
    expect(await publications.publish(owner, ticket)).toEqual(
      was === undefined ? [] : [`${published} was ${was} and was replaced: its user put it there.`],
    );
    expect(await readFile(published)).toEqual(ticket);
    expect([(await lstat(published)).isFile(), await staged()]).toEqual([true, []]);
    expect(await readFile(victim, 'utf8')).toBe("victim's own");
  },
);

test('a directory in the place of the ticket is moved aside with what it holds, and told', async () => {
  await mkdir(join(published, 'deep'), { recursive: true });
  await writeFile(join(published, 'deep', 'file'), 'kept');
  const [sentence] = await publications.publish(owner, ticket);
  expect(sentence).toMatch(/was a directory and is now krb5cc\.obstacle-[0-9a-f]{12}/);
  const aside = (await readdir(folder)).find((name) => name.startsWith('krb5cc.obstacle-')) ?? '';
  expect(await readFile(join(folder, aside, 'deep', 'file'), 'utf8')).toBe('kept');
  expect(await readFile(published)).toEqual(ticket);
});

test('a folder that its user opened to others is closed again', async () => {
  await publications.publish(owner, ticket);
  await chmod(folder, 0o777);
  await publications.publish(owner, ticket);
  expect(await mode(folder)).toBe('700');
});

test.each([
  ['a link', async () => symlink(root, folder)],
  ['a file', async () => writeFile(folder, '')],
])("%s in the place of the user's folder is refused", async (_, plant) => {
  await plant();
  await expect(publications.publish(owner, ticket)).rejects.toMatchObject({ code: 'ticket-unsafe' });
  expect([await readdir(root), await staged()]).toEqual([['krb5'], []]);
});

test('withdrawing overwrites the ticket, leaves what else lies there, and the folder too', async () => {
  await publications.publish(owner, ticket);
  await link(published, join(folder, 'second-name'));
  await publications.withdraw(uid, false);
  expect(await readdir(folder)).toEqual(['second-name']);
  expect(await readFile(join(folder, 'second-name'))).toEqual(Buffer.alloc(ticket.length));
});

test('an empty folder goes, unless it is mounted', async () => {
  await publications.publish(owner, ticket);
  await publications.withdraw(uid, true);
  expect(await readdir(folder)).toEqual([]);
  await publications.withdraw(uid, false);
  await expect(lstat(folder)).rejects.toMatchObject({ code: 'ENOENT' });
  await publications.withdraw(uid, false);
});

test.each([
  ['a link', (victim: string) => symlink(victim, published), []],
  ['a FIFO', () => promisify(execFile)('mkfifo', [published]), []],
  ['a directory', () => mkdir(join(published, 'deep'), { recursive: true }), ['krb5cc']],
])('withdrawing meets %s without following, waiting or deleting more', async (_, plant, left) => {
  await publications.publish(owner, ticket);
  await rm(published);
  const victim = join(root, 'victim');
  await writeFile(victim, "victim's own");
  await plant(victim);
  await publications.withdraw(uid, true);
  expect(await readdir(folder)).toEqual(left);
  expect(await readFile(victim, 'utf8')).toBe("victim's own");
});

test('what a killed run left half done is gone after the next start', async () => {
  await writeFile(join(root, 'krb5', '.staging', 'half'), 'a ticket');
  await publications.open();
  expect(await staged()).toEqual([]);
});
