import { expect, test } from '@jest/globals';
import { type AccountForm, accountFromDirectory, type DirectoryIdentity } from './accounts-from-directory.ts';
import { identityErrorOf } from './testing/identity-error-of.ts';

const bank = 'S-1-5-21-2153326666-2176343378-3404031434';
const anna: DirectoryIdentity = {
  sAMAccountName: 'Anna Maria',
  netbiosDomain: 'BANK',
  dnsDomain: 'corp.example.test',
  sid: `${bank}-1104`,
  primaryGroupSid: `${bank}-513`,
  groupSids: [`${bank}-513`, `${bank}-1200`, `${bank}-1201`, 'S-1-5-32-545'],
  groupNames: new Map([
    [`${bank}-513`, 'Domain Users'],
    [`${bank}-1200`, 'BANK\\Risk Analysts'],
  ]),
  posix: { uidNumber: undefined, gidNumber: undefined, unixHomeDirectory: undefined, loginShell: undefined },
  displayName: 'Anna Maria: Risk\n(east)',
};
const form = (mapping: AccountForm['mapping'], more: Partial<AccountForm> = {}): AccountForm => ({
  mapping,
  homeTemplate: '/home/{domain}/{username}',
  shell: '/bin/bash',
  ...more,
});
const winbind = { kind: 'winbind-rid', domains: [{ sid: bank, low: 100_000, high: 199_999 }] } as const;

test('by PBIS the account is as its name service would give it', () => {
  expect(accountFromDirectory(anna, form({ kind: 'pbis' }))).toEqual({
    name: 'BANK\\anna^maria',
    uid: 210_764_880,
    gid: 210_764_289,
    groupName: 'BANK\\domain^users',
    groups: [
      { gid: 210_764_976, name: 'BANK\\risk^analysts' },
      { gid: 210_764_977, name: '' },
      { gid: 545, name: '' },
    ],
    home: '/home/BANK/anna^maria',
    shell: '/bin/bash',
    gecos: 'Anna Maria  Risk (east)',
  });
});

test.each<[string, AccountForm, string, string, number]>([
  ['PBIS', form({ kind: 'pbis' }), 'BANK\\anna^maria', 'BANK\\risk^analysts', 210_764_880],
  [
    'PBIS with AssumeDefaultDomain',
    form({ kind: 'pbis' }, { assumeDefaultDomain: true }),
    'anna^maria',
    'risk^analysts',
    210_764_880,
  ],
  ['SSSD', form({ kind: 'sssd' }), 'anna maria@corp.example.test', 'risk analysts@corp.example.test', 770_801_104],
  [
    'SSSD without qualified names',
    form({ kind: 'sssd' }, { assumeDefaultDomain: true }),
    'anna maria',
    'risk analysts',
    770_801_104,
  ],
  ['winbind', form(winbind), 'BANK\\anna maria', 'BANK\\risk analysts', 101_104],
  ['winbind with a separator', form(winbind, { separator: '+' }), 'BANK+anna maria', 'BANK+risk analysts', 101_104],
])('by %s the account is written as there', (_, by, name, group, uid) => {
  const account = accountFromDirectory(anna, by);
  expect([account.name, account.groups[0]?.name, account.uid]).toEqual([name, group, uid]);
});

const posix = { uidNumber: 5001, gidNumber: 5000, unixHomeDirectory: '/data/anna', loginShell: '/bin/zsh' };

test('by RFC 2307 ids, home and shell are those of the directory', () => {
  const groupIds = new Map([
    [`${bank}-513`, 5000],
    [`${bank}-1200`, 6000],
  ]);
  const account = accountFromDirectory({ ...anna, posix, groupIds }, form({ kind: 'rfc2307' }));
  expect(account).toMatchObject({ name: 'anna maria', uid: 5001, gid: 5000, home: '/data/anna', shell: '/bin/zsh' });
  expect(account.groups).toEqual([{ gid: 6000, name: 'risk analysts' }]);
  const plain = accountFromDirectory(
    { ...anna, posix: { ...posix, unixHomeDirectory: undefined, loginShell: undefined } },
    form({ kind: 'rfc2307' }),
  );
  expect([plain.home, plain.shell, plain.groups]).toEqual(['/home/BANK/anna maria', '/bin/bash', []]);
});

test('attributes of RFC 2307 count for that mapping alone', () => {
  const account = accountFromDirectory({ ...anna, posix }, form(winbind));
  expect([account.uid, account.home, account.shell]).toEqual([101_104, '/home/BANK/anna maria', '/bin/bash']);
});

test.each<[string, Partial<DirectoryIdentity>, AccountForm, string]>([
  ['no uidNumber', { posix: { ...posix, uidNumber: undefined } }, form({ kind: 'rfc2307' }), 'has no uidNumber'],
  ['no gidNumber', { posix: { ...posix, gidNumber: undefined } }, form({ kind: 'rfc2307' }), 'has no gidNumber'],
  ['a RID outside of the range', { sid: `${bank}-100000` }, form(winbind), 'gets no uid'],
  ['a primary group outside of the range', { primaryGroupSid: `${bank}-100000` }, form(winbind), 'gets no gid'],
  ['a SID that is none', { sid: 'S-1' }, form({ kind: 'pbis' }), 'gets no uid'],
])('an account with %s is unmapped, and the error says what is missing', async (_, part, by, reason) => {
  const error = await identityErrorOf(() => accountFromDirectory({ ...anna, ...part }, by));
  expect([error.code, error.message.includes(reason)]).toEqual(['uid-unmapped', true]);
  expect(error.message).toContain('Right would be');
});

test.each<[string, Partial<DirectoryIdentity>, Partial<AccountForm>, string]>([
  ['a path for a name', { sAMAccountName: '../root' }, {}, 'name-invalid'],
  ['a path for a domain', { netbiosDomain: '..' }, {}, 'home-unsafe'],
  ['a slash in its domain', { netbiosDomain: 'BA/NK' }, {}, 'home-unsafe'],
  ['an unknown field in the template', {}, { homeTemplate: '/home/{user}' }, 'name-invalid'],
])('an account with %s gets no home', async (_, part, more, code) => {
  const error = await identityErrorOf(() => accountFromDirectory({ ...anna, ...part }, form({ kind: 'pbis' }, more)));
  expect(error.code).toBe(code);
});

test('a home can be built from the DNS domain', () => {
  const account = accountFromDirectory(anna, form(winbind, { homeTemplate: '/home/{username}@{dnsDomain}' }));
  expect(account.home).toBe('/home/anna maria@corp.example.test');
});
