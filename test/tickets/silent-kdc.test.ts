import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { TicketFinding, TicketKeeper } from '@berth/krb5-ccache';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { childrenNamed, never, TicketWorld } from './ticket-world.ts';

let world: TicketWorld;
let keeper: TicketKeeper;

beforeAll(async () => {
  world = await TicketWorld.make();
  for (let n = 1; n <= 50; n++) await world.kdc.createUser(`user${n}`, 'pw');
  keeper = await world.openKeeper({ kinitSeconds: 4 });
});
afterEach(async () => {
  world.kdc.thaw();
  await world.kdc.start();
});
afterAll(() => world?.remove());

const loginsAtOnce = (signal = never): Promise<string[]> =>
  Promise.all(
    Array.from({ length: 50 }, (_, n) =>
      keeper.obtain(world.owner(`user${n + 1}`, 13_000 + n), 'pw', signal).then(
        () => 'ticket',
        (error: { code?: string; name: string }) => (error.name === 'TicketError' ? error.code : error.name) ?? '',
      ),
    ),
  );

async function findings(): Promise<TicketFinding[]> {
  const found: TicketFinding[] = [];
  for await (const finding of keeper.diagnose(never)) found.push(finding);
  return found;
}

test('fifty logins at once get their fifty tickets', async () => {
  expect(new Set(await loginsAtOnce())).toEqual(new Set(['ticket']));
  expect(keeper.list()).toHaveLength(50);
});

test('fifty logins to a KDC that hangs end at the limit, with eight processes at most, and hold nothing else up', async () => {
  world.kdc.freeze();
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const begun = Date.now();
  const logins = loginsAtOnce();
  await sleep(1000);
  expect(await childrenNamed('kinit')).toBe(8);
  const prepared = performance.now();
  await keeper.prepare(world.owner('stranger', 13_999), never).catch(() => undefined);
  expect(performance.now() - prepared).toBeLessThan(100);
  expect(new Set(await logins)).toEqual(new Set(['kdc-unreachable']));
  delay.disable();
  expect(Date.now() - begun).toBeLessThan(5500);
  // In ms; the eight processes are started in the first of some four hundred samples.
  expect(delay.percentile(95) / 1e6).toBeLessThan(50);
  expect(delay.max / 1e6).toBeLessThan(500);
  expect(await childrenNamed('kinit')).toBe(0);
  expect(await readdir(join(world.runtime, 'tickets', '.staging'))).toEqual([]);
  expect(keeper.list()).toHaveLength(50);
});

test('who goes away takes his kinit with him', async () => {
  world.kdc.freeze();
  const gone = AbortSignal.timeout(500);
  const begun = Date.now();
  expect(new Set(await loginsAtOnce(gone))).toEqual(new Set(['TimeoutError']));
  expect(Date.now() - begun).toBeLessThan(2000);
  expect(await childrenNamed('kinit')).toBe(0);
});

test('the doctor finds a KDC that answers, one that hangs, one that is away', async () => {
  const kdc = (list: readonly TicketFinding[]) => list.filter(({ part }) => part === 'kdc');
  expect(kdc(await findings())).toMatchObject([
    { level: 'ok', finding: expect.stringContaining('CORP.EXAMPLE.TEST answered in') },
  ]);
  world.kdc.freeze();
  expect(kdc(await findings())).toMatchObject([{ level: 'error', finding: expect.stringContaining('within 4 s') }]);
  await world.kdc.stop();
  expect(kdc(await findings())).toMatchObject([{ level: 'error', finding: expect.stringContaining('No KDC') }]);
});

test('the doctor names krb5.conf, kinit, keytabs and tickets that cannot be renewed', async () => {
  expect((await findings()).filter(({ level }) => level !== 'ok')).toEqual([]);
  await keeper.close();
  await world.admin('modprinc -allow_renewable user1');
  keeper = await world.openKeeper({ sources: ['keytab'], keytabFolder: '/nowhere', krb5Conf: '/nowhere/krb5.conf' });
  expect((await findings()).filter(({ level }) => level === 'error').map(({ part }) => part)).toEqual([
    'krb5.conf',
    'kdc',
    'keytab',
  ]);
  await keeper.close();
  keeper = await world.openKeeper({ kinit: '/nowhere/kinit' });
  expect((await findings()).find(({ part }) => part === 'kdc')?.finding).toContain('/nowhere/kinit');
  await keeper.close();
  keeper = await world.openKeeper();
  await keeper.obtain(world.owner('user1', 13_000), 'pw', never);
  expect(await findings()).toContainEqual(
    expect.objectContaining({ level: 'warning', finding: expect.stringMatching(/^1 of 50 tickets can't be renewed/) }),
  );
});
