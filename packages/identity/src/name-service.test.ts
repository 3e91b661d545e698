import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { type Getent, getentProcess } from './getent.ts';
import { createNameService, parseInitgroups } from './name-service.ts';
import { identityErrorOf } from './testing/identity-error-of.ts';

const never = new AbortController().signal;

/** A getent that answers what the table says, by its words, and 2 to all else. */
function fake(table: Readonly<Record<string, string>>) {
  const asked: string[] = [];
  const getent: Getent = async (words) => {
    const question = words.join(' ');
    asked.push(question);
    const output = table[question];
    return output === undefined ? { exitCode: 2, output: '' } : { exitCode: 0, output };
  };
  return { asked, service: createNameService({ getent }) };
}

const pbis = {
  'passwd -- BANK\\anna^maria':
    'BANK\\anna^maria:x:1165040649:210764289:Anna Maria:/home/local/BANK/anna^maria:/bin/bash\n',
  'initgroups -- BANK\\anna^maria': 'BANK\\anna^maria       210764289 210764290 210764291 210764290\n',
};

test('an account is found with its groups; those without a name keep their gid', async () => {
  const { service, asked } = fake({
    ...pbis,
    'group -- 210764289 210764290 210764291':
      'BANK\\domain^users:x:210764289:\nBANK\\risk^analysts:x:210764290:BANK\\anna^maria\n',
  });
  expect(await service.account(['anna maria', 'BANK\\anna^maria'], never)).toEqual({
    name: 'BANK\\anna^maria',
    uid: 1_165_040_649,
    gid: 210_764_289,
    groupName: 'BANK\\domain^users',
    groups: [
      { gid: 210_764_290, name: 'BANK\\risk^analysts' },
      { gid: 210_764_291, name: '' },
    ],
    home: '/home/local/BANK/anna^maria',
    shell: '/bin/bash',
    gecos: 'Anna Maria',
  });
  expect(asked.slice(0, 2)).toEqual(['passwd -- anna maria', 'passwd -- BANK\\anna^maria']);
});

test("what the host's own files call a gid is asked of the files alone, many at once", async () => {
  const { service, asked } = fake({ '-s files group -- 999 210764290': 'docker:x:999:\n' });
  expect(await service.localGroups([999, 210_764_290], never)).toEqual(new Map([[999, 'docker']]));
  expect(asked).toHaveLength(1);
});

test('an empty shell is /bin/sh', async () => {
  const { service } = fake({
    'passwd -- user1': 'user1:x:1001:1001::/home/user1:\n',
    'initgroups -- user1': 'user1  \n',
  });
  expect(await service.account('user1', never)).toMatchObject({ shell: '/bin/sh', groups: [], groupName: '' });
});

test.each([
  ['0', 'account-unsafe'],
  ['1001', 'account-unsafe'],
  ['+0', 'account-unsafe'],
  [' 0', 'account-unsafe'],
  ['-x', 'account-unsafe'],
  ['-1', 'account-unsafe'],
  ['--service=files', 'account-unsafe'],
  ['BANK\\1001', 'account-unsafe'],
  ['1001@corp.example.test', 'account-unsafe'],
  ['BANK\\-x', 'account-unsafe'],
  ['user1:x', 'name-invalid'],
  ['user1\nroot', 'name-invalid'],
  ['user1\0', 'name-invalid'],
  ['', 'name-invalid'],
])('%j never reaches getent', async (name, code) => {
  const { service, asked } = fake({});
  expect((await identityErrorOf(() => service.account(['user1', name], never))).code).toBe(code);
  expect((await identityErrorOf(() => service.isLocal(name, never))).code).toBe(code);
  expect(asked).toEqual([]);
});

test.each([
  ['nobody of that name', {}, 'know no account'],
  ['somebody else', { 'passwd -- user1': 'root:x:0:0:root:/root:/bin/sh\n' }, "answered 'root' for 'user1'"],
  ['the account of another domain', { 'passwd -- user1': 'OTHER\\user1:x:5000:5000::/h:/bin/sh\n' }, "answered 'OTHER"],
])('where the name service finds %s, the account is unknown', async (_, table, reason) => {
  const error = await identityErrorOf(() => fake(table).service.account(['BANK\\user1', 'user1'], never));
  expect(error.code).toBe('account-unknown');
  expect(error.message).toContain(reason);
});

test.each([
  ['passwd', { 'passwd -- user1': 'user1:x:1001\n' }],
  ['passwd', { 'passwd -- user1': '' }],
  ['passwd', { 'passwd -- user1': 'user1:x:1001:1001:::\nroot:x:0:0:::\n' }],
  ['initgroups', { 'passwd -- user1': 'user1:x:1001:1001:::\n', 'initgroups -- user1': 'user2 5\n' }],
])('an answer of getent %s that makes no sense is a failure, never an account', async (database, table) => {
  const error = await identityErrorOf(() => fake(table).service.account('user1', never));
  expect([error.code, error.message.includes(`getent ${database}`)]).toEqual(['name-service-failed', true]);
});

test.each([1, 3, 127, null])(
  'getent that ends with %s is a failure of the name service, not an unknown account',
  async (exitCode) => {
    const service = createNameService({
      getent: async () => ({ exitCode, output: 'user1:x:1001:1001::/home/user1:/bin/sh\n' }),
    });
    expect((await identityErrorOf(() => service.account('user1', never))).code).toBe('name-service-failed');
    expect((await identityErrorOf(() => service.isLocal('user1', never))).code).toBe('name-service-failed');
    expect((await identityErrorOf(() => service.uidHolder(1001, never))).code).toBe('name-service-failed');
  },
);

test("an account is local where the host's own files hold it, with its domain or without", async () => {
  const { service, asked } = fake({ '-s files passwd -- oracle': 'oracle:x:54321:54321::/home/oracle:/bin/sh\n' });
  expect(await service.isLocal('oracle', never)).toBe(true);
  expect(await service.isLocal('BANK\\oracle', never)).toBe(true);
  expect(await service.isLocal('BANK\\user1', never)).toBe(false);
  expect(asked).toContain('-s files passwd -- BANK\\oracle');
});

test('the holder of a uid is found, a local one first, and a name of digits is none', async () => {
  const local = 'user1:x:1001:1001::/home/user1:/bin/sh\n';
  const other = 'BANK\\user1:x:1001:1001::/home/user1:/bin/sh\n';
  const holder = async (table: Readonly<Record<string, string>>) => fake(table).service.uidHolder(1001, never);
  expect(await holder({ '-s files passwd -- 1001': local, 'passwd -- 1001': other })).toEqual({
    uid: 1001,
    name: 'user1',
    local: true,
  });
  expect(await holder({ 'passwd -- 1001': other })).toEqual({ uid: 1001, name: 'BANK\\user1', local: false });
  expect(await holder({ 'passwd -- 1001': '1001:x:5000:1001::/home/user1:/bin/sh\n' })).toBeUndefined();
  expect(await holder({})).toBeUndefined();
});

test.each<[string, string, number[] | undefined]>([
  ['user1                 1000 4294967295\n', 'user1', [1000, 4_294_967_295]],
  ['anna maria 2            5\n', 'anna maria 2', [5]],
  ['nobody               \n', 'nobody', []],
  ['', 'user1', []],
  ['user1                 4294967296\n', 'user1', undefined],
  ['user1                 -1\n', 'user1', undefined],
  ['user12 5\n', 'user1', undefined],
  ['other 5\n', 'user1', undefined],
])('%j are the groups of %s: %j', (output, name, gids) => {
  expect(parseInitgroups(output, name)).toEqual(gids);
});

test('no text makes the reading of groups throw', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string(), (output, name) => {
      const gids = parseInitgroups(name + output, name) ?? [];
      expect(gids.every((gid) => gid >= 0 && gid <= 0xffff_ffff)).toBe(true);
    }),
    { numRuns: 1000 },
  );
});

test("the host's own getent finds root and nobody, and no account of a made-up name", async () => {
  const service = createNameService({ getent: getentProcess() });
  expect(await service.account('root', never)).toMatchObject({ name: 'root', uid: 0, gid: 0, groupName: 'root' });
  expect(await service.account(['no-such-account', 'nobody'], never)).toMatchObject({ name: 'nobody', uid: 65_534 });
  expect((await identityErrorOf(() => service.account('no-such-account', never))).code).toBe('account-unknown');
  expect([await service.isLocal('nobody', never), await service.isLocal('no-such-account', never)]).toEqual([
    true,
    false,
  ]);
  expect(await service.uidHolder(0, never)).toEqual({ uid: 0, name: 'root', local: true });
  expect(await service.uidHolder(3_999_999_999, never)).toBeUndefined();
});
