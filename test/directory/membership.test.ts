/** Who is let in, and as whom: groups of every kind, names of every form, against a real AD. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { AdAuthenticator, AdSettings } from '@berth/ad-authenticator';
import { Directory } from '../stack/directory.ts';
import { testFolder } from '../stack/shared-engine.ts';
import { authenticatorOf, cameTo } from './authenticators.ts';
import { LdapTap } from './ldap-tap.ts';

const signal = new AbortController().signal;
const password = 'Pa55-of-user';
let directory: Directory;
const made: AdAuthenticator[] = [];

beforeAll(async () => {
  directory = await Directory.start({ folder: await testFolder() });
  const { accounts } = directory;
  for (const name of ['user1', 'user2', 'user3', 'nobody1']) await accounts.createUser({ name, password });
  await accounts.createGroup({ name: 'level 3', members: ['user1'] });
  await accounts.createGroup({ name: 'level 2', members: ['level 3'] });
  await accounts.createGroup({ name: 'level 1', members: ['level 2'] });
  await accounts.createGroup({ name: 'staff' });
  await accounts.setPrimaryGroup('user2', 'staff');
  await accounts.createGroup({ name: 'around', members: ['staff'] });
  for (const [name, account] of oddGroups) {
    await accounts.createGroup({ name, ...(account === undefined ? {} : { account }), members: ['user3'] });
  }
  // GROUP_TYPE_ACCOUNT_GROUP without GROUP_TYPE_SECURITY_ENABLED.
  await accounts.createGroup({ name: 'mailing', members: ['user1'], attributes: { groupType: 2 } });
});

afterAll(async () => {
  await Promise.all(made.map((ad) => ad.close()));
  await directory?.remove();
});

/** CN, and sAMAccountName where AD takes no such one. */
const oddGroups: readonly (readonly [name: string, account: string | undefined])[] = [
  ['risk analysts', undefined],
  ['risk^desk', undefined],
  ['Аналитики рисков', undefined],
  ['brackets (Zürich)', undefined],
  ['star * group', 'star_group'],
  ['back\\slash', 'back_slash'],
  ['comma, plus + "quote"', 'comma_group'],
];

async function allowing(allow: readonly string[], settings: Partial<AdSettings> = {}): Promise<AdAuthenticator> {
  const ad = await authenticatorOf(directory, { allow, ...settings });
  made.push(ad);
  return ad;
}

const modes = [
  ['with a service account', {}],
  ['without one', { serviceAccount: undefined }],
] as const;

test.each(
  modes.flatMap(([mode, settings]) =>
    (
      [
        ['a direct member', 'user1', 'level 3'],
        ['a member by way of one group', 'user1', 'BANK\\level^2'],
        ['a member three groups deep', 'user1', 'level 1'],
        ['whose primary group it is', 'user1', 'BANK\\domain^users'],
        ['whose primary group it was made', 'user2', 'staff'],
        ['whose primary group is in it', 'user2', 'around'],
      ] as const
    ).map(([what, name, group]) => [what, mode, name, group, settings] as const),
  ),
)('%s is let in (%s): %s by %s', async (_, __, name, group, settings) => {
  const ad = await allowing(['no such group', group, 'level 3'], settings);
  expect(await ad.login(name, password, signal)).toMatchObject({ sAMAccountName: name, allowedBy: group });
  expect(ad.faults()).toEqual([expect.stringContaining('no such group')]);
});

test.each(modes)('who is in none of the groups is refused with the reason (%s)', async (_, settings) => {
  const ad = await allowing(['level 1', 'staff'], settings);
  const refusal = await ad.login('nobody1', password, signal).catch((error: Error) => error);
  expect(refusal).toMatchObject({
    name: 'LoginRefused',
    code: 'group-missing',
    message: expect.stringContaining('group'),
  });
});

test('a distribution group lets nobody in, and the admin is told', async () => {
  const ad = await allowing(['mailing']);
  expect(await cameTo(ad.login('user1', password, signal))).toBe('group-missing');
  expect(ad.faults()).toEqual([expect.stringContaining('distribution group')]);
});

test.each(oddGroups)('the group %j is found by its name, NetBIOS name, DN and SID', async (name, account) => {
  const { accounts } = directory;
  const dn = await accounts.dnOf(account ?? name);
  for (const entry of [
    name,
    `BANK\\${name}`,
    `bank\\${name.replaceAll(' ', '^')}`,
    dn,
    await accounts.sidOf(account ?? name),
  ]) {
    const ad = await allowing([entry]);
    expect([entry, await cameTo(ad.login('user3', password, signal))]).toEqual([entry, 'in']);
    expect([entry, await cameTo(ad.login('nobody1', password, signal))]).toEqual([entry, 'group-missing']);
  }
});

test.each(modes)('one account, however its name is typed (%s)', async (_, settings) => {
  await directory.accounts.setAttributes('user3', { userPrincipalName: 'ursula.three@bank.test' });
  const ad = await allowing(['domain users'], settings);
  const typed = [
    'user3',
    'USER3',
    ' User3',
    'BANK\\user3',
    'bank\\USER3',
    'user3@corp.example.test',
    'USER3@CORP.EXAMPLE.TEST',
    'Ursula.Three@bank.test',
  ];
  const accounts = new Set<string>();
  for (const name of typed) {
    const account = await ad.login(name, password, signal);
    accounts.add([account.sid, account.principal, account.sAMAccountName].join(' '));
  }
  expect([...accounts]).toEqual([`${await directory.accounts.sidOf('user3')} user3@CORP.EXAMPLE.TEST user3`]);
});

test.each(modes)('a name of another domain is nobody here (%s)', async (_, settings) => {
  const ad = await allowing(['domain users'], settings);
  for (const name of ['OTHER\\user1', 'user1@other.test', 'user1@OTHER'])
    expect([name, await cameTo(ad.login(name, password, signal))]).toEqual([name, 'credentials-wrong']);
});

test('an account is one by its SID: removed and made anew under its name, it is another', async () => {
  const ad = await allowing(['domain users']);
  await directory.accounts.createUser({ name: 'rehired', password });
  const before = await ad.login('rehired', password, signal);
  await directory.accounts.delete('rehired');
  await directory.accounts.createUser({ name: 'rehired', password });
  const after = await ad.login('rehired', password, signal);
  expect(after.sAMAccountName).toBe(before.sAMAccountName);
  expect(after.sid).not.toBe(before.sid);
  expect(await cameTo(ad.find({ sid: before.sid }, signal))).toBe('account-unknown');
});

test('a renamed account keeps its SID, and its new name is told', async () => {
  const ad = await allowing(['domain users']);
  await directory.accounts.createUser({ name: 'maiden', password });
  const { sid } = await ad.login('maiden', password, signal);
  await directory.accounts.rename('maiden', 'married');
  expect(await ad.find({ sid }, signal)).toMatchObject({
    sAMAccountName: 'married',
    principal: 'married@CORP.EXAMPLE.TEST',
  });
});

test('an explanation tells by which path an account is in a group, and which entry lets it in', async () => {
  const ad = await allowing(['level 1', 'staff', 'no such group'], { adminGroups: ['level 2'] });
  const { groups, entries, allowed, admin, refusal } = await ad.explain({ name: 'user1' }, signal);
  expect({ allowed, admin, refusal }).toEqual({ allowed: true, admin: true, refusal: undefined });
  const paths = groups.map(({ how, path }) => [how, path.join(' > ').replaceAll('BANK\\', '')]);
  expect(paths).toEqual(
    expect.arrayContaining([
      ['direct', 'level 3'],
      ['nested', 'level 3 > level 2'],
      ['nested', 'level 3 > level 2 > level 1'],
      ['primary', 'Domain Users'],
    ]),
  );
  expect(entries.map(({ list, entry, matched }) => [list, entry, matched])).toEqual([
    ['allow', 'level 1', true],
    ['allow', 'staff', false],
    ['allow', 'no such group', false],
    ['adminGroups', 'level 2', true],
  ]);
  const refused = await ad.explain({ name: 'nobody1' }, signal);
  expect(refused).toMatchObject({ allowed: false, refusal: { code: 'group-missing' } });
});

test('the number of LDAP operations is the same with 20 and with 300 groups', async () => {
  const folder = await testFolder();
  const authority = { certificate: directory.caFile, key: directory.caFile.replace(/\.pem$/, '.key') };
  const tap = await LdapTap.start({ to: directory.address, authority, folder });
  const ad = await allowing(['g0'], { servers: [tap.url] });
  for (let group = 0; group < 300; group++) await directory.accounts.createGroup({ name: `g${group}` });
  const counts: Record<number, string[]> = {};
  for (const count of [20, 300]) {
    const user = `member${count}`;
    await directory.accounts.createUser({ name: user, password });
    for (let group = 0; group < count; group++) await directory.accounts.addMembers(`g${group}`, [user]);
    await ad.login(user, password, signal);
    tap.operations.length = 0;
    const { groupSids } = await ad.login(user, password, signal);
    expect(groupSids.length).toBeGreaterThan(count);
    counts[count] = tap.operations.filter((operation) => operation !== 'unbind');
  }
  await tap.remove();
  expect(counts[300]).toEqual(['search', 'bind', 'read']);
  expect(counts[20]).toEqual(counts[300]);
});

test('groups are told with their names and, where the directory has them, gidNumbers', async () => {
  await directory.accounts.createGroup({ name: 'unix риски', attributes: { gidNumber: '12345' } });
  const sid = await directory.accounts.sidOf('unix риски');
  const plain = await directory.accounts.sidOf('Domain Users');
  const ad = await authenticatorOf(directory, { allow: ['domain users'] });
  const found = await ad.groups([sid, plain, `${plain}9`], signal);
  await ad.close();
  expect(found).toEqual(
    new Map([
      [sid, { name: 'unix риски', gidNumber: 12_345 }],
      [plain, { name: 'Domain Users', gidNumber: undefined }],
    ]),
  );
});
