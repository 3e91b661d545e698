/** Where the host's tickets are found, what keeps one from being taken, and keytabs. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parseCcache, viewTgt } from '@berth/krb5-ccache';
import { access, chmod, copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { attempt, failureIn, nothingLeft } from '../failures/views.ts';
import { docker, sharedEngine } from '../stack/shared-engine.ts';
import { tgtIn } from './host-caches.ts';
import { holder, HostSite, uidOf, type UserName } from './host-site.ts';

let site: HostSite;
beforeAll(async () => {
  site = await HostSite.start();
});
afterAll(() => site?.remove());

/** Resolves with whose ticket the user's new server sees; rejects where it doesn't start. */
async function principalInServer(user: UserName): Promise<string> {
  const seen = await attempt(site.stack, await site.loggedIn(user), user);
  if (seen.progress.at(-1)?.ready !== true) throw new Error(failureIn(seen));
  const [container] = await site.stack.containers(user);
  const cat = ['exec', container?.Id ?? '', 'sh', '-c', 'cat "${KRB5CCNAME#FILE:}"'];
  expect(await docker(sharedEngine(), ...cat)).toContain(user);
  return viewTgt(parseCcache(await readFile(site.published(user)))).principal;
}

async function sentenceFor(user: UserName): Promise<string> {
  const seen = await attempt(site.stack, await site.loggedIn(user), user);
  await nothingLeft(site.stack, user);
  expect(seen.after).toContain(failureIn(seen).replace(/^Spawn failed: /, ''));
  for (const file of [site.master(user), site.published(user)])
    await expect(access(file)).rejects.toMatchObject({ code: 'ENOENT' });
  return failureIn(seen);
}

const realm = 'CORP.EXAMPLE.TEST';

test("without the hub's word being trusted the service does not start, and says which line is missing", async () => {
  await expect(site.reconfigure({ trustHub: false })).rejects.toThrow(
    /tickets\.trustHub: must be true without a directory: the hub's word alone then says whose ticket a notebook gets/,
  );
  await site.reconfigure({});
});

test('a cache of SSSD, whose name ends in letters that nobody can foretell, is found', async () => {
  await site.reconfigure({ hostCaches: [`FILE:${site.caches.folder}/krb5cc_{uid}_*`] });
  await site.caches.bySssd(holder('user2'));
  const path = await site.caches.bySssd(holder('user1'));
  expect(await principalInServer('user1')).toBe(`user1@${realm}`);
  expect(tgtIn(await readFile(site.master('user1'))).ticket).toEqual(tgtIn(await readFile(path)).ticket);
});

test('a DIR collection is found', async () => {
  await site.reconfigure({}, [`default_ccache_name = DIR:${site.caches.folder}/of_%{uid}`]);
  await site.caches.collection(holder('user2'), `of_${uidOf('user2')}`);
  expect(await principalInServer('user2')).toBe(`user2@${realm}`);
});

test.each([
  ['KEYRING:persistent:%{uid}', "a cache in the kernel's keyring can't be given to a container", 'pam_winbind.conf'],
  ['KCM:', "a cache that the KCM daemon holds can't be given to a container", 'kcm_default_ccache'],
])('with default_ccache_name = %s the user reads what krb5.conf should say', async (name, why, more) => {
  await site.reconfigure({}, [`default_ccache_name = ${name}`]);
  const sentence = await sentenceFor('user3');
  expect(sentence).toContain(why);
  expect(sentence).toContain('set default_ccache_name = FILE:/tmp/krb5cc_%{uid} in [libdefaults] of krb5.conf');
  expect(sentence).toContain(more);
});

test('an admin destroys the ticket of a user whose last server has stopped', async () => {
  await site.reconfigure({ hostCaches: [`FILE:${site.caches.folder}/krb5cc_{uid}_*`] });
  await site.caches.bySssd(holder('user1'));
  await principalInServer('user1');
  await site.stack.hubApi.stopServer('user1');
  await nothingLeft(site.stack, 'user1');
  await access(site.master('user1'));
  const answer = await site.stack.berth.call('admin', 'DELETE', '/v1/users/user1/ticket');
  expect([answer.status, ((await answer.json()) as { ticket: unknown }).ticket]).toEqual([200, null]);
  for (const file of [site.master('user1'), site.published('user1')])
    await expect(access(file)).rejects.toMatchObject({ code: 'ENOENT' });
});

test('where a ticket is optional, a server starts without one', async () => {
  await site.reconfigure({ start: 'optional' }, ['default_ccache_name = KCM:']);
  const seen = await attempt(site.stack, await site.loggedIn('user3'), 'user3');
  expect(seen.progress.at(-1)).toMatchObject({ ready: true });
  const [container] = await site.stack.containers('user3');
  expect(container?.Config.Env.filter((line) => line.startsWith('KRB5'))).toEqual([]);
  expect(site.stack.berth.log()).toContain('starts without a ticket');
});

test('a keytab gives a ticket without any login, unless others can read it', async () => {
  for (const user of ['user4', 'user5'] as const) {
    await copyFile(await site.kdc.keytabOf(user), join(site.keytabs, `${user}.keytab`));
    await chmod(join(site.keytabs, `${user}.keytab`), user === 'user4' ? 0o600 : 0o640);
  }
  await site.reconfigure({ sources: ['keytab'], keytabFolder: site.keytabs });
  expect(await principalInServer('user4')).toBe(`user4@${realm}`);
  expect(await sentenceFor('user5')).toContain(`${site.keytabs}/user5.keytab `);
  expect(await sentenceFor('docker1')).toContain(`There is no keytab for docker1 in ${site.keytabs}.`);
});
