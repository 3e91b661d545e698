import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { TicketKeeper } from '@berth/krb5-ccache';
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LdapService } from '../stack/ldap-service.ts';
import { runCommand } from '../stack/run-command.ts';
import { never, TicketWorld } from './ticket-world.ts';

const LIFE = 12;
const PASSWORD = 'pw-0815';
let world: TicketWorld;
let service: LdapService;

beforeAll(async () => {
  world = await TicketWorld.make({ lifeSeconds: LIFE, renewSeconds: 60 });
  await world.kdc.createUser('user1', PASSWORD);
  await world.kdc.createUser('user2', PASSWORD);
  service = await LdapService.start({ folder: join(world.folder, 'ldap'), kdc: world.kdc });
});
afterAll(async () => {
  await service?.remove();
  await world?.remove();
});

/** By the published ticket and nothing else; a copy, so that no service ticket stays in it. */
async function whoAmI(uid: number): Promise<string> {
  const copy = join(world.folder, 'copy');
  await runCommand('cp', [world.published(world.owner('', uid)), copy]);
  const env = { PATH: '/usr/bin:/bin', KRB5_CONFIG: world.kdc.strictKrb5ConfFile, KRB5CCNAME: `FILE:${copy}` };
  const words = ['-Q', '-N', '-Y', 'GSSAPI', '-H', `ldap://${service.address}`];
  return runCommand('ldapwhoami', words, { env, seconds: 5 }).catch((error: Error) => `refused: ${error.message}`);
}

const user1Dn = 'dn:uid=user1,cn=corp.example.test,cn=gssapi,cn=auth\n';

test('a ticket serves three lifetimes and more, over two restarts of the service, in one and the same folder', async () => {
  const user1 = world.owner('user1', 12_001);
  let keeper: TicketKeeper = await world.openKeeper();
  const first = await keeper.obtain(user1, PASSWORD, never);
  keeper.inUse([user1]);
  const folder = (await lstat(join(world.runtime, 'krb5', '12001'))).ino;
  const ends = new Set<number>();
  const begun = Date.now();
  let restarts = 0;
  while (Date.now() < begun + 3.5 * LIFE * 1000) {
    await sleep(2000);
    expect(await whoAmI(12_001)).toBe(user1Dn);
    expect(keeper.faults()).toEqual([]);
    ends.add(keeper.view(12_001)?.endsAt.getTime() ?? 0);
    if (Date.now() > begun + (restarts + 1) * LIFE * 1000 && restarts < 2) {
      restarts++;
      // Without inUse: after a restart it takes a while until it is known what runs.
      await keeper.close();
      keeper = await world.openKeeper();
    }
  }
  expect(ends.size).toBeGreaterThanOrEqual(5);
  expect(Math.max(...ends)).toBeGreaterThan(first.endsAt.getTime() + 2 * LIFE * 1000);
  expect((await lstat(join(world.runtime, 'krb5', '12001'))).ino).toBe(folder);
  expect(keeper.view(12_001)?.renewTill).toEqual(first.renewTill);
  keeper.inUse([]);
  await sleep((LIFE + 1) * 1000);
  expect(keeper.list()).toEqual([]);
  await expect(lstat(world.published(user1))).rejects.toMatchObject({ code: 'ENOENT' });
  await expect(keeper.prepare(user1, never)).rejects.toMatchObject({ code: 'ticket-ended' });
  await keeper.close();
});

test('while the KDC is away the reason shows, and renewal goes on when it is back', async () => {
  const user2 = world.owner('user2', 12_002);
  const keeper = await world.openKeeper();
  await keeper.obtain(user2, PASSWORD, never);
  keeper.inUse([user2]);
  const { endsAt } = keeper.view(12_002) ?? {};
  await world.kdc.stop();
  await sleep((LIFE * 1000 * 3) / 4);
  expect(keeper.view(12_002)).toMatchObject({ endsAt, problem: expect.stringContaining('No KDC could be reached') });
  await world.kdc.start();
  await sleep((LIFE * 1000) / 4);
  expect(keeper.view(12_002)?.problem).toBeUndefined();
  expect(await whoAmI(12_002)).toContain('uid=user2,');
  await keeper.close();
});

test('a ticket is not renewed beyond its renewable life, and says so in time', async () => {
  const user2 = world.owner('user2', 12_003);
  await world.admin(`modprinc -maxrenewlife "${LIFE + 2} seconds" user2`);
  const keeper = await world.openKeeper();
  const { renewTill } = await keeper.obtain(user2, PASSWORD, never);
  keeper.inUse([user2]);
  await sleep(LIFE * 1000);
  expect(keeper.view(12_003)).toMatchObject({ endsAt: renewTill, nextRenewal: undefined, problem: undefined });
  await sleep(3000);
  await expect(keeper.prepare(user2, never)).rejects.toMatchObject({ code: 'ticket-ended' });
  await keeper.close();
});
