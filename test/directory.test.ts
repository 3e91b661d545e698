import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { accepts } from './stack/accepts.ts';
import { Directory } from './stack/directory.ts';
import { clearDeadRuns } from './stack/root.ts';
import { runCommand } from './stack/run-command.ts';
import { testFolder } from './stack/shared-engine.ts';
import { waitFor } from './stack/program.ts';

let directory: Directory;
let folder: string;

beforeAll(async () => {
  folder = join(await testFolder(), 'ad');
  directory = await Directory.start({ folder });
  await directory.accounts.createUser({ name: 'user1', password: 'first pässword' });
});

afterAll(async () => {
  await directory?.remove();
});

/** What a bind with this password answers: the entries found, or `data` and the code by which AD says why not. */
async function bound(name: string, password: string, attribute = 'dn', base = ''): Promise<string> {
  const login = ['-x', '-D', `${name}@${directory.domain}`, '-w', password];
  const search = ['-LLL', '-o', 'ldif-wrap=no', '-b', base, '-s', 'base', '(objectClass=*)', attribute];
  const env = { PATH: '/usr/bin:/bin', LDAPTLS_CACERT: directory.caFile, LDAPTLS_REQCERT: 'demand' };
  return runCommand('ldapsearch', [...login, '-H', directory.ldapsUrl, ...search], { env }).catch(
    (error: Error) => /data \w+/.exec(error.message)?.[0] ?? error.message,
  );
}

test('a user logs in with the password alone, over TLS whose certificate is checked', async () => {
  expect(await bound('user1', 'first pässword')).toBe('dn:\n\n');
  expect(await bound('user1', 'another')).toBe('data 52e');
});

test('a certificate authority that did not sign is not trusted', async () => {
  const env = { PATH: '/usr/bin:/bin', LDAPTLS_CACERT: '/etc/ssl/certs/ca-certificates.crt' };
  const search = runCommand('ldapsearch', ['-x', '-H', directory.ldapsUrl, '-b', '', '-s', 'base'], { env });
  await expect(search).rejects.toThrow("Can't contact LDAP server");
});

test('the KDC gives the user a ticket that can be renewed', async () => {
  const cache = join(folder, 'cc');
  const env = { PATH: '/usr/bin:/bin', KRB5_CONFIG: directory.krb5ConfFile, KRB5CCNAME: `FILE:${cache}` };
  await runCommand('kinit', ['user1'], { env, input: 'first pässword\n' });
  const listing = await runCommand('klist', ['-f'], { env });
  expect(listing).toContain('Default principal: user1@CORP.EXAMPLE.TEST');
  expect(listing).toMatch(/renew until .*, Flags: \w*R/);
});

test.each([
  ['a disabled account', 'data 533', async (name: string) => directory.accounts.disable(name)],
  ['an expired account', 'data 701', async (name: string) => directory.accounts.expire(name)],
  [
    'an account whose password must be changed',
    'data 773',
    async (name: string) => directory.accounts.mustChange(name),
  ],
  [
    'an account outside its logon hours',
    'data 530',
    async (name: string) => directory.accounts.setLogonHours(name, []),
  ],
  ['a locked account', 'data 775', async (name: string) => directory.accounts.lockOut(name)],
])('%s is refused with %s', async (_state, code, put) => {
  const name = `u-${code.slice(-3)}`;
  await directory.accounts.setLockoutPolicy({ wrongPasswords: 3, seconds: 600 });
  await directory.accounts.createUser({ name, password: 'right' });
  expect(await bound(name, 'right')).toContain('dn:');
  await put(name);
  expect(await bound(name, 'right')).toBe(code);
});

test('the service account reads nested groups and the primary one, where others no longer may', async () => {
  const { accounts, service, baseDn } = directory;
  const outer = await accounts.createGroup({ name: 'Зал (risk) *', account: 'outer' });
  await accounts.createGroup({ name: 'inner', members: ['user1'] });
  await accounts.addMembers('outer', ['inner']);
  await accounts.hideTokenGroups();
  const user = await accounts.dnOf('user1');
  const groups = await bound(service.name, service.password, 'tokenGroups', user);
  const ridOf = (value: string) => Buffer.from(value, 'base64').readUInt32LE(24);
  const rids = [...groups.matchAll(/tokenGroups:: (.{38}==)/g)].map(([, value]) => ridOf(value ?? ''));
  expect(rids).toEqual(expect.arrayContaining([513, Number(outer.sid.split('-').at(-1))]));
  await accounts.createUser({ name: 'curious', password: 'right' });
  expect(await bound('curious', 'right', 'tokenGroups', user)).not.toContain('tokenGroups');
  expect(user).toBe(`CN=user1,CN=Users,${baseDn}`);
});

test('300 groups are made within 10 seconds', async () => {
  const before = performance.now();
  for (let i = 0; i < 300; i++) await directory.accounts.createGroup({ name: `many ${i}`, members: ['user1'] });
  expect(performance.now() - before).toBeLessThan(10_000);
});

test('who is deleted and made again has another SID', async () => {
  const first = await directory.accounts.createUser({ name: 'again', password: 'right' });
  await directory.accounts.delete('again');
  const second = await directory.accounts.createUser({ name: 'again', password: 'right' });
  expect(second.dn).toBe(first.dn);
  expect(second.sid).not.toBe(first.sid);
});

test('it can be stopped, killed and started again with what it held', async () => {
  await directory.stop();
  expect(await accepts(directory.address, directory.ports.ldaps)).toBe(false);
  await directory.start();
  await directory.kill();
  expect(await accepts(directory.address, directory.ports.ldaps)).toBe(false);
  await directory.start();
  expect(await bound('user1', 'first pässword')).toContain('dn:');
});

test('nothing is left of a directory that was removed', async () => {
  const other = await Directory.start({ folder: join(await testFolder(), 'ad') });
  const { address, folder: gone } = other;
  await other.remove();
  expect(await accepts(address, other.ports.ldaps)).toBe(false);
  await expect(access(gone)).rejects.toThrow('ENOENT');
});

test('the directory of a run that was killed ends, and the next run takes its folder away', async () => {
  const root = new URL('stack/root.ts', import.meta.url).href;
  const module = new URL('stack/directory.ts', import.meta.url).href;
  const script = `const root = await (await import('${root}')).makeRoot();
    const { address } = await (await import('${module}')).Directory.start({ folder: root + '/ad' });
    console.log(root, address);
    setInterval(() => {}, 1000);`;
  const run = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(run.stdout, 'data')) as [Buffer];
  const [left = '', address = ''] = line.toString().trim().split(' ');
  run.kill('SIGKILL');
  await once(run, 'exit');
  await clearDeadRuns();
  await expect(access(left)).rejects.toThrow('ENOENT');
  await waitFor('its ports are free', async () => !(await accepts(address, directory.ports.ldap)), { seconds: 5 });
});
