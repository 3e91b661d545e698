import { expect, test } from '@jest/globals';
import { bindName } from './bind-name.ts';

test.each([
  'CN=user1,CN=Users,DC=corp,DC=example,DC=test',
  'CN=Müller\\, Jörg,DC=x',
  'user1@CORP.EXAMPLE.TEST',
  'BANK\\svc-berth',
])('%s may stand in a bind', (text) => {
  expect(bindName(text)).toBe(text);
});

test.each([
  ['a SASL mechanism', 'EXTERNAL'],
  ['a SASL mechanism', 'PLAIN'],
  ['a SASL mechanism', 'DIGEST-MD5'],
  ['a SASL mechanism', 'SCRAM-SHA-1'],
  ['anonymous', ''],
  ['a bare name', 'user1'],
  ['half a name', '@corp.example.test'],
  ['half a name', 'BANK\\'],
  ['two realms', 'user1@a@b'],
  ['NUL', 'user1\0@corp.example.test'],
  ['NUL', 'CN=user1\0,DC=x'],
  ['a broken letter', 'user\ud800@corp.example.test'],
])('%s (%j) may not', (_, text) => {
  expect(() => bindName(text)).toThrow('not sent');
});
