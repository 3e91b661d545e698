import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TicketError } from './errors.ts';
import { createTicketKeeper } from './create-ticket-keeper.ts';
import { KeeperWorld, start, until } from './testing/keeper-world.ts';
import type { HostTickets } from './ticket-settings.ts';

const never = new AbortController().signal;
let world: KeeperWorld;
beforeEach(async () => {
  world = await KeeperWorld.make();
});
afterEach(() => world.remove());

async function loggedIn(seconds = 36_000, renewSeconds = 604_800): Promise<void> {
  await world.open();
  await world.kinit.gives(world.ticket(seconds, renewSeconds));
  await world.keeper.obtain(world.owner, 'geheim-0815', never);
}

const calls = async (): Promise<number> => (await world.kinit.calls()).length;

test('a login leaves a ticket with the keeper and in the folder that containers mount', async () => {
  await loggedIn();
  expect(world.keeper.view(world.owner.uid)).toMatchObject({
    ...{ uid: world.owner.uid, source: 'password', principal: 'user1@R.TEST', forwardable: true },
    endsAt: new Date(start.getTime() + 36_000_000),
  });
  expect(await world.read(world.published)).toEqual(Buffer.from(world.ticket(36_000)));
  const prepared = await world.keeper.prepare(world.owner, never);
  expect(join(prepared.folder, 'krb5cc')).toBe(world.published);
  expect(await calls()).toBe(1);
});

test.each([
  ['of another principal', (): Uint8Array => world.ticket(600, 0, 'user2@R.TEST')],
  ['of another realm', (): Uint8Array => world.ticket(600, 0, 'user1@OTHER.TEST')],
  ['that has no life', (): Uint8Array => world.ticket(0)],
  ['that is none', (): Uint8Array => Buffer.alloc(34)],
])('what kinit wrote is not kept where it is a ticket %s', async (_, bytes) => {
  await world.open();
  await world.kinit.gives(bytes());
  await expect(world.keeper.obtain(world.owner, 'pw', never)).rejects.toBeInstanceOf(TicketError);
  expect([await world.read(world.master), await world.read(world.published)]).toEqual([undefined, undefined]);
  expect(world.keeper.list()).toEqual([]);
});

test('a ticket is renewed while it is used, again and again, and published each time', async () => {
  await loggedIn(3600);
  world.keeper.inUse([world.owner]);
  for (const round of [1, 2, 3]) {
    expect(world.renewsAt).toBe(round * 1800);
    // What the KDC gives half an hour from now.
    const renewed = world.ticket(5400, 600_000);
    await world.kinit.gives(renewed);
    world.clock.advance(1800);
    await until(() => world.ends === round * 1800 + 3600);
    await until(async () => Buffer.from(renewed).equals((await world.read(world.published)) ?? Buffer.of()));
    expect(await world.read(world.master)).toEqual(Buffer.from(renewed));
  }
  expect((await world.kinit.calls()).filter((call) => call.startsWith('-R '))).toHaveLength(3);
});

test('a ticket that nobody uses is not renewed, and wiped at its end', async () => {
  await loggedIn(3600);
  world.keeper.inUse([]);
  expect(world.renewsAt).toBeUndefined();
  world.clock.advance(3599);
  await sleep(50);
  expect(await world.read(world.master)).toBeDefined();
  world.clock.advance(1);
  await until(() => world.keeper.list().length === 0);
  await until(async () => (await world.read(world.published)) === undefined);
  expect([await world.read(world.master), await calls()]).toEqual([undefined, 1]);
  await expect(world.keeper.prepare(world.owner, never)).rejects.toMatchObject({ code: 'ticket-ended' });
});

test('a ticket that ended under a running server is wiped when the server is gone', async () => {
  await loggedIn(3600, 0);
  world.keeper.inUse([world.owner]);
  world.clock.advance(4000);
  await sleep(50);
  expect(world.keeper.list()).toHaveLength(1);
  world.keeper.inUse([]);
  world.clock.advance(0);
  await until(() => world.keeper.list().length === 0);
});

test('a renewal that fails is told, tried again and again, and forgotten once it worked', async () => {
  await loggedIn(3600);
  world.keeper.inUse([world.owner]);
  await world.kinit.fails("kinit: Cannot contact any KDC for realm 'R.TEST' while renewing credentials");
  world.clock.advance(1800);
  await until(() => world.keeper.view(world.owner.uid)?.problem !== undefined);
  expect(world.keeper.faults()).toEqual([expect.stringContaining("isn't renewed: No KDC could be reached")]);
  expect(world.renewsAt).toBe(1807.5);
  world.clock.advance(7.5);
  await until(() => world.renewsAt === 1822.5);
  expect(world.ends).toBe(3600);
  await world.kinit.gives(world.ticket(3600));
  world.clock.advance(15);
  await until(() => world.ends === 1807.5 - 0.5 + 3600);
  expect([world.keeper.faults(), world.keeper.view(world.owner.uid)?.problem]).toEqual([[], undefined]);
});

test.each([
  ['ends earlier', () => world.ticket(1000)],
  ["is another's", () => world.ticket(36_000, 0, 'user2@R.TEST')],
])('a renewed ticket that %s does not replace the one before', async (_, bytes) => {
  await loggedIn(3600);
  world.keeper.inUse([world.owner]);
  world.clock.advance(1700);
  await world.kinit.gives(bytes());
  world.clock.advance(100);
  await until(() => world.keeper.view(world.owner.uid)?.problem !== undefined);
  expect([world.ends, world.keeper.view(world.owner.uid)?.principal]).toEqual([3600, 'user1@R.TEST']);
});

test('a service that was killed goes on with renewal where it was', async () => {
  await loggedIn(3600);
  world.keeper.inUse([world.owner]);
  await rm(world.published);
  await world.open();
  expect([world.ends, world.renewsAt]).toEqual([3600, 1800]);
  expect(await world.read(world.published)).toEqual(await world.read(world.master));
  world.keeper.inUse([world.owner]);
  expect(world.renewsAt).toBe(1800);
});

test('a ticket is renewed for a start that needs more life than it has', async () => {
  await loggedIn(3600);
  world.clock.advance(3400);
  world.keeper.inUse([]);
  await world.kinit.gives(world.ticket(3600));
  const { ticket } = await world.keeper.prepare(world.owner, never);
  expect((ticket.endsAt.getTime() - start.getTime()) / 1000).toBe(7000);
});

test.each([
  ['is not renewable', 3600, 0, 'ticket-ended', 'not renewable'],
  ['can be renewed for too short a time', 3600, 3700, 'ticket-ended', 'needs one for 300 s'],
])('a start is refused with a sentence where a short ticket %s', async (_, life, renew, code, words) => {
  await loggedIn(life, renew);
  world.keeper.inUse([]);
  world.clock.advance(3500);
  await world.kinit.gives(world.ticket(200, 200));
  await expect(world.keeper.prepare(world.owner, never)).rejects.toMatchObject({
    code,
    message: expect.stringContaining(words),
  });
});

test('without any ticket a start asks for a login', async () => {
  await world.open();
  await expect(world.keeper.prepare(world.owner, never)).rejects.toMatchObject({ code: 'ticket-missing' });
});

test('sources are tried in their order, and a keytab is asked anew at each renewal', async () => {
  await world.open({ sources: ['keytab', 'password'] });
  await world.kinit.gives(world.ticket(36_000));
  await world.keeper.obtain(world.owner, 'pw', never);
  expect((await world.keeper.prepare(world.owner, never)).ticket.source).toBe('password');
  await writeFile(join(world.keytabs, 'user1.keytab'), 'keys', { mode: 0o600 });
  expect((await world.keeper.prepare(world.owner, never)).ticket.source).toBe('keytab');
  world.keeper.inUse([world.owner]);
  world.clock.advance(18_000);
  await until(async () => (await calls()) === 3);
  expect((await world.kinit.calls()).at(-1)).toContain(`-k -t FILE:${world.keytabs}/user1.keytab -c`);
});

test('a keytab that others may read is told, not used', async () => {
  await world.open({ sources: ['keytab'] });
  await writeFile(join(world.keytabs, 'user1.keytab'), 'keys');
  await chmod(join(world.keytabs, 'user1.keytab'), 0o644);
  await expect(world.keeper.prepare(world.owner, never)).rejects.toMatchObject({ code: 'ticket-unsafe' });
  expect(await calls()).toBe(0);
});

/** A host whose cache can be changed. */
function host(): HostTickets & { bytes: Uint8Array | undefined; changed: () => void; watching: number } {
  return {
    bytes: undefined,
    changed: () => undefined,
    watching: 0,
    find() {
      if (!this.bytes) return Promise.reject(new TicketError('ticket-missing', 'no cache on the host'));
      return Promise.resolve({ bytes: this.bytes, path: '/tmp/krb5cc_1001' });
    },
    watch(_, changed) {
      this.watching++;
      this.changed = changed;
      return () => void this.watching--;
    },
  };
}

test("the host's ticket is copied, and followed as the host renews it, while it is used", async () => {
  const cache = host();
  await world.open({ sources: ['password', 'host'] }, cache);
  cache.bytes = world.ticket(3600);
  expect((await world.keeper.prepare(world.owner, never)).ticket.source).toBe('host');
  expect(await world.read(world.published)).toEqual(Buffer.from(cache.bytes));
  world.keeper.inUse([world.owner]);
  expect(cache.watching).toBe(1);
  cache.bytes = world.ticket(7200);
  cache.changed();
  await until(() => world.ends === 7200);
  cache.bytes = world.ticket(600);
  cache.changed();
  await sleep(50);
  expect([world.ends, await calls(), cache.watching]).toEqual([7200, 0, 1]);
  world.keeper.inUse([]);
  expect(cache.watching).toBe(0);
});

test('where the host does not renew in time, the copy is renewed', async () => {
  const cache = host();
  await world.open({ sources: ['host'] }, cache);
  cache.bytes = world.ticket(3600);
  await world.keeper.prepare(world.owner, never);
  world.keeper.inUse([world.owner]);
  expect(world.renewsAt).toBe(2340);
  await world.kinit.gives(world.ticket(5940));
  world.clock.advance(2340);
  await until(() => world.ends === 5940);
  expect((await world.kinit.calls())[0]).toMatch(/^-R -c FILE:.*\/run\/tickets\/\.staging\//);
});

test('a short ticket of the host does not push out the longer one of a login', async () => {
  const cache = host();
  await world.open({ sources: ['host', 'password'] }, cache);
  await world.kinit.gives(world.ticket(36_000));
  await world.keeper.obtain(world.owner, 'pw', never);
  cache.bytes = world.ticket(100, 0);
  expect((await world.keeper.prepare(world.owner, never)).ticket.source).toBe('password');
  expect(world.ends).toBe(36_000);
});

test('a uid that now means somebody else gets no ticket of the one before', async () => {
  await loggedIn();
  const successor = { ...world.owner, principal: 'user2@R.TEST', username: 'user2' };
  await expect(world.keeper.prepare(successor, never)).rejects.toMatchObject({ code: 'ticket-missing' });
  expect([await world.read(world.master), await world.read(world.published)]).toEqual([undefined, undefined]);
});

test('a wiped ticket is gone from everywhere, and is not renewed until the next login', async () => {
  await loggedIn(3600);
  world.keeper.inUse([world.owner]);
  await world.keeper.wipe(world.owner.uid);
  expect([await world.read(world.master), await world.read(world.published)]).toEqual([undefined, undefined]);
  world.clock.advance(3000);
  await sleep(50);
  expect([await calls(), world.keeper.list()]).toEqual([1, []]);
  await world.keeper.wipe(world.owner.uid);
  await world.kinit.gives(world.ticket(3600));
  await world.keeper.obtain(world.owner, 'pw', never);
  expect(world.renewsAt).toBe(3000 + 1800);
});

test('a wipe does not wait for a renewal that hangs, and the renewal leaves nothing', async () => {
  await loggedIn(3600);
  world.keeper.inUse([world.owner]);
  await world.kinit.answers('sleep 61');
  world.clock.advance(1800);
  await until(async () => (await calls()) === 2);
  const begun = Date.now();
  await world.keeper.wipe(world.owner.uid);
  expect(Date.now() - begun).toBeLessThan(1000);
  await sleep(50);
  expect([world.keeper.list(), world.keeper.faults()]).toEqual([[], []]);
});

test('logins of one user at once end with one whole ticket', async () => {
  await world.open();
  await world.kinit.gives(world.ticket(36_000));
  await Promise.all(Array.from({ length: 5 }, () => world.keeper.obtain(world.owner, 'pw', never)));
  expect(await world.read(world.published)).toEqual(await world.read(world.master));
  expect(world.keeper.list()).toHaveLength(1);
});

test('a directory in the place of the published ticket is told until the next clean publication', async () => {
  await loggedIn();
  await rm(world.published);
  await mkdir(world.published);
  await world.keeper.prepare(world.owner, never);
  expect(world.keeper.faults()).toEqual([expect.stringContaining('was a directory')]);
  await world.keeper.prepare(world.owner, never);
  expect(world.keeper.faults()).toEqual([]);
});

test('closing ends what hangs; tickets stay', async () => {
  await loggedIn(3600);
  world.keeper.inUse([world.owner]);
  await world.kinit.answers('sleep 61');
  world.clock.advance(1800);
  await until(async () => (await calls()) === 2);
  const begun = Date.now();
  await world.keeper.close();
  expect(Date.now() - begun).toBeLessThan(1000);
  expect(await world.read(world.master)).toBeDefined();
  expect(world.clock.waiting).toBe(0);
});

test('the log names who and when, and neither password nor key', async () => {
  await loggedIn(3600);
  world.keeper.inUse([world.owner]);
  await world.kinit.gives(world.ticket(7200));
  world.clock.advance(1800);
  await until(() => world.logged.some((line) => line.includes('renewed a ticket')));
  expect(world.logged.join('\n')).not.toMatch(/geheim-0815|session key/);
});

test('a runtime folder that others may write to is refused', async () => {
  await mkdir(join(world.kinit.folder, 'run'));
  await chmod(join(world.kinit.folder, 'run'), 0o777);
  await expect(world.open()).rejects.toMatchObject({ code: 'ticket-unsafe' });
});

test.each([
  [{ runtime: 'run/berth' }, 'runtime'],
  [{ krb5Conf: '/a:/b' }, 'krb5Conf'],
  [{ sources: [] }, 'sources'],
  [{ sources: ['host'] as const }, 'hostTickets'],
  [{ kinitSeconds: 0 }, 'kinitSeconds'],
  [{ kinitAtOnce: Number.NaN }, 'kinitAtOnce'],
])('the setting %j is refused by its name', (settings, key) => {
  const whole = {
    ...{ runtime: '/run/berth', krb5Conf: '/etc/krb5.conf', sources: ['password'] as const, kinit: '/usr/bin/kinit' },
    ...{ minimumLifeSeconds: 0, renewLifetimeSeconds: 1, kinitSeconds: 1, kinitAtOnce: 1 },
  };
  const { clock } = world;
  const log = { info: () => undefined, warn: () => undefined };
  const parts = { log, now: clock.now, timers: clock.timers, random: Math.random, uid: 0 };
  expect(() => createTicketKeeper({ ...whole, ...settings }, parts)).toThrow(`The ticket setting ${key} `);
});
