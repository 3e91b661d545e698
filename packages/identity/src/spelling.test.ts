import { expect, test } from '@jest/globals';
import { accountSpellings, answersTo } from './spelling.ts';
import { identityErrorOf } from './testing/identity-error-of.ts';

const anna = { name: 'anna maria', netbiosDomain: 'BANK', dnsDomain: 'corp.example.test' };

test('an account is spelled by each template, those without their domain left out', async () => {
  const templates = ['{domain}\\{name^}', '{name}@{dnsDomain}', '{name}', '{name}'];
  expect(accountSpellings(anna, templates)).toEqual(['BANK\\anna^maria', 'anna maria@corp.example.test', 'anna maria']);
  expect(accountSpellings({ name: "$& $'" }, templates)).toEqual(["$& $'"]);
  const error = await identityErrorOf(() => accountSpellings(anna, ['{user}']));
  expect(error.message).toContain('{user}. Right would be {domain}, {dnsDomain}, {name}, {name^}');
});

test.each<[string, string[], boolean]>([
  ['user1', ['user1'], true],
  ['user1', ['USER1'], true],
  ['BANK\\user1', ['user1'], true],
  ['user1', ['BANK\\user1'], true],
  ['BANK\\user1', ['bank\\USER1'], true],
  ['user1@corp.example.test', ['BANK\\user1'], true],
  ['user1@corp.example.test', ['user1@CORP.example.test'], true],
  ['BANK\\anna^maria', ['BANK\\anna maria'], true],
  ['BANK+user1', ['BANK\\user1'], true],
  ['user1', ['OTHER\\user1', 'user1'], true],
  ['root', ['user1'], false],
  ['user2', ['BANK\\user1'], false],
  ['OTHER\\user1', ['BANK\\user1', 'user1'], false],
  ['user1@other.test', ['user1@corp.example.test', 'user1'], false],
  ['weird.', ['weird.'], true],
  ['weird.', ['Weird.'], false],
  ['user1\u200b', ['user1'], false],
])('the answer %s is the account asked for by %j: %s', (found, asked, right) => {
  expect(answersTo(found, asked, { separator: '+' })).toBe(right);
});
