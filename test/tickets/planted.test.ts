import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { parseCcache, viewTgt, type TicketKeeper } from '@berth/krb5-ccache';
import { lstat, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { never, TicketWorld } from './ticket-world.ts';

// What a user does to his own folder, from within his container: as his uid, with a writable mount.
let world: TicketWorld;
let keeper: TicketKeeper;
let own: string;
const attacker = 12_001;
const victim = 12_002;

beforeAll(async () => {
  world = await TicketWorld.make();
  for (const name of ['user1', 'user2']) await world.kdc.createUser(name, 'pw');
  keeper = await world.openKeeper();
  await keeper.obtain(world.owner('user2', victim), 'pw', never);
  own = join(world.runtime, 'krb5', String(attacker));
});
beforeEach(async () => {
  await keeper.obtain(world.owner('user1', attacker), 'pw', never);
});
afterAll(() => world?.remove());

const inOwnFolder = (shell: string): Promise<string> => world.as(attacker, shell, String(attacker));

const principalIn = async (path: string): Promise<string> => viewTgt(parseCcache(await readFile(path))).principal;

test.each([
  ["a link to another's published ticket", 'ln -sf ../12002/krb5cc krb5cc'],
  ["a link to another's master", 'ln -sf ../../tickets/12002/krb5cc krb5cc'],
  ['a link to itself', 'rm krb5cc; ln -s krb5cc krb5cc'],
  ['a FIFO', 'rm -f krb5cc; mkfifo krb5cc'],
  ['a ticket without rights', 'chmod 000 krb5cc'],
  ['a folder without rights', 'chmod 000 .'],
  ['a folder open to all', 'chmod 777 .'],
])('%s: the ticket is published all the same, and the other one is untouched', async (_, shell) => {
  const before = await readFile(world.published(world.owner('user2', victim)));
  const inode = (await lstat(own)).ino;
  expect(await inOwnFolder(shell)).not.toContain('refused');
  const { ticket } = await keeper.prepare(world.owner('user1', attacker), never);
  expect(ticket.principal).toBe(`user1@${world.kdc.realm}`);
  expect(await principalIn(join(own, 'krb5cc'))).toBe(`user1@${world.kdc.realm}`);
  const { uid, mode } = await lstat(join(own, 'krb5cc'));
  const folder = await lstat(own);
  expect([uid, mode & 0o7777, folder.mode & 0o7777, folder.ino]).toEqual([attacker, 0o600, 0o700, inode]);
  expect(await readFile(world.published(world.owner('user2', victim)))).toEqual(before);
  expect((await lstat(world.master(world.owner('user2', victim)))).uid).toBe(0);
});

test("another principal's ticket in one's own folder never becomes a master", async () => {
  const strange = await readFile(world.published(world.owner('user2', victim)));
  await writeFile(join(own, 'krb5cc'), strange);
  await keeper.prepare(world.owner('user1', attacker), never);
  await keeper.close();
  keeper = await world.openKeeper();
  expect(keeper.view(attacker)?.principal).toBe(`user1@${world.kdc.realm}`);
  expect(await principalIn(join(own, 'krb5cc'))).toBe(`user1@${world.kdc.realm}`);
});

test('a directory named krb5cc, full of files, is moved aside within the folder and told', async () => {
  await inOwnFolder('rm krb5cc && mkdir krb5cc && touch krb5cc/file');
  await keeper.prepare(world.owner('user1', attacker), never);
  expect(await principalIn(join(own, 'krb5cc'))).toBe(`user1@${world.kdc.realm}`);
  const aside = (await readdir(own)).filter((name) => name.startsWith('krb5cc.obstacle-'));
  expect(aside).toHaveLength(1);
  expect(await readdir(join(own, aside[0] ?? ''))).toEqual(['file']);
  expect(keeper.faults()).toEqual([expect.stringContaining('krb5cc was a directory')]);
});

test('a hundred thousand files beside the ticket cost nothing', async () => {
  await inOwnFolder('seq 100000 | xargs touch');
  const begun = performance.now();
  await keeper.prepare(world.owner('user1', attacker), never);
  expect(performance.now() - begun).toBeLessThan(500);
  const wiped = performance.now();
  await keeper.wipe(attacker);
  expect(performance.now() - wiped).toBeLessThan(500);
  expect(await readdir(own)).toHaveLength(100_001);
  await inOwnFolder('find . -type f -delete');
});

test('a directory made again and again is given up on with a reason, and harms nobody else', async () => {
  const race = inOwnFolder(
    'end=$(($(date +%s) + 2)); while [ $(date +%s) -lt $end ]; do rm -f krb5cc; mkdir krb5cc; mkdir krb5cc/x; done 2>/dev/null; true',
  );
  let published = 0;
  const codes = new Set<string>();
  const end = Date.now() + 1800;
  while (Date.now() < end)
    await keeper.prepare(world.owner('user1', attacker), never).then(
      () => published++,
      (error: { code: string }) => codes.add(error.code),
    );
  await race;
  expect(published + codes.size).toBeGreaterThan(0);
  for (const code of codes) expect(['ticket-unsafe', 'ticket-failed']).toContain(code);
  await keeper.prepare(world.owner('user2', victim), never);
  await keeper.prepare(world.owner('user1', attacker), never);
  expect(await principalIn(join(own, 'krb5cc'))).toBe(`user1@${world.kdc.realm}`);
});

test('a folder full to the brim is a reason, and the master is kept', async () => {
  await inOwnFolder('dd if=/dev/zero of=big bs=1M count=64');
  await expect(keeper.prepare(world.owner('user1', attacker), never)).rejects.toMatchObject({
    code: 'ticket-failed',
    message: expect.stringContaining('ENOSPC'),
  });
  const findings: string[] = [];
  for await (const { finding } of keeper.diagnose(never)) findings.push(finding);
  expect(findings).toContainEqual(expect.stringContaining('is nearly full'));
  await inOwnFolder('rm big');
  expect((await keeper.prepare(world.owner('user1', attacker), never)).ticket.principal).toContain('user1@');
});
