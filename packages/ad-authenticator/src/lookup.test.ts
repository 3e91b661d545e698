import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { AdAuthenticator, DirectoryFinding } from './ad-authenticator.ts';
import type { AdSettings } from './settings.ts';
import { authenticator, bank, domainSid, mockGroup, mockUser, namingContext, outcome } from './testing/bank.ts';
import { otherAuthority } from './testing/certificate.ts';
import { LdapServer } from './testing/ldap-server.ts';

const signal = new AbortController().signal;
let server: LdapServer;
let ad: AdAuthenticator;

beforeEach(async () => {
  server = await LdapServer.start({ entries: bank() });
  ({ ad } = authenticator([server], { operationSeconds: 5, loginSeconds: 20 }));
});

afterEach(async () => {
  await ad.close();
  await server.stop();
});

test.each([{ name: 'user1' }, { name: 'BANK\\USER1' }, { sid: `${domainSid}-1105` }])(
  'an account is found by %j, with the decision of a login',
  async (key) => {
    expect(await ad.find(key, signal)).toMatchObject({ sAMAccountName: 'user1', allowedBy: 'BANK\\analysts' });
    // No password, no bind of the user's.
    expect(server.count('bind')).toBe(1);
  },
);

test.each([
  { name: 'nobody' },
  { name: '*' },
  { name: '' },
  { sid: `${domainSid}-1` },
  { sid: 'S-1-5)(objectClass=*' },
  { sid: `${domainSid}-1200` },
])('%j is unknown', async (key) => {
  expect(await outcome(ad.find(key, signal))).toBe('account-unknown');
});

test('who lost the group, or was disabled, is not found any more', async () => {
  server.entries = bank(
    mockUser({ name: 'left', rid: 1106 }),
    mockUser({ name: 'disabled', rid: 1107, groups: [1200], attributes: { userAccountControl: ['514'] } }),
  );
  expect(await outcome(ad.find({ name: 'left' }, signal))).toBe('group-missing');
  expect(await outcome(ad.find({ name: 'disabled' }, signal))).toBe('account-disabled');
});

test('a service account that may not read tokenGroups is told which group to join', async () => {
  server.entries = bank(mockUser({ name: 'user2', rid: 1106, attributes: { tokenGroups: [] } }));
  await expect(ad.find({ name: 'user2' }, signal)).rejects.toMatchObject({
    code: 'directory-refused',
    message: expect.stringMatching(/^The service account may not .*Windows Authorization Access Group/s),
  });
});

const dn = (name: string) => `CN=${name},CN=Users,${namingContext}`;

test('an explanation has each group with its path, also in circles, and each entry with what came of it', async () => {
  server.entries = bank(
    mockUser({
      name: 'user2',
      rid: 1106,
      groups: [1301, 1302, 1303, 1304],
      attributes: { memberOf: [dn('inner')], userAccountControl: ['514'] },
    }),
    mockGroup('inner', 1301, { memberOf: [dn('middle')] }),
    mockGroup('middle', 1302, { memberOf: [dn('outer'), dn('inner')] }),
    mockGroup('outer', 1303, { memberOf: [dn('inner')] }),
    mockGroup('hidden path', 1304),
  );
  ({ ad } = authenticator([server], { allow: ['gone', 'outer'], adminGroups: ['inner'] }));
  const explained = await ad.explain({ name: 'user2' }, signal);
  expect(explained).toMatchObject({ allowed: true, admin: true, refusal: { code: 'account-disabled' } });
  expect(explained.groups.map(({ how, path }) => [how, ...path])).toEqual([
    ['primary', 'BANK\\Domain Users'],
    ['direct', 'BANK\\inner'],
    ['nested', 'BANK\\inner', 'BANK\\middle'],
    ['nested', 'BANK\\inner', 'BANK\\middle', 'BANK\\outer'],
    ['nested', 'BANK\\hidden path'],
  ]);
  expect(explained.entries).toEqual([
    { list: 'allow', entry: 'gone', sid: undefined, matched: false },
    { list: 'allow', entry: 'outer', sid: `${domainSid}-1303`, matched: true },
    { list: 'adminGroups', entry: 'inner', sid: `${domainSid}-1301`, matched: true },
  ]);
});

test('an explanation of 90 groups takes as many operations as one of 20', async () => {
  const counts: number[] = [];
  for (const count of [20, 90]) {
    const rids = Array.from({ length: count }, (_, index) => 2000 + index);
    const memberOf = rids.map((rid) => dn(`g${rid}`));
    server.entries = bank(
      mockUser({ name: 'user2', rid: 1106, groups: rids, attributes: { memberOf } }),
      ...rids.map((rid) => mockGroup(`g${rid}`, rid)),
    );
    await ad.explain({ name: 'user2' }, signal);
    server.requests.length = 0;
    await ad.explain({ name: 'user2' }, signal);
    counts.push(server.requests.length);
  }
  expect(counts[0]).toBe(counts[1]);
});

async function findings(settings: Partial<AdSettings> = {}, now = '2026-11-23T12:00:00Z'): Promise<DirectoryFinding[]> {
  const told = authenticator([server], settings, { now: () => new Date(now) });
  const all: DirectoryFinding[] = [];
  for await (const finding of told.ad.diagnose(signal)) all.push(finding);
  await told.ad.close();
  return all;
}

const levels = (all: readonly DirectoryFinding[]) => all.map(({ part, level }) => `${part} ${level}`);

test('a directory in order has a good word for each part', async () => {
  expect(levels(await findings())).toEqual([
    'directory ok',
    'certificate ok',
    'clock ok',
    'service-account ok',
    'service-account ok',
    'groups ok',
  ]);
});

test.each([
  ['2026-11-23T12:01:59Z', 'clock ok'],
  ['2026-11-23T12:02:01Z', 'clock warning'],
  ['2026-11-23T11:57:30Z', 'clock warning'],
  ['2026-11-23T12:05:01Z', 'clock error'],
])('a clock at %s is %s', async (now, level) => {
  expect(levels(await findings({}, now))).toContain(level);
});

test('a certificate that ends soon is warned of', async () => {
  const all = await findings({}, '2126-10-20T00:00:00Z');
  expect(levels(all)).toContain('certificate warning');
});

test.each<[string, Partial<AdSettings>, string]>([
  ['another authority', { authorities: [otherAuthority] }, 'certificate error'],
  ['no server', { servers: ['ldaps://127.0.0.1:1'] }, 'directory error'],
  ['no DNS', { servers: [], domain: 'nothing.invalid' }, 'directory error'],
  ['no service account', { serviceAccount: undefined }, 'service-account warning'],
  [
    'a wrong service password',
    { serviceAccount: { name: 'svc-berth@corp.example.test', password: async () => 'no' } },
    'service-account error',
  ],
  ['an unknown group', { allow: ['gone'] }, 'groups warning'],
])('%s is found', async (_, settings, level) => {
  expect(levels(await findings(settings))).toContain(level);
});

test('a service account that may not read the groups of others is found', async () => {
  server.entries = bank(mockUser({ name: 'aaa', rid: 1106, attributes: { tokenGroups: [] } })).filter(
    ({ dn }) => !dn.startsWith('CN=user1'),
  );
  expect(levels(await findings())).toContain('service-account error');
});

test('an account whose state is hidden from the service account is not taken for a disabled one', async () => {
  server.entries = bank(mockUser({ name: 'user2', rid: 1106, groups: [1200], attributes: { userAccountControl: [] } }));
  await expect(ad.find({ name: 'user2' }, signal)).rejects.toMatchObject({
    code: 'directory-refused',
    message: expect.stringContaining('userAccountControl'),
  });
});

test('what can never work is refused when the authenticator is made', () => {
  const password = async () => 'x';
  expect(() => authenticator([], { servers: ['ldaps://a:secret@dc1'] })).toThrow(RangeError);
  expect(() => authenticator([server], { serviceAccount: { name: 'EXTERNAL', password } })).toThrow(
    /EXTERNAL.*right would be/s,
  );
  expect(() => authenticator([server], { authorities: ['/etc/ca.pem'] })).toThrow('no certificate in PEM');
});
