/** Accounts that may not log in, and names and passwords that are none: each by its own answer of a real AD. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { AdAuthenticator, LoginRefusalCode } from '@berth/ad-authenticator';
import { Directory } from '../stack/directory.ts';
import { testFolder } from '../stack/shared-engine.ts';
import { authenticatorOf, cameTo } from './authenticators.ts';

const signal = new AbortController().signal;
const password = 'Pa55-of-user';
let directory: Directory;
let byService: AdAuthenticator;
let bySelf: AdAuthenticator;

beforeAll(async () => {
  directory = await Directory.start({ folder: await testFolder() });
  const settings = { allow: ['domain users'], messages: { 'account-locked': 'Locked. Call 1234.' } };
  byService = await authenticatorOf(directory, settings);
  bySelf = await authenticatorOf(directory, { ...settings, serviceAccount: undefined });
  await directory.accounts.createUser({ name: 'user1', password });
});

afterAll(async () => {
  await byService?.close();
  await bySelf?.close();
  await directory?.remove();
});

const states: readonly (readonly [LoginRefusalCode, (name: string) => Promise<void>])[] = [
  ['account-disabled', (name) => directory.accounts.disable(name)],
  ['account-expired', (name) => directory.accounts.expire(name)],
  ['password-must-change', (name) => directory.accounts.mustChange(name)],
  ['logon-hours', (name) => directory.accounts.setLogonHours(name, [])],
  ['logon-workstation', (name) => directory.accounts.setWorkstations(name, ['ELSEWHERE'])],
];

test.each(states)('%s is told to who knows the password, and to nobody else', async (code, make) => {
  const name = code;
  await directory.accounts.createUser({ name, password });
  await make(name);
  for (const ad of [byService, bySelf]) {
    expect(await cameTo(ad.login(name, password, signal))).toBe(code);
    expect(await cameTo(ad.login(name, 'wrong', signal))).toBe('credentials-wrong');
  }
});

test.each(states.slice(0, 3))('%s is found without the password too', async (code) => {
  expect(await cameTo(byService.find({ name: code }, signal))).toBe(code);
  expect(await byService.explain({ name: code }, signal)).toMatchObject({ refusal: { code } });
});

test('an account that expires tomorrow, and one that never does, are let in', async () => {
  await directory.accounts.createUser({ name: 'tomorrow', password });
  await directory.accounts.expire('tomorrow', new Date(Date.now() + 86_400_000));
  await directory.accounts.createUser({ name: 'never', password, attributes: { accountExpires: 0 } });
  for (const name of ['tomorrow', 'never']) expect(await cameTo(byService.login(name, password, signal))).toBe('in');
});

test('a locked account is told in the words of the site, and is in again once unlocked', async () => {
  await directory.accounts.createUser({ name: 'locked', password });
  await directory.accounts.setLockoutPolicy({ wrongPasswords: 3, seconds: 600 });
  try {
    await directory.accounts.lockOut('locked');
    for (const ad of [byService, bySelf]) {
      await expect(ad.login('locked', password, signal)).rejects.toMatchObject({
        code: 'account-locked',
        message: 'Locked. Call 1234.',
      });
    }
    await directory.accounts.unlock('locked');
    expect(await cameTo(byService.login('locked', password, signal))).toBe('in');
  } finally {
    await directory.accounts.setLockoutPolicy({ wrongPasswords: 0, seconds: 600 });
  }
});

test('a login with a wrong password counts as one for the lockout', async () => {
  await directory.accounts.createUser({ name: 'counted', password });
  await directory.accounts.setLockoutPolicy({ wrongPasswords: 5, seconds: 600 });
  try {
    for (const ad of [byService, bySelf]) await cameTo(ad.login('counted', 'wrong', signal));
    const [count] = await directory.accounts.valuesOf('counted', 'badPwdCount');
    expect(count?.toString()).toBe('2');
  } finally {
    await directory.accounts.setLockoutPolicy({ wrongPasswords: 0, seconds: 600 });
  }
});

test('a wrong password, an unknown name and an empty password are answered alike', async () => {
  for (const ad of [byService, bySelf]) {
    const told = new Set<string>();
    for (const [name, tried] of [
      ['user1', 'wrong'],
      ['user1', ''],
      ['user1', password.toLowerCase()],
      ['user1', `${password}\0`],
      ['unknown', password],
    ] as const) {
      const refusal = await ad.login(name, tried, signal).catch((error: Error & { code?: string }) => error);
      told.add(`${(refusal as { code?: string }).code} ${(refusal as Error).message}`);
    }
    expect([...told]).toEqual([expect.stringMatching(/^credentials-wrong /)]);
  }
});

test('a computer is no user, though AD counts it as one', async () => {
  for (const name of ['DC1$', 'BANK\\DC1$']) {
    expect(await cameTo(byService.login(name, password, signal))).toBe('credentials-wrong');
    expect(await cameTo(byService.find({ name }, signal))).toBe('account-unknown');
  }
});

/** Parts of filters, DNs and protocols where a name belongs; with the password of user1, which would let in whoever they find. */
const injections = [
  ...['*', 'user*', 'u*r1', '\\2a', 'user1*', 'user1)', '(user1', 'user1)(sAMAccountName=user1', '*)(objectClass=*'],
  ...[
    'user1)(|(objectClass=*',
    'user1))(|(cn=*',
    ')(cn=user1',
    'x)(|(sAMAccountName=user1',
    '&',
    '|',
    '!',
    '=',
    '*)(&',
  ],
  ...[
    'user1\0',
    '\0user1',
    'user1\0@corp.example.test',
    'user\u200b1',
    '\u202e1resu',
    'user1\r\n',
    'u\\73er1',
    'user\\31',
  ],
  ...['CN=user1,CN=Users,DC=corp,DC=example,DC=test', 'cn=user1', 'user1,CN=Users,DC=corp,DC=example,DC=test'],
  ...['CN=user1,CN=Users,DC=corp,DC=example,DC=test@corp.example.test', '<SID=S-1-5-21-1-2-3-500>', '<GUID=x>'],
  ...['user1,CN=Users@corp.example.test', 'user1\\,CN=Users', '"user1"', 'user1;', '#user1', 'user1+sn=x'],
  ...[
    'EXTERNAL',
    'PLAIN',
    'DIGEST-MD5',
    'SCRAM-SHA-1',
    'GSSAPI',
    'ANONYMOUS',
    '',
    ' ',
    '@',
    '\\',
    'BANK\\',
    '@corp.example.test',
  ],
  ...[
    'user1@',
    'user1@@corp.example.test',
    'user1@corp.example.test@corp.example.test',
    'BANK\\BANK\\user1',
    '\\user1',
    'BANK/user1',
  ],
  ...[
    'u:user1',
    'dn:cn=user1',
    'user1@corp.example.test)(cn=*',
    'user1@*',
    '*@corp.example.test',
    'BANK*\\user1',
    '*\\user1',
  ],
];

test.each([
  ['with a service account', () => byService],
  ['without one', () => bySelf],
])('no name that is part of a filter, a DN or a protocol lets anybody in (%s)', async (_, ad) => {
  const letIn: string[] = [];
  for (const name of injections) {
    const came = await cameTo(ad().login(name, password, signal));
    if (came !== 'credentials-wrong') letIn.push(`${JSON.stringify(name)}: ${came}`);
  }
  expect(letIn).toEqual([]);
  expect(await cameTo(ad().login('user1', password, signal))).toBe('in');
});

test('no name that is part of a filter or a DN finds anybody', async () => {
  for (const name of injections) {
    expect([name, await cameTo(byService.find({ name }, signal))]).toEqual([name, 'account-unknown']);
    expect([name, await cameTo(byService.find({ sid: name }, signal))]).toEqual([name, 'account-unknown']);
  }
});

test('the policy of the domain is told: after how many wrong passwords it locks', async () => {
  await directory.accounts.setLockoutPolicy({ wrongPasswords: 0, seconds: 60 });
  expect(await byService.lockoutPolicy(signal)).toBeUndefined();
  await directory.accounts.setLockoutPolicy({ wrongPasswords: 5, seconds: 600 });
  expect(await byService.lockoutPolicy(signal)).toEqual({ wrongPasswords: 5, windowSeconds: 600 });
  await expect(bySelf.lockoutPolicy(signal)).rejects.toMatchObject({ code: 'no-service-account' });
});

test('who throttles is told of the account before its wrong password counts in the directory', async () => {
  await directory.accounts.createUser({ name: 'guessed', password });
  const sid = await directory.accounts.sidOf('guessed');
  const told: string[] = [];
  const stop = async (found: string) => {
    told.push(found);
    throw new Error('too many');
  };
  for (const typed of ['guessed', 'BANK\\GUESSED', `guessed@${directory.domain}`])
    await expect(byService.login(typed, 'wrong', signal, stop)).rejects.toThrow('too many');
  expect(told).toEqual([sid, sid, sid]);
  expect((await directory.accounts.valuesOf('guessed', 'badPwdCount')).map(String)).not.toContain('3');
  await expect(byService.login('nobody-at-all', 'wrong', signal, stop)).rejects.toMatchObject({
    code: 'credentials-wrong',
  });
});
