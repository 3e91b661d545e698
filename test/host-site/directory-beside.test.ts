/** A directory is configured, and the hub lets users in by itself all the same: nobody has proved himself to Berth. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { access } from 'node:fs/promises';
import { attempt, failureIn, nothingLeft } from '../failures/views.ts';
import { freePort } from '../stack/free-port.ts';
import { holder, HostSite } from './host-site.ts';

let site: HostSite;
beforeAll(async () => {
  site = await HostSite.start({
    tickets: { trustHub: false },
    berthConfiguration: {
      directory: { domain: 'corp.example.test', servers: [`ldaps://127.0.0.1:${await freePort()}`] },
      login: { allow: ['BANK\\domain^users'] },
    },
  });
});
afterAll(() => site?.remove());

test('without a login through Berth nobody gets a server, whatever the host has of his', async () => {
  await site.caches.byPbis(holder('user1'));
  const seen = await attempt(site.stack, await site.loggedIn('user1'), 'user1');
  const sentence = 'user1 has not logged in through this hub by password. Log out and in again.';
  expect(failureIn(seen)).toContain(sentence);
  expect(seen.after).toContain(sentence);
  expect(site.stack.berth.log()).toContain('"code":"login-required"');
  await nothingLeft(site.stack, 'user1');
  for (const file of [site.master('user1'), site.published('user1')])
    await expect(access(file)).rejects.toMatchObject({ code: 'ENOENT' });
});
