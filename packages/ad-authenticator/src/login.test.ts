import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { authenticator, bank, domainSid, mockUser, namingContext, outcome, servicePassword } from './testing/bank.ts';
import { LdapServer, refusedWith } from './testing/ldap-server.ts';
import type { AdAuthenticator } from './ad-authenticator.ts';
import type { AdSettings } from './settings.ts';

const signal = new AbortController().signal;
let server: LdapServer;
let ad: AdAuthenticator;

beforeEach(async () => {
  server = await LdapServer.start({ entries: bank() });
  ({ ad } = authenticator([server]));
});

afterEach(async () => {
  await ad.close();
  await server.stop();
});

function configured(settings: Partial<AdSettings>): AdAuthenticator {
  return ({ ad } = authenticator([server], settings)).ad;
}

test('a user in a listed group is let in, under the names of the directory', async () => {
  const more = { displayName: ['Ursula One'], userPrincipalName: ['u.one@corp.example.test'], uidNumber: ['70001'] };
  server.entries = bank(mockUser({ name: 'User2', rid: 1106, groups: [1200, 1300], attributes: more }));
  configured({ adminGroups: ['analysts'], hubGroups: ['domain^users', 'other'] });
  expect(await ad.login('bank\\USER2', 'right', signal)).toEqual({
    sid: `${domainSid}-1106`,
    distinguishedName: `CN=User2,CN=Users,${namingContext}`,
    sAMAccountName: 'User2',
    netbiosDomain: 'BANK',
    dnsDomain: 'corp.example.test',
    principal: 'User2@CORP.EXAMPLE.TEST',
    userPrincipalName: 'u.one@corp.example.test',
    displayName: 'Ursula One',
    primaryGroupSid: `${domainSid}-513`,
    groupSids: [513, 1200, 1300].map((rid) => `${domainSid}-${rid}`),
    allowedBy: 'BANK\\analysts',
    admin: true,
    hubGroups: ['domain^users'],
    posix: { uidNumber: 70001, gidNumber: undefined, unixHomeDirectory: undefined, loginShell: undefined },
  });
});

test.each(['user1', 'USER1', ' user1 ', 'BANK\\user1', 'bank\\User1', 'user1@corp.example.test', 'user1@BANK'])(
  '%j is user1',
  async (typed) => {
    expect((await ad.login(typed, 'right', signal)).sAMAccountName).toBe('user1');
  },
);

test.each(['OTHER\\user1', 'user1@other.test', 'other.test\\user1', 'user1@OTHER'])(
  '%s is of another domain, and its password goes nowhere near user1',
  async (typed) => {
    expect(await outcome(ad.login(typed, 'right', signal))).toBe('credentials-wrong');
    expect(server.requests.filter(({ dn }) => dn.startsWith('CN=user1'))).toEqual([]);
    configured({ serviceAccount: undefined });
    expect(await outcome(ad.login(typed, 'right', signal))).toBe('credentials-wrong');
    await ad.login('user1', 'right', signal);
    server.requests.length = 0;
    expect(await outcome(ad.login(typed, 'right', signal))).toBe('credentials-wrong');
    // Once the domain's name is known, an account of another one isn't bound as user1.
    expect(server.requests.filter(({ dn }) => dn.startsWith('user1@CORP'))).toEqual([]);
  },
);

test('a UPN with a suffix of its own finds its account', async () => {
  const attributes = { userPrincipalName: ['ursula@bank.test'] };
  server.entries = bank(mockUser({ name: 'user2', rid: 1106, groups: [1200], attributes }));
  expect((await ad.login('Ursula@bank.test', 'right', signal)).sAMAccountName).toBe('user2');
});

test('an empty password is refused before anybody is asked, where the directory answers success to it', async () => {
  server.react = ({ operation }) => (operation === 'bind' ? { result: 0 } : undefined);
  for (const password of ['', '\0', '\0right', 'right\0', 'right\n', 'x'.repeat(1025), '\ud800']) {
    expect(await outcome(ad.login('user1', password, signal))).toBe('credentials-wrong');
  }
  expect(server.requests).toEqual([]);
});

test.each([
  ['SASL mechanisms', ['EXTERNAL', 'PLAIN', 'DIGEST-MD5', 'SCRAM-SHA-1']],
  ['filters', ['*', 'user*', 'user1)(objectClass=*', '*)(|(sAMAccountName=*', 'user1)(&', '\\2a', 'user\\2a']],
  ['DNs', ['CN=user1,CN=Users,DC=corp,DC=example,DC=test', 'user1,CN=Users', 'cn=user1', '']],
  ['control characters', ['user1\0', '\0', 'user1\n', 'user\u200b1', 'user1\u202e', '\u0000user1']],
  [
    'others',
    ['@', '\\', 'BANK\\', '@corp.example.test', 'user1@', 'a\\b\\c', '<SID=S-1-5-21-1-2-3-1105>', 'x'.repeat(5000)],
  ],
])('%s as names let nobody in, and none of them is bound as', async (_, typed) => {
  for (const serviceAccount of [true, false]) {
    if (!serviceAccount) configured({ serviceAccount: undefined });
    for (const name of typed)
      expect([name, await outcome(ad.login(name, 'right', signal))]).toEqual([name, 'credentials-wrong']);
  }
  const binds = server.requests.filter(({ operation }) => operation === 'bind').map(({ dn }) => dn);
  for (const dn of binds) expect(dn).toMatch(/^(?:svc-berth@|CN=[\da-f-]{36},|[^@\\=,]+@CORP\.EXAMPLE\.TEST$)/);
  expect(server.requests.map(({ password }) => password)).not.toContain('SASL');
});

test('an unknown name costs the directory the same as a wrong password', async () => {
  await outcome(ad.login('user1', 'wrong', signal));
  const kinds = () => server.requests.splice(0).map(({ operation }) => operation);
  kinds();
  const texts = [];
  for (const typed of ['user1', 'nobody']) {
    texts.push(await ad.login(typed, 'wrong', signal).catch(({ message }: Error) => message));
    expect(kinds().filter((kind) => kind !== 'unbind')).toEqual(['search', 'bind']);
  }
  expect(texts[0]).toBe(texts[1]);
});

test('a server that takes every password lets no unknown name in', async () => {
  server.react = ({ operation }) => (operation === 'bind' ? { result: 0 } : undefined);
  expect(await outcome(ad.login('nobody', 'any', signal))).toBe('credentials-wrong');
});

test.each([
  ['533', 'account-disabled'],
  ['775', 'account-locked'],
])('a bind refused with data %s is told of as %s', async (data, code) => {
  configured({ messages: { 'account-locked': 'Locked. Call 1234.' } });
  server.react = ({ operation, dn }) =>
    operation === 'bind' && dn.startsWith('CN=user1') ? { result: 49, diagnostic: refusedWith(data) } : undefined;
  const told = await ad.login('user1', 'right', signal).catch((error: Error) => error);
  expect(told).toMatchObject({ name: 'LoginRefused', code });
  expect((told as Error).message === 'Locked. Call 1234.').toBe(code === 'account-locked');
});

test('a state that the bind let pass is found in the entry, and told only to who has the password', async () => {
  server.entries = bank(
    mockUser({ name: 'user2', rid: 1106, groups: [1200], attributes: { userAccountControl: ['514'] } }),
  );
  expect(await outcome(ad.login('user2', 'right', signal))).toBe('account-disabled');
  expect(await outcome(ad.login('user2', 'wrong', signal))).toBe('credentials-wrong');
});

test('who is in no listed group is refused with the reason', async () => {
  server.entries = bank(mockUser({ name: 'user2', rid: 1106 }));
  expect(await outcome(ad.login('user2', 'right', signal))).toBe('group-missing');
});

test('a group whose SID only begins alike lets nobody in', async () => {
  server.entries = bank(mockUser({ name: 'user2', rid: 1106, groups: [12_001, 120, 200] }));
  expect(await outcome(ad.login('user2', 'right', signal))).toBe('group-missing');
});

test('nobody is let in where no group is listed', async () => {
  configured({ allow: [] });
  expect(await outcome(ad.login('user1', 'right', signal))).toBe('group-missing');
});

test.each([20, 300])('a login with %i groups takes a search, a bind and a read', async (count) => {
  const groups = [1200, ...Array.from({ length: count - 1 }, (_, index) => 2000 + index)];
  server.entries = bank(mockUser({ name: 'user2', rid: 1106, groups }));
  await ad.login('user2', 'right', signal);
  server.requests.length = 0;
  const { groupSids } = await ad.login('user2', 'right', signal);
  expect(groupSids).toHaveLength(count + 1);
  expect(
    server.requests.filter(({ operation }) => operation !== 'unbind').map(({ operation, scope }) => [operation, scope]),
  ).toEqual([
    ['search', 'sub'],
    ['bind', 'base'],
    ['search', 'base'],
  ]);
});

test('without a service account the user binds as itself and is found by its own connection', async () => {
  configured({ serviceAccount: undefined });
  expect(await ad.login('BANK\\user1', 'right', signal)).toMatchObject({ sid: `${domainSid}-1105` });
  const bound = server.requests.filter(({ operation }) => operation === 'bind').map(({ dn }) => dn);
  expect(bound).toEqual(['user1@CORP.EXAMPLE.TEST']);
  expect(new Set(server.requests.map(({ connection }) => connection)).size).toBe(1);
  expect(await outcome(ad.find({ name: 'user1' }, signal))).toBe('no-service-account');
});

test('without a service account, whose UPN is another account of the same name is refused, not mistaken', async () => {
  // The bind proves user2, whose UPN it is; the name is user1's.
  const attributes = { userPrincipalName: ['user1@corp.example.test'] };
  server.entries = bank(mockUser({ name: 'user2', rid: 1106, groups: [1200], attributes }));
  configured({ serviceAccount: undefined });
  expect(await outcome(ad.login('user1', 'right', signal))).toBe('directory-refused');
});

test('an entry that is replaced during a login is refused', async () => {
  const other = mockUser({ name: 'user1', rid: 1999, groups: [1200] });
  server.react = ({ scope, dn, operation }) =>
    operation === 'search' && scope === 'base' && dn.startsWith('CN=user1')
      ? { result: 0, entries: [other] }
      : undefined;
  expect(await outcome(ad.login('user1', 'right', signal))).toBe('directory-refused');
});

test.each([
  ['absent', []],
  ['no SIDs', [Buffer.from('x')]],
])('tokenGroups %s: nobody is let in, and the group to join is named', async (_, tokenGroups) => {
  configured({ allow: ['domain users'] });
  server.entries = bank(mockUser({ name: 'user2', rid: 1106, attributes: { tokenGroups } }));
  await expect(ad.login('user2', 'right', signal)).rejects.toMatchObject({
    code: 'directory-refused',
    message: expect.stringContaining('Windows Authorization Access Group'),
  });
});

test('two accounts of one name are refused', async () => {
  server.entries = bank(mockUser({ name: 'x', rid: 1106, attributes: { sAMAccountName: ['user1'] } }));
  expect(await outcome(ad.login('user1', 'right', signal))).toBe('directory-refused');
});

test('every connection of a login is closed, whatever came of it', async () => {
  await outcome(ad.login('user1', 'right', signal));
  await outcome(ad.login('user1', 'wrong', signal));
  await outcome(ad.login('nobody', 'wrong', signal));
  const open = async () => {
    for (let tries = 0; server.openConnections !== 1 && tries < 100; tries++)
      await new Promise((resolve) => setTimeout(resolve, 10));
    return server.openConnections;
  };
  expect(await open()).toBe(1);
  await ad.close();
  for (let tries = 0; server.openConnections > 0 && tries < 100; tries++)
    await new Promise((resolve) => setTimeout(resolve, 10));
  expect(server.openConnections).toBe(0);
});

test('no password is in any error or warning', async () => {
  const told: string[] = [];
  const log = {
    info: () => undefined,
    warn: (...all: unknown[]) => void told.push(JSON.stringify(all)),
    error: () => undefined,
  };
  ({ ad } = authenticator([server], { allow: [] }, { log }));
  const reactions = ['cut', 'garbage', 'stall', { result: 49 }, { result: 53, diagnostic: 'no' }] as const;
  for (const reaction of reactions) {
    server.react = ({ dn, operation }) => (operation === 'bind' && dn.startsWith('CN=user1') ? reaction : undefined);
    await ad
      .login('user1', 'hunter2-secret', signal)
      .catch((error: Error) => told.push(error.stack ?? '', JSON.stringify(error), String(error.cause)));
  }
  expect(told.length).toBeGreaterThan(5);
  expect(told.join('\n')).not.toMatch(new RegExp(`hunter2|${servicePassword}`));
});
