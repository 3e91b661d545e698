/** What somebody may have put where the host's tickets are looked for: nothing of it is taken, and each user reads why. */
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { parseCcache, viewTgt, writeCcache } from '@berth/krb5-ccache';
import { chmod, chown, link, lstat, readFile, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { attempt, failureIn, nothingLeft } from '../failures/views.ts';
import { startProgram, waitFor, type Program } from '../stack/program.ts';
import { runCommand } from '../stack/run-command.ts';
import { tgtIn } from './host-caches.ts';
import { holder, HostSite, uidOf } from './host-site.ts';

const user = 'user1';
const other = 'user2';
const uid = uidOf(user);
let site: HostSite;
/** Where the service looks for the user's ticket, and for the other's, who has a good one. */
let path: string;
let others: string;
let good: Uint8Array;

beforeAll(async () => {
  site = await HostSite.start();
  path = site.caches.of(holder(user));
  others = site.caches.of(holder(other));
  good = await site.caches.ticketOf(holder(user));
  await site.caches.byPbis(holder(other));
});
afterAll(() => site?.remove());
/** What wasn't refused in one test is no matter of the next. */
beforeEach(async () => {
  await rm(path, { force: true, recursive: true });
  if ((await site.stack.containers(user)).length === 0) return;
  await site.stack.berth.call('admin', 'DELETE', `/v1/users/${user}/ticket`);
  await site.stack.hubApi.stopServer(user);
  await nothingLeft(site.stack, user);
});

const own = async (bytes: Uint8Array): Promise<void> => {
  await writeFile(path, bytes, { mode: 0o600 });
  await chown(path, uid, uid);
};

/** Long ago: a reading would put it right. */
const unread = new Date('2001-01-01T00:00:00Z');

/** Starts the user's server; resolves with why that was refused, once it is known that nothing came of it. */
async function refused(): Promise<string> {
  const seen = await attempt(site.stack, await site.loggedIn(user), user);
  const sentence = failureIn(seen);
  expect(seen.after).toContain(sentence.replace(/^Spawn failed: /, ''));
  await nothingLeft(site.stack, user);
  for (const file of [site.master(user), site.published(user)])
    await expect(lstat(file)).rejects.toMatchObject({ code: 'ENOENT' });
  return sentence;
}

test.each<[string, boolean, () => Promise<unknown>, string]>([
  ["a link to another's cache", false, () => symlink(others, path), 'is a symbolic link'],
  [
    "a hard link to another's cache",
    false,
    () => link(others, path),
    `belongs to uid ${uidOf(other)}; it must belong to uid ${uid}`,
  ],
  [
    "a hard link to one's own",
    false,
    () => own(good).then(() => link(path, `${path}-also`)),
    'has 2 names (hard links); it must have one',
  ],
  [
    'a named pipe',
    false,
    () => runCommand('mkfifo', ['-m', '600', path]).then(() => chown(path, uid, uid)),
    'is a named pipe',
  ],
  ['a folder', false, () => runCommand('install', ['-d', '-o', String(uid), path]), 'is a folder'],
  ["root's", false, () => own(good).then(() => chown(path, 0, 0)), `belongs to uid 0; it must belong to uid ${uid}`],
  [
    "of another user's",
    false,
    () => own(good).then(() => chown(path, uidOf(other), 0)),
    `belongs to uid ${uidOf(other)}`,
  ],
  [
    'for all to read',
    false,
    () => own(good).then(() => chmod(path, 0o644)),
    'has mode 0644: others may use it; it must have 0600',
  ],
  [
    "of another's principal",
    true,
    async () => own(await readFile(others)),
    'holds tickets of user2@CORP.EXAMPLE.TEST; they must be those of user1@CORP.EXAMPLE.TEST',
  ],
  ['torn off', true, () => own(good.subarray(0, good.length - 40)), 'byte'],
  ['empty', true, () => own(new Uint8Array()), 'byte'],
  [
    'of 100 MB',
    false,
    () => own(good).then(() => truncate(path, 100_000_000)),
    'has 100000000 bytes, more than the 1048576 that a ticket cache may have',
  ],
])('a cache that is %s is refused within seconds', async (_, isRead, plant, reason) => {
  await plant();
  for (const each of [path, others]) if (!(await lstat(each)).isSymbolicLink()) await utimes(each, unread, unread);
  const begun = Date.now();
  expect(await refused()).toContain(`${path}${reason === 'byte' ? ':' : ` ${reason}`}`);
  expect(Date.now() - begun).toBeLessThan(20_000);
  expect((await lstat(others)).atime).toEqual(unread);
  if (!(await lstat(path)).isSymbolicLink()) expect((await lstat(path)).atime > unread).toBe(isRead);
  await rm(`${path}-also`, { force: true });
});

/**
 * As fast as it can, other files take the cache's place: the same good ticket in one large enough that reading it takes a
 * while, and a link to another's cache. Each is a rename, as by a login.
 */
const restless = `
import os, sys
path, others, uid = sys.argv[1], sys.argv[2], int(sys.argv[3])
good = open(path + "-large", "rb").read()
while True:
    for n in range(3):
        with open(path + ".new", "wb") as file:
            os.fchown(file.fileno(), uid, uid)
            os.fchmod(file.fileno(), 0o600)
            file.write(good)
        os.rename(path + ".new", path)
    os.symlink(others, path + ".new")
    os.rename(path + ".new", path)
`;

test('a cache that is another one at each look is refused', async () => {
  const cache = parseCcache(good);
  const tgt = tgtIn(good);
  const padded = { ...cache, credentials: [tgt, { ...tgt, secondTicket: new Uint8Array(1_000_000) }] };
  await writeFile(`${path}-large`, writeCcache(padded), { mode: 0o600 });
  await own(writeCcache(padded));
  const program: Program = await startProgram({
    ...{
      name: 'restless',
      command: 'nice',
      args: ['-n', '-20', '/usr/bin/python3', '-c', restless, path, others, String(uid)],
    },
    ...{ env: { PATH: '/usr/bin:/bin' }, cwd: site.folder, logFile: join(site.folder, 'restless.log') },
  });
  try {
    const { ino } = await lstat(path);
    await waitFor('the cache changes', async () => (await lstat(path)).ino !== ino, { program });
    expect(await refused()).toMatch(/changed while being read|is a symbolic link/);
  } finally {
    await program.stop('SIGKILL');
    await rm(`${path}.new`, { force: true });
    await rm(`${path}-large`);
  }
});

test('all the while the other user starts with a ticket, and so does this one once his cache is good', async () => {
  for (const [name, bytes] of [
    [other, await readFile(others)],
    [user, good],
  ] as const) {
    if (name === user) await own(good);
    const seen = await attempt(site.stack, await site.loggedIn(name), name);
    expect(seen.progress.at(-1)).toMatchObject({ ready: true });
    const published = parseCcache(await readFile(site.published(name)));
    expect(viewTgt(published)).toEqual(viewTgt(parseCcache(bytes)));
    expect(viewTgt(published).principal).toBe(`${name}@CORP.EXAMPLE.TEST`);
  }
});
