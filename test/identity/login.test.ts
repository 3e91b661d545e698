/** Who gets in by the hub's login form, and as whom: groups of every kind, names of every form. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { DirectoryStack, textOf } from '../stack/directory-stack.ts';
import type { DirectoryAccounts } from '../stack/directory-accounts.ts';
import { sharedEngine, testFolder } from '../stack/shared-engine.ts';

const password = 'Pa55-of-user1';
let site: DirectoryStack;

/** CN, and sAMAccountName where AD takes no such one; a member of its own, and how the configuration writes it. */
const oddGroups = [
  { name: 'risk analysts', account: undefined, member: 'spaces1', entry: 'BANK\\risk analysts' },
  { name: 'risk desk', account: undefined, member: 'caret1', entry: 'BANK\\risk^desk' },
  { name: 'desk^west', account: undefined, member: 'caret2', entry: 'desk^west' },
  { name: 'back\\slash', account: 'back_slash', member: 'slash1', entry: 'BANK\\back\\slash' },
  { name: 'brackets (Zürich)', account: undefined, member: 'bracket1', entry: 'brackets (Zürich)' },
  { name: 'star * group', account: 'star_group', member: 'star1', entry: 'BANK\\star * group' },
  { name: 'Аналитики рисков', account: undefined, member: 'cyrillic1', entry: 'BANK\\Аналитики рисков' },
] as const;

const members = ['direct1', 'nested1', 'cross1', 'cross2', 'nobody1', 'user1', ...oddGroups.map((one) => one.member)];

beforeAll(async () => {
  site = await DirectoryStack.start({
    folder: await testFolder(),
    engine: sharedEngine(),
    prepare,
    login: { allow: ['BANK\\domain^users', 'BANK\\level^1', 'level 3', ...oddGroups.map(({ entry }) => entry)] },
    tickets: false,
  });
});

afterAll(() => site?.remove());

/** Everybody's primary group lets nobody in, save that of primary1, which is Domain Users. */
async function prepare(accounts: DirectoryAccounts): Promise<void> {
  await accounts.createGroup({ name: 'bank staff' });
  await accounts.createUser({ name: 'primary1', password });
  for (const name of members) {
    await accounts.createUser({ name, password });
    await accounts.setPrimaryGroup(name, 'bank staff');
    await accounts.removeMembers('Domain Users', [name]);
  }
  await accounts.createGroup({ name: 'level 3', members: ['nested1', 'user1'] });
  await accounts.createGroup({ name: 'level 2', members: ['level 3'] });
  await accounts.createGroup({ name: 'level 1', members: ['level 2', 'direct1'] });
  for (const { name, account, member } of oddGroups)
    await accounts.createGroup({ name, ...(account && { account }), members: [member] });
  await accounts.addMembers('risk analysts', ['cross1', 'cross2']);
  await accounts.addMembers('level 2', ['cross2']);
}

interface User {
  readonly name: string;
  readonly allowedBy: string | null;
  readonly principal: string;
  readonly sid: string;
  readonly account: { readonly uid: number };
}

test.each([
  ['a direct member', 'direct1', 'BANK\\level^1'],
  ['a member three groups deep', 'nested1', 'BANK\\level^1'],
  ['whose primary group it is', 'primary1', 'BANK\\domain^users'],
  ['who is in one of several groups', 'cross1', 'BANK\\risk analysts'],
  ['who is in several of them, by the first in the list,', 'cross2', 'BANK\\level^1'],
  ...oddGroups.map(({ name, member, entry }) => [`a member of the group ${name}`, member, entry] as const),
])('%s gets in: %s by %s', async (_, user, entry) => {
  const browser = await site.loggedIn(user, password);
  expect((await browser.open('/hub/home')).path).toBe('/hub/home');
  expect(await site.stack.berth.get<User>(`/v1/users/${user}`)).toMatchObject({ name: user, allowedBy: entry });
  expect((await site.audit()).at(-1)).toMatchObject({ event: 'login', outcome: 'ok', user, allowedBy: entry });
});

const noGroup = 'This account is in none of the groups that may log in here. Please ask for membership.';

test('who is in no such group reads why on the login form', async () => {
  const browser = site.stack.browser();
  const page = await browser.submitLogin('nobody1', password);
  expect(page).toMatchObject({ status: 403, text: expect.stringContaining('name="password"') });
  expect(textOf(page)).toContain(noGroup);
  expect((await browser.open('/hub/home')).path).toMatch(/^\/hub\/login/);
  expect((await site.audit()).at(-1)).toMatchObject({ event: 'login', outcome: 'refused', code: 'group-missing' });
  expect(await site.stack.hubApi.user('nobody1')).toBeUndefined();
});

test.each([
  ['4.1.6', 'an error page'],
  ['6.0.0b2', 'the login form'],
] as const)('with JupyterHub %s, too, users get in, and who may not reads why, on %s', async (version, where) => {
  const hub = await site.anotherHub(version);
  const page = await site.browserAt(hub).submitLogin('nobody1', password);
  expect(page.status).toBe(403);
  expect(textOf(page)).toContain(noGroup);
  expect(page.text.includes('name="password"')).toBe(where === 'the login form');
  const browser = site.browserAt(hub);
  await browser.login('BANK\\direct1', password);
  expect((await browser.open('/hub/home')).path).toBe('/hub/home');
});

test('however the name is typed it is one hub user, one account, one principal', async () => {
  const typed = ['user1', 'USER1', ' User1 ', 'BANK\\USER1', 'bank\\user1', 'User1@corp.example.test'];
  const seen = new Set<string>();
  for (const name of typed) {
    const browser = await site.loggedIn(name, password);
    const me = JSON.parse((await browser.api('GET', '/user')).text) as { name: string };
    const { principal, sid, account } = await site.stack.berth.get<User>(`/v1/users/${me.name}`);
    seen.add([me.name, principal, sid, account.uid].join(' '));
  }
  const sid = await site.accounts.sidOf('user1');
  expect([...seen]).toEqual([expect.stringMatching(new RegExp(`^user1 user1@CORP.EXAMPLE.TEST ${sid} \\d+$`))]);
  const users = (await (await site.stack.hubApi.call('GET', '/users')).json()) as { name: string }[];
  expect(users.filter(({ name }) => /user1/i.test(name))).toMatchObject([{ name: 'user1' }]);
});

/** With the password of user1, each would let in whoever it finds. */
const injections = [
  ...['*', 'user*', 'u*r1', '\\2a', 'user1*', 'user1)', '(user1', 'user1)(sAMAccountName=user1', '*)(objectClass=*'],
  ...['user1)(|(objectClass=*', 'user1))(|(cn=*', ')(cn=user1', 'x)(|(sAMAccountName=user1', '&', '|', '!', '*)(&'],
  ...['CN=user1,CN=Users,DC=corp,DC=example,DC=test', 'cn=user1', 'user1,CN=Users,DC=corp,DC=example,DC=test'],
  ...['CN=user1,CN=Users,DC=corp,DC=example,DC=test@corp.example.test', '<SID=S-1-5-21-1-2-3-500>', '<GUID=x>'],
  ...['user\u200b1', '\u202e1resu', 'u\\73er1', 'user\\31', 'user1\u0000x', 'us\r\ner1', '"user1"', 'user1;', '#user1'],
  ...['EXTERNAL', 'PLAIN', 'DIGEST-MD5', 'GSSAPI', 'OTHER\\user1', 'user1@other.test', 'BANK\\BANK\\user1', 'user1/x'],
  ...[
    '../user1',
    'user1/../nobody1',
    'user1 --',
    "user1' or '1'='1",
    '{{7*7}}',
    '%75ser1',
    'user1@@',
    '-x',
    '0',
    'root',
  ],
];

test('what is no name lets nobody in, whatever it would mean to LDAP', async () => {
  for (const name of injections) {
    const page = await site.stack.browser().submitLogin(name, password);
    expect([name, page.status, page.path.startsWith('/hub/login')]).toEqual([name, 403, true]);
    expect([name, textOf(page)]).toEqual([name, expect.stringContaining('Invalid username or password')]);
  }
  // Nor did any of that reach for the account of user1: its own password still works.
  await site.loggedIn('user1', password);
}, 60_000);

test('no password and no more than a password lets nobody in', async () => {
  const tries = [
    '',
    '*',
    '\0',
    `${password}\0`,
    `${password}\n`,
    `${password} `,
    password.toUpperCase(),
    'x'.repeat(2000),
  ];
  for (const [index, tried] of tries.entries()) {
    const page = await site.stack.browser().submitLogin(members[index] ?? 'user1', tried);
    expect([tried.slice(0, 20), page.status]).toEqual([tried.slice(0, 20), 403]);
    expect(textOf(page)).toContain('Invalid username or password');
  }
});
