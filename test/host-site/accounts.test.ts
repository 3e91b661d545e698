/** As whom servers run where the hub has an authenticator of its own and the host's name service knows the accounts. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { attempt, failureIn, nothingLeft } from '../failures/views.ts';
import { docker, sharedEngine } from '../stack/shared-engine.ts';
import { domainUsers, HostSite, riskAnalysts, uidOf } from './host-site.ts';

let site: HostSite;
beforeAll(async () => {
  site = await HostSite.start({ tickets: false });
});
afterAll(() => site?.remove());

test.each([
  ['0', /'0' is never looked up: a name of digits would be taken for a uid/],
  ['1001', /'1001' is never looked up: a name of digits would be taken for a uid/],
  ['-x', /'-x' is never looked up: .* one that begins with '-' for an option/],
  ['root', /The account 'root' can't run a notebook: its name is that of a system account/],
  ['oracle', /The account 'oracle' can't run a notebook: its uid, 54, is below 1000/],
  ['group1', /its primary group won't do, since the group 'docker' has power over the host/],
  ['linked1', /The home '.*\/linked1' of 'linked1' can't be used: it is a link, no folder/],
  ['strange1', /The home '.*\/strange1' of 'strange1' can't be used: it is owned by uid 1165040649/],
  ['outside1', /The home '\/srv' of 'outside1' can't be used: it is '\/srv', outside of all roots/],
  [
    'nobody-of-that-name',
    /The host's name services know no account 'nobody-of-that-name', 'BANK\\nobody-of-that-name'/,
  ],
])('the hub user %s gets no server, and reads why', async (user, reason) => {
  const seen = await attempt(site.stack, await site.loggedIn(user), user);
  expect(failureIn(seen)).toMatch(reason);
  expect(seen.after).toMatch(reason);
  await nothingLeft(site.stack, user);
});

test('a member of docker gets a server, which has the other groups alone', async () => {
  const seen = await attempt(site.stack, await site.loggedIn('docker1'), 'docker1');
  expect(seen.progress.at(-1)).toMatchObject({ ready: true });
  const [container] = await site.stack.containers('docker1');
  const ids = await docker(sharedEngine(), 'exec', container?.Id ?? '', 'id');
  expect(ids).toContain(`uid=${uidOf('docker1')}(BANK\\docker1) gid=${domainUsers.gid}(BANK\\domain^users)`);
  expect(
    ids
      .match(/groups=(.*)/)?.[1]
      ?.split(',')
      .map((one) => parseInt(one))
      .toSorted(),
  ).toEqual([domainUsers.gid, riskAnalysts.gid].toSorted());
  const log = site.stack.berth.log();
  expect(log).toContain("docker: the group 'docker' has power over the host");
  expect(log).toContain('its gid, 998, is below 1000');
});

test("the machine's own accounts are as they were", async () => {
  expect(await readFile('/etc/passwd', 'utf8')).not.toContain('BANK');
});
