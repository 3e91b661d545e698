import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { groupLine, parseGroupLine, parseId, parsePasswdLine, passwdLine } from './account-database.ts';

test.each([
  ['user1:x:1001:1002:User One,,,:/home/user1:/bin/bash', 'user1', 1001, 1002],
  ['BANK\\anna^maria:*:1165040649:210764289::/home/BANK/anna^maria:', 'BANK\\anna^maria', 1_165_040_649, 210_764_289],
  ['Петров:x:4294967295:0:::', 'Петров', 4_294_967_295, 0],
])('%j is a line of passwd', (line, name, uid, gid) => {
  expect(parsePasswdLine(line)).toMatchObject({ name, uid, gid });
});

test.each([
  '',
  'user1',
  'user1:x:1001:1002:User:/home/user1',
  'user1:x:1001:1002:User:/home/user1:/bin/sh:more',
  ':x:1001:1002:User:/home/user1:/bin/sh',
  '+:x:1001:1002:User:/home/user1:/bin/sh',
  '-user1:x:1001:1002:User:/home/user1:/bin/sh',
  '#user1:x:1001:1002:User:/home/user1:/bin/sh',
  'user1:x::1002:User:/home/user1:/bin/sh',
  'user1:x:-1:1002:User:/home/user1:/bin/sh',
  'user1:x: 1:1002:User:/home/user1:/bin/sh',
  'user1:x:4294967296:1002:User:/home/user1:/bin/sh',
  'user1:x:0x10:1002:User:/home/user1:/bin/sh',
  'user1:x:1001:1002:User:/home/user1:/bin/sh\r',
  'user1:x:1001:1002:User\n:/home/user1:/bin/sh',
])('%j is no line of passwd', (line) => {
  expect(parsePasswdLine(line)).toBeUndefined();
});

test.each([
  ['users:x:100:', 'users', 100, []],
  ['BANK\\risk analysts:*:210764290:user1,BANK\\user2', 'BANK\\risk analysts', 210_764_290, ['user1', 'BANK\\user2']],
  ['users:x:100:,user1,', 'users', 100, ['user1']],
])('%j is a line of group', (line, name, gid, members) => {
  expect(parseGroupLine(line)).toEqual({ name, gid, members });
});

test.each([
  '',
  'users:x:100',
  'users:x:100::',
  ':x:100:',
  '+:x:100:',
  'users:x:-1:',
  'users:x:4294967296:',
  'u\ts:x:1:',
])('%j is no line of group', (line) => {
  expect(parseGroupLine(line)).toBeUndefined();
});

const field = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((text) => !/[:,\p{Cc}\p{Cs}]/u.test(text));
const name = field.filter((text) => text !== '' && !/^[+#-]/.test(text));
const id = fc.integer({ min: 0, max: 0xffff_ffff });

test('each entry is read back from its line as it was', () => {
  fc.assert(
    fc.property(fc.record({ name, uid: id, gid: id, gecos: field, home: field, shell: field }), (entry) => {
      expect(parsePasswdLine(passwdLine(entry))).toEqual(entry);
    }),
  );
  fc.assert(
    fc.property(fc.record({ name, gid: id, members: fc.array(name) }), (entry) => {
      expect(parseGroupLine(groupLine(entry))).toEqual(entry);
    }),
  );
});

test('no line makes the parser throw, and what it takes has ids of 32 bit and one line', () => {
  const line = fc.array(
    fc.oneof(fc.string({ unit: 'binary', maxLength: 6 }), fc.constantFrom('0', '1000', '\n', '\0')),
    {
      minLength: 3,
      maxLength: 8,
    },
  );
  fc.assert(
    fc.property(line, (parts) => {
      const entries = [parsePasswdLine(parts.join(':')), parseGroupLine(parts.join(':'))];
      for (const entry of entries.filter((each) => each !== undefined)) {
        expect(parseId(String(entry.gid))).toBe(entry.gid);
        expect(JSON.stringify(entry)).not.toMatch(/\\n|\\u0000/);
      }
    }),
    { numRuns: 2000 },
  );
});
