import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { parseGroupLine, parsePasswdLine } from './account-database.ts';
import { composeAccountFiles } from './account-files.ts';
import { IdentityError } from './errors.ts';
import type { PosixAccount } from './posix-account.ts';
import { identityErrorOf } from './testing/identity-error-of.ts';

const user1: PosixAccount = {
  name: 'BANK\\user1',
  uid: 1000,
  gid: 2000,
  groupName: 'BANK\\domain^users',
  groups: [
    { gid: 2001, name: 'BANK\\risk analysts' },
    { gid: 2002, name: '' },
  ],
  home: '/home/BANK/user1',
  shell: '/bin/zsh',
  gecos: 'User One',
};
const image = {
  passwd: 'root:x:0:0:root:/root:/bin/bash\njovyan:x:1000:100::/home/jovyan:/bin/bash\nwww:x:33:33::/var/www:\n',
  group: 'root:x:0:\nsudo:x:27:jovyan,www\nusers:x:100:\nold:x:2001:www\n',
};
const shells = ['/bin/bash', '/bin/sh'] as const;

test('the account takes the place of the image user with its uid, and the image keeps the rest', () => {
  expect(composeAccountFiles(image, user1, { shells })).toEqual({
    passwd: [
      'root:x:0:0:root:/root:/bin/bash',
      'www:x:33:33::/var/www:',
      'BANK\\user1:x:1000:2000:User One:/home/BANK/user1:/bin/bash',
      '',
    ].join('\n'),
    group: [
      'root:x:0:',
      'sudo:x:27:www',
      'users:x:100:',
      'BANK\\domain^users:x:2000:',
      'BANK\\risk analysts:x:2001:BANK\\user1',
      'gid-2002:x:2002:BANK\\user1',
      '',
    ].join('\n'),
  });
});

test('an image entry of the same name under another id gives way too', () => {
  const account = { ...user1, name: 'www', groupName: 'users', groups: [{ gid: 2027, name: 'sudo' }] };
  const { passwd, group } = composeAccountFiles(image, account, { shells });
  expect(passwd.match(/^www:.*$/gm)).toEqual(['www:x:1000:2000:User One:/home/BANK/user1:/bin/bash']);
  expect(group.match(/^(users|sudo):.*$/gm)).toEqual(['users:x:2000:', 'sudo:x:2027:www']);
});

test("the account's shell is kept where the image has it, and its home may be another inside", () => {
  const { passwd } = composeAccountFiles(image, user1, { shells: ['/bin/sh', '/bin/zsh'], home: '/home/user1' });
  expect(passwd).toContain(':/home/user1:/bin/zsh\n');
});

test('an image without users has the account alone', () => {
  expect(composeAccountFiles({ passwd: '', group: '' }, { ...user1, groups: [] }, { shells })).toEqual({
    passwd: 'BANK\\user1:x:1000:2000:User One:/home/BANK/user1:/bin/bash\n',
    group: 'BANK\\domain^users:x:2000:\n',
  });
});

test('malformed lines of the image are left out', () => {
  const bad = {
    passwd:
      '+::::::\n# comment\nhalf:x:5\nroot:x:0:0:root:/root:/bin/sh\nlong:x:1:1::/:/bin/sh:x\r\nok:x:7:7::/:/bin/sh',
    group: '+:::\nhalf:x\nbad:x:-1:\nroot:x:0:\n',
  };
  const { passwd, group } = composeAccountFiles(bad, user1, { shells });
  expect(passwd.split('\n').map((line) => line.split(':')[0])).toEqual(['root', 'ok', 'BANK\\user1', '']);
  expect(group.split('\n')[0]).toBe('root:x:0:');
  expect(group.split('\n')).toHaveLength(5);
});

test('two groups of one name, or of one gid, become one line each', () => {
  const groups = [
    { gid: 2001, name: 'same' },
    { gid: 2002, name: 'same' },
    { gid: 2001, name: 'again' },
    { gid: 2000, name: 'primary again' },
  ];
  const { group } = composeAccountFiles({ passwd: '', group: '' }, { ...user1, groups }, { shells });
  expect(group).toBe('BANK\\domain^users:x:2000:\nsame:x:2001:BANK\\user1\ngid-2002:x:2002:BANK\\user1\n');
});

test.each<[string, Partial<PosixAccount>]>([
  ['a colon in its name', { name: 'a:0:0' }],
  ['a line end in its name', { name: 'a\nroot2:x:0:0::/:/bin/sh' }],
  ['a comma in its name', { name: 'user1,root' }],
  ['no name', { name: '' }],
  ['a name that begins with +', { name: '+user1' }],
  ['a name that begins with #', { name: '#user1' }],
  ['a line end in its full name', { gecos: 'User\nroot2:x:0:0::/:/bin/sh' }],
  ['a colon in its full name', { gecos: 'User: One' }],
  ['a NUL in its full name', { gecos: 'User\0' }],
  ['half a letter in its full name', { gecos: 'User\ud800' }],
  ['a colon in its home', { home: '/home/a:b' }],
  ['a relative home', { home: 'home/user1' }],
  ['an empty home', { home: '' }],
  ['a colon in a group', { groups: [{ gid: 2001, name: 'a:b' }] }],
  ['a line end in a group', { groups: [{ gid: 2001, name: 'a\nsudo:x:27:user1' }] }],
  ['a colon in its primary group', { groupName: 'a:b' }],
  ['a group that begins with -', { groups: [{ gid: 2001, name: '-a' }] }],
  ['a uid that is none', { uid: -1 }],
  ['a gid that is none', { gid: 1.5 }],
  ['a group whose gid is none', { groups: [{ gid: 4_294_967_296, name: 'a' }] }],
])('an account with %s is written to no file', async (_, part) => {
  const error = await identityErrorOf(() => composeAccountFiles(image, { ...user1, ...part }, { shells }));
  expect([error.code, error.message.includes('Right would be')]).toEqual(['account-unsafe', true]);
});

test('a shell that would break the line is refused', async () => {
  const error = await identityErrorOf(() =>
    composeAccountFiles(image, user1, { shells: ['/bin/sh\nroot2:x:0:0::/:'] }),
  );
  expect(error.message).toContain('shell');
});

test('whatever image and directory say, the account stands there once, with root and uid 0 as the image had them', () => {
  const word = fc.oneof(
    fc.string({ maxLength: 6 }),
    fc.constantFrom('root', 'sudo', '0', '1000', 'a:b', 'x\ny', '+', ','),
  );
  const text = fc
    .array(fc.array(word, { minLength: 3, maxLength: 8 }).map((fields) => fields.join(':')))
    .map((lines) => `root:x:0:0:root:/root:/bin/sh\n${lines.join('\n')}`);
  const groups = fc.array(fc.record({ gid: fc.integer({ min: 1, max: 5 }), name: word }));
  fc.assert(
    fc.property(text, text, word, groups, (passwd, group, gecos, groups) => {
      const account = { ...user1, gecos, groups };
      try {
        const files = composeAccountFiles({ passwd, group }, account, { shells });
        const users = files.passwd.trimEnd().split('\n').map(parsePasswdLine);
        expect(users).not.toContain(undefined);
        expect(users.filter((user) => user?.uid === 1000 || user?.name === user1.name)).toHaveLength(1);
        expect(users.find((user) => user?.name === user1.name)).toMatchObject({ uid: 1000, gid: 2000, gecos });
        expect(users.find((user) => user?.uid === 0)?.name).toBe('root');
        const listed = files.group.trimEnd().split('\n').map(parseGroupLine);
        const mine = listed.filter((each) => each?.members.includes(user1.name)).map((each) => each?.gid);
        expect(mine.toSorted()).toEqual([...new Set(groups.map(({ gid }) => gid))].toSorted());
      } catch (error) {
        if (!(error instanceof IdentityError)) throw error;
      }
    }),
    { numRuns: 2000 },
  );
});
