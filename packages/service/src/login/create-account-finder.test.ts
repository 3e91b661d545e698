import { DirectoryError, type DirectoryGroup } from '@berth/ad-authenticator';
import type { Getent } from '@berth/identity';
import { expect, test } from '@jest/globals';
import { parseConfiguration } from '../configuration/index.ts';
import { createAccountFinder } from './create-account-finder.ts';
import { directoryAccount } from './testing/login-world.ts';

const signal = new AbortController().signal;
const warned: string[] = [];
const log = { warn: (fields: object, message: string) => void warned.push(JSON.stringify({ message, ...fields })) };

/** A host whose name service knows these lines; `files` are those of /etc/passwd itself. */
function host(
  passwd: readonly string[],
  { files = [] as readonly string[], groups = {} as Record<string, string> } = {},
): Getent {
  return async (words) => {
    const key = words.at(-1) ?? '';
    const ofFiles = words.includes('files');
    if (words.includes('initgroups')) return { exitCode: 0, output: `${key} ${Object.keys(groups).join(' ')}\n` };
    if (words.includes('group')) {
      const wanted = words.slice(words.indexOf('group') + 1).filter((word) => word !== '--');
      const lines = wanted.flatMap((gid) => (groups[gid] === undefined ? [] : [`${groups[gid]}:x:${gid}:\n`]));
      return { exitCode: lines.length === wanted.length ? 0 : 2, output: lines.join('') };
    }
    const line = (ofFiles ? files : [...files, ...passwd]).find((one) => {
      const [name, , uid] = one.split(':');
      return name?.toLowerCase() === key.toLowerCase() || uid === key;
    });
    return line === undefined ? { exitCode: 2, output: '' } : { exitCode: 0, output: `${line}\n` };
  };
}

function finder(
  accounts: string,
  getent: Getent,
  groups?: (sids: readonly string[]) => Promise<ReadonlyMap<string, DirectoryGroup>>,
) {
  const { accounts: settings } = parseConfiguration(
    `directory: {domain: corp.example.test}\nlogin: {allow: [x]}\naccounts: ${accounts}`,
    'test',
    { state: '/s', runtime: '/r' },
  );
  if (settings === undefined) throw new Error('no accounts');
  return createAccountFinder(settings, log, groups && { groups }, getent);
}

const domain = 'S-1-5-21-2127521184-1604012920-1887927527';
const user1 = directoryAccount({
  sid: `${domain}-72713`,
  primaryGroupSid: `${domain}-513`,
  groupSids: [`${domain}-513`],
});

test('the name service is asked in each spelling of the configuration, and the first that is known counts', async () => {
  const getent = host(['user1@corp.example.test:*:11104:10513:User One:/home/user1:/bin/bash'], {
    groups: { 10513: 'domain users' },
  });
  const account = await finder('{source: name-service}', getent).ofDirectory(user1, signal);
  expect(account).toMatchObject({ name: 'user1@corp.example.test', uid: 11_104, gid: 10_513, home: '/home/user1' });
});

test('ids can be computed as PBIS does, with the names of the groups from the directory', async () => {
  const sids = [`${domain}-513`, `${domain}-1200`];
  const groups = async () => new Map([[sids[1] ?? '', { name: 'risk analysts', gidNumber: undefined }]]);
  const found = { ...user1, groupSids: sids };
  const account = await finder('{source: pbis}', host([]), groups).ofDirectory(found, signal);
  expect(account).toMatchObject({ name: 'BANK\\user1', uid: 1_165_040_649, home: '/home/BANK/user1' });
  expect(account.groups.map(({ name }) => name)).toContain('BANK\\risk^analysts');
});

test('a directory that is away costs the names of the groups, and with RFC 2307 the login, as it has the ids', async () => {
  const away = () => Promise.reject(new DirectoryError('directory-unreachable', 'away'));
  expect(await finder('{source: pbis}', host([]), away).ofDirectory(user1, signal)).toMatchObject({ groups: [] });
  const posix = { uidNumber: 11_104, gidNumber: 10_513, unixHomeDirectory: '/home/user1', loginShell: '/bin/sh' };
  const rfc2307 = finder('{source: rfc2307}', host([]), away);
  await expect(rfc2307.ofDirectory({ ...user1, posix }, signal)).rejects.toMatchObject({
    code: 'directory-unreachable',
  });
  const there = async () => new Map([[`${domain}-1200`, { name: 'risk', gidNumber: 11_200 }]]);
  const found = { ...user1, posix, groupSids: [`${domain}-1200`] };
  expect(await finder('{source: rfc2307}', host([]), there).ofDirectory(found, signal)).toMatchObject({
    ...{ uid: 11_104, gid: 10_513, home: '/home/user1', shell: '/bin/sh' },
    groups: [{ gid: 11_200, name: 'risk' }],
  });
});

test.each<[string, string, Getent, string]>([
  [
    'whose uid is below 1000',
    '{source: name-service}',
    host(['BANK\\user1:*:33:10513::/home/user1:/bin/sh']),
    'account-unsafe',
  ],
  [
    'that stands in /etc/passwd too',
    '{source: pbis}',
    host([], { files: ['user1:x:1500:1500::/home/user1:/bin/sh'] }),
    'account-unsafe',
  ],
  [
    'whose uid a local account has',
    '{source: pbis}',
    host([], { files: ['oracle:x:1165040649:1500::/:/bin/sh'] }),
    'uid-collision',
  ],
  ['that the host does not know', '{source: name-service}', host([]), 'account-unknown'],
  ['without uidNumber', '{source: rfc2307}', host([]), 'uid-unmapped'],
])('an account %s runs nothing', async (_, accounts, getent, code) => {
  await expect(finder(accounts, getent).ofDirectory(user1, signal)).rejects.toMatchObject({ code });
});

test('groups with power over the host are left out, and the log says so', async () => {
  const getent = host(['BANK\\user1:*:11104:10513::/home/user1:/bin/sh'], {
    groups: { 10513: 'domain users', 10999: 'docker' },
  });
  const account = await finder('{source: name-service}', getent).ofDirectory(user1, signal);
  expect(account.groups).toEqual([]);
  expect(warned.join()).toContain('docker');
});

test('where ids are computed, a primary group is judged by what the host calls it, the others by both names', async () => {
  const posix = { uidNumber: 11_104, gidNumber: 10_513, unixHomeDirectory: '/home/user1', loginShell: '/bin/sh' };
  const groups = async () =>
    new Map([
      [`${domain}-513`, { name: 'staff', gidNumber: 10_513 }],
      [`${domain}-1200`, { name: 'audit', gidNumber: 11_200 }],
      [`${domain}-1202`, { name: 'Docker', gidNumber: 11_202 }],
      [`${domain}-1201`, { name: 'risk', gidNumber: 5999 }],
    ]);
  const found = { ...user1, posix, groupSids: [`${domain}-513`, `${domain}-1200`, `${domain}-1201`, `${domain}-1202`] };
  const getent = host([], { groups: { 5999: 'docker' } });
  const account = await finder('{source: rfc2307}', getent, groups).ofDirectory(found, signal);
  expect(account).toMatchObject({ groupName: 'staff', groups: [{ gid: 11_200, name: 'audit' }] });
  const primary = host([], { groups: { 10513: 'disk' } });
  await expect(finder('{source: rfc2307}', primary, groups).ofDirectory(found, signal)).rejects.toMatchObject({
    code: 'account-unsafe',
  });
});

test("a hub's own user is looked up under the name that the hub has", async () => {
  const getent = host(['BANK\\anna^maria:*:11104:10513::/home/anna:/bin/sh'], { groups: { 10513: 'domain users' } });
  const accounts = finder('{source: name-service}', getent);
  expect(await accounts.ofHubUser('bank\\anna maria', signal)).toMatchObject({ uid: 11_104 });
  for (const name of ['0', '1001', 'root', '-x'])
    await expect(accounts.ofHubUser(name, signal)).rejects.toMatchObject({ name: 'IdentityError' });
});

test('the doctor hears whether the name service answers', async () => {
  const check = async (getent: Getent) => {
    const findings = [];
    for await (const finding of finder('{source: name-service}', getent).check(signal)) findings.push(finding.level);
    return findings;
  };
  expect(await check(host([], { files: ['root:x:0:0:root:/root:/bin/sh'] }))).toEqual(['ok']);
  expect(await check(host([]))).toEqual(['error']);
  expect(await check(async () => ({ exitCode: 1, output: '' }))).toEqual(['error']);
});
