/** Who is logged in stays so as long as the directory says: groups, admins, the disabled, the removed, the re-hired. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser } from '../stack/browser.ts';
import { DirectoryStack, textOf } from '../stack/directory-stack.ts';
import { waitFor } from '../stack/program.ts';
import { sharedEngine, testFolder } from '../stack/shared-engine.ts';

const password = 'Pa55-of-user1';
const refreshAge = 1;
let site: DirectoryStack;

beforeAll(async () => {
  const engine = sharedEngine();
  site = await DirectoryStack.start({
    ...{ folder: await testFolder(), engine, images: [engine.tinyImage], tickets: false },
    prepare: async (accounts) => {
      const users = ['user1', 'user2', 'user3', 'user4', 'user5', 'rehired'];
      for (const name of users) await accounts.createUser({ name, password });
      await accounts.createGroup({ name: 'analysts', members: users });
      await accounts.createGroup({ name: 'hub admins', members: ['user1'] });
      await accounts.createGroup({ name: 'desk (west)', members: ['user1'] });
      await accounts.createGroup({ name: 'all desks', members: ['desk (west)'] });
    },
    login: {
      allow: ['BANK\\analysts'],
      adminGroups: ['BANK\\hub^admins'],
      hubGroups: ['BANK\\desk^(west)', 'BANK\\all^desks', 'BANK\\analysts'],
    },
    hubConfiguration: `c.BerthAuthenticator.auth_refresh_age = ${refreshAge}`,
  });
});

afterAll(() => site?.remove());

interface HubModel {
  readonly admin: boolean;
  readonly groups: readonly string[];
}

async function inHub(name: string): Promise<HubModel> {
  const { admin, groups } = (await site.stack.hubApi.user(name)) as unknown as HubModel;
  return { admin, groups: groups.toSorted() };
}

/** The next page that somebody opens is looked at by the directory. */
async function laterAt(browser: Browser, path = '/hub/home') {
  await sleep(refreshAge * 1000 + 200);
  return browser.open(path);
}

const isIn = async (browser: Browser) => (await laterAt(browser)).path === '/hub/home';

test('admins and groups of the directory are those of the hub, and leave it with the membership', async () => {
  const browser = await site.loggedIn('user1', password);
  expect(await inHub('user1')).toEqual({
    admin: true,
    groups: ['BANK\\all^desks', 'BANK\\analysts', 'BANK\\desk^(west)'],
  });
  expect((await browser.open('/hub/admin')).status).toBe(200);

  await site.accounts.removeMembers('hub admins', ['user1']);
  await site.accounts.removeMembers('desk (west)', ['user1']);
  expect((await laterAt(browser, '/hub/admin')).status).toBe(403);
  expect(await inHub('user1')).toEqual({ admin: false, groups: ['BANK\\analysts'] });

  await site.accounts.addMembers('all desks', ['user1']);
  await laterAt(browser);
  expect(await inHub('user1')).toEqual({ admin: false, groups: ['BANK\\all^desks', 'BANK\\analysts'] });
});

test('who never was an admin is none, and has the listed groups alone', async () => {
  await site.loggedIn('user2', password);
  expect(await inHub('user2')).toEqual({ admin: false, groups: ['BANK\\analysts'] });
});

test.each([
  ['is disabled', 'user3', () => site.accounts.disable('user3'), 'account-disabled'],
  ['has left the group', 'user4', () => site.accounts.removeMembers('analysts', ['user4']), 'group-missing'],
] as const)('who %s is logged out at the next refresh, and starts nothing more', async (_, name, change, code) => {
  const browser = await site.loggedIn(name, password);
  expect(await isIn(browser)).toBe(true);
  await change();
  expect((await laterAt(browser)).path).toMatch(/^\/hub\/login/);
  expect((await site.audit()).findLast(({ user }) => user === name)).toMatchObject({
    ...{ event: 'refresh', outcome: 'refused', by: 'hub default', code },
  });
  // Not by the hub's own word for them either.
  await site.stack.hubApi.startServer(name).catch(() => undefined);
  await sleep(1000);
  expect(await site.stack.containers(name)).toEqual([]);
});

test('a start asks the directory, however fresh its last answer is', async () => {
  const hub = await site.anotherHub('5.5.1'); // As it comes: pages ask every five minutes.
  const browser = site.browserAt(hub);
  await browser.login('user5', password);
  await site.accounts.expire('user5');
  expect((await browser.open('/hub/home')).path).toBe('/hub/home');
  const page = await browser.startServer('user5');
  expect([page.status, textOf(page)]).toEqual([403, expect.stringMatching(/auth has expired.*login again/)]);
  expect(await site.stack.containers('user5')).toEqual([]);
}, 60_000);

test('while no directory answers, who is logged in stays and works on, for as long as the grace', async () => {
  await site.reconfigure({ login: { allow: ['BANK\\analysts'], grace: '6s' } });
  const browser = await site.loggedIn('user2', password);
  await browser.startServer('user2');
  await waitFor('it runs', async () => (await site.stack.hubApi.user('user2'))?.servers['']?.ready === true);
  const confirmed = Date.now();
  await site.relay.refuse();
  try {
    expect((await browser.open('/hub/home')).path).toBe('/hub/home');
    await waitFor('the grace is over', async () => !(await isIn(browser)), { seconds: 30 });
    expect(Date.now() - confirmed).toBeGreaterThan(5000);
    // It ends nobody's work.
    expect((await site.stack.containers('user2')).map(({ State }) => State.Running)).toEqual([true]);
  } finally {
    await site.relay.accept();
    await site.reconfigure();
  }
  await site.loggedIn('user2', password);
}, 90_000);

test('a name whose account is another one now is refused, until an admin forgets the one before', async () => {
  const before = await site.loggedIn('rehired', password);
  await site.accounts.delete('rehired');
  await site.accounts.createUser({ name: 'rehired', password, groups: ['analysts'] });
  expect(await isIn(before)).toBe(false);

  const page = await site.stack.browser().submitLogin('rehired', password);
  expect(page.status).toBe(403);
  expect(textOf(page)).toContain('The name rehired belonged to another account of the directory before.');
  expect((await site.audit()).at(-1)).toMatchObject({ outcome: 'refused', code: 'name-rebound', user: 'rehired' });

  expect(await site.cli('forget', 'rehired')).toContain('rehired');
  expect((await site.audit()).at(-1)).toMatchObject({ event: 'user-forgotten', by: 'admin', user: 'rehired' });
  expect(await isIn(await site.loggedIn('rehired', password))).toBe(true);
  expect(await site.stack.berth.get('/v1/users/rehired')).toMatchObject({ sid: await site.accounts.sidOf('rehired') });
});
