import { expect, test } from '@jest/globals';
import { checkAccount, powerfulGroups, type SafetyRules } from './account-safety.ts';
import type { PosixAccount } from './posix-account.ts';
import { identityErrorOf } from './testing/identity-error-of.ts';

const user1: PosixAccount = {
  name: 'BANK\\user1',
  uid: 1_165_040_649,
  gid: 210_764_289,
  groupName: 'BANK\\domain^users',
  groups: [],
  home: '/home/user1',
  shell: '/bin/bash',
  gecos: 'User One',
};
const fromDirectory = { fromDirectory: true, isLocal: false };

test.each<[string, Partial<PosixAccount>, string]>([
  ['named 0', { name: '0' }, 'a number'],
  ['named 1001', { name: '1001' }, 'a number'],
  ['named 1001 in a domain', { name: 'BANK\\1001' }, 'a number'],
  ['named 1001 in a DNS domain', { name: '1001@corp.example.test' }, 'a number'],
  ['named +5', { name: '+5' }, 'a number'],
  ['named -x', { name: '-x' }, "begins with '-'"],
  ['named -x in a domain', { name: 'BANK\\-x' }, "begins with '-'"],
  ['without a name', { name: '' }, 'empty'],
  ['named root', { name: 'root' }, 'system account'],
  ['named Root in a domain', { name: 'BANK\\Root' }, 'system account'],
  ['named root in a DNS domain', { name: 'root@corp.example.test' }, 'system account'],
  ['named nobody', { name: 'nobody' }, 'system account'],
  ['named like a path', { name: '../user1' }, 'a path'],
  ['with uid 0', { uid: 0 }, 'below 1000'],
  ['with uid 544 (BUILTIN by PBIS)', { uid: 544 }, 'below 1000'],
  ['with uid 999', { uid: 999 }, 'below 1000'],
  ['with uid 65534', { uid: 65_534 }, 'nobody'],
  ['with uid 65535', { uid: 65_535 }, 'nobody'],
  ['with uid 2147483648', { uid: 2_147_483_648 }, 'above 2147483647'],
  ['with uid 4294967294', { uid: 4_294_967_294 }, 'nobody'],
  ['with uid 4294967295', { uid: 4_294_967_295 }, 'nobody'],
  ['with uid 4294967296', { uid: 4_294_967_296 }, 'no uid'],
  ['with a negative uid', { uid: -1 }, 'no uid'],
  ['with no uid at all', { uid: Number.NaN }, 'no uid'],
  ['with gid 0', { gid: 0 }, 'below 1000'],
  ['with gid 999', { gid: 999 }, 'below 1000'],
  ['with gid 4294967295', { gid: 4_294_967_295 }, 'nobody'],
  ['with docker as its primary group', { groupName: 'docker', gid: 1500 }, 'power over the host'],
])('an account %s never runs a notebook', async (_, part, reason) => {
  const error = await identityErrorOf(() => checkAccount({ ...user1, ...part }, {}, fromDirectory));
  expect(error.code).toBe('account-unsafe');
  expect(error.message).toContain(reason);
  expect(error.message).toContain('Right would be');
});

test("an account of the directory that stands in the host's own files too is refused", async () => {
  const oracle = { ...user1, name: 'oracle' };
  const check = (isLocal: boolean, fromDirectory: boolean) => () =>
    checkAccount(oracle, {}, { isLocal, fromDirectory });
  expect((await identityErrorOf(check(true, true))).message).toContain("host's own files");
  expect(check(false, true)().account.name).toBe('oracle');
  expect(check(true, false)().account.name).toBe('oracle');
});

const droppedGroups: [string, number, SafetyRules?][] = [
  ['docker', 1500],
  ['Docker', 1500],
  ['BANK\\docker', 210_764_290],
  ['docker@corp.example.test', 210_764_290],
  ['disk', 1501],
  ['wheel', 1502],
  ['users', 100],
  ['', 0],
  ['', 999],
  ['nogroup', 65_534],
  ['all', 4_294_967_295],
  ['BANK\\server^operators', 210_764_290, { forbiddenGroups: ['BANK\\server operators'] }],
  ['hadoop', 1500, { minId: 2000 }],
];

test.each(droppedGroups.map(([name, gid, rules = {}]) => ({ name, gid, rules })))(
  'the group $name ($gid) is left out, and reported',
  ({ name, gid, rules }) => {
    const kept = { gid: 210_764_300, name: 'BANK\\risk^analysts' };
    const group = { gid, name };
    const { account, dropped } = checkAccount({ ...user1, groups: [group, kept] }, rules, fromDirectory);
    expect(account.groups).toEqual([kept]);
    expect(dropped.map((each) => each.group)).toEqual([group]);
    expect(dropped[0]?.reason).toMatch(/^its gid, |has power over the host$/);
  },
);

test('what passes is the account as it was, each group once', () => {
  const groups = [
    { gid: 1000, name: 'hadoop' },
    { gid: 1000, name: 'hadoop' },
    { gid: user1.gid, name: 'BANK\\domain^users' },
  ];
  expect(checkAccount({ ...user1, uid: 1000, groups }, {}, fromDirectory)).toEqual({
    account: { ...user1, uid: 1000, groups: [{ gid: 1000, name: 'hadoop' }] },
    dropped: [],
  });
});

test('a gid that has a forbidden name among others is left out under each of them', () => {
  const groups = [
    { gid: 1500, name: 'engineers' },
    { gid: 1500, name: 'docker' },
  ];
  expect(checkAccount({ ...user1, groups }, {}, fromDirectory).account.groups).toEqual([]);
});

test.each(['docker', 'disk', 'root', 'wheel', 'sudo', 'adm', 'shadow', 'kmem', 'lxd', 'libvirt', 'incus', 'podman'])(
  '%s has power over the host',
  (name) => {
    expect(powerfulGroups).toContain(name);
  },
);

test.each(['BANK+root', 'BANK+1001', 'BANK+-x', 'BANK/root'])(
  "%s is refused where '+' or '/' is the host's separator",
  async (name) => {
    const forms = { separator: name.charAt(4) };
    expect((await identityErrorOf(() => checkAccount({ ...user1, name }, { forms }, fromDirectory))).code).toBe(
      'account-unsafe',
    );
  },
);

test("a separator '/' makes no path of a name", () => {
  const account = { ...user1, name: 'BANK/user1', groups: [{ gid: 5000, name: 'BANK/docker' }] };
  const safe = checkAccount(account, { forms: { separator: '/' } }, fromDirectory);
  expect([safe.account.name, safe.dropped.length]).toEqual(['BANK/user1', 1]);
});

test('minId 0 lets no root in', async () => {
  expect((await identityErrorOf(() => checkAccount({ ...user1, uid: 0 }, { minId: 0 }, fromDirectory))).code).toBe(
    'account-unsafe',
  );
});
