import { expect, test } from '@jest/globals';
import { type HubNameFormat, hubUserName, parseHubUserName } from './hub-name.ts';
import { identityErrorOf } from './testing/identity-error-of.ts';

const account = { sAMAccountName: 'User1', netbiosDomain: 'BANK', dnsDomain: 'corp.example.test' };
const named = (sAMAccountName: string) => ({ ...account, sAMAccountName });

test.each<[string, HubNameFormat, string]>([
  ['User1', 'name', 'user1'],
  ['User1', 'name@domain', 'user1@corp.example.test'],
  ['User1', 'domain\\name', 'bank\\user1'],
  ['Anna Maria', 'name', 'anna maria'],
  ['Anna Maria', 'domain\\name', 'bank\\anna maria'],
  ['ПЕТРОВ', 'name', 'петров'],
  ['JOSE\u0301', 'name', 'jos\u00e9'],
  ['a^b', 'name', 'a^b'],
])('%s is known to the hub, by the format %s, as %s', (name, format, hubName) => {
  expect(hubUserName(named(name), format)).toBe(hubName);
});

test.each<[string, HubNameFormat, object]>([
  ['user1', 'name', { name: 'user1' }],
  ['user1@corp.example.test', 'name@domain', { name: 'user1', domain: { dns: 'corp.example.test' } }],
  ['bank\\user1', 'domain\\name', { name: 'user1', domain: { netbios: 'BANK' } }],
  ['anna maria', 'name', { name: 'anna maria' }],
  ['a^b', 'name', { name: 'a^b' }],
])("the hub's %s, of the format %s, stands for %j", (hubName, format, name) => {
  expect(parseHubUserName(hubName, format)).toEqual(name);
});

test.each<[string, HubNameFormat]>([
  ['user1', 'name@domain'],
  ['user1', 'domain\\name'],
  ['bank\\user1', 'name'],
  ['bank\\user1', 'name@domain'],
  ['user1@corp.example.test', 'name'],
  ['user1@corp.example.test', 'domain\\name'],
  ['a/b', 'name'],
])("the hub's %s is not of the format %s, and is refused", async (hubName, format) => {
  const error = await identityErrorOf(() => parseHubUserName(hubName, format));
  expect([error.code, error.message.includes('Right would be')]).toEqual(['name-invalid', true]);
});

test.each<[string, object]>([
  ['a slash in the name', named('a/b')],
  ['a slash in the domain', { ...account, netbiosDomain: 'BA/NK' }],
  ['a control character in the name', named('a\u0001')],
  ['a control character in the domain', { ...account, netbiosDomain: 'BANK\n' }],
  ['half a letter', { ...account, netbiosDomain: '\ud800' }],
  ['an empty name', named('')],
  ['a separator in the name', named('other\\user1')],
  ['an @ in the name', named('user1@other.test')],
  ['more than 255 characters', { ...account, netbiosDomain: 'B'.repeat(250) }],
])('an account with %s gets no hub name', async (_, bad) => {
  const error = await identityErrorOf(() => hubUserName({ ...account, ...bad }, 'domain\\name'));
  expect([error.code, error.message.includes('Right would be')]).toEqual(['name-invalid', true]);
});

test('within a format and a domain, accounts that AD tells apart have different hub names', () => {
  const names = ['user1', 'user11', 'user 1', 'user-1', 'user_1', 'user^1', 'straße', 'strasse', 'пользователь'];
  for (const format of ['name', 'name@domain', 'domain\\name'] as const) {
    expect(new Set(names.map((name) => hubUserName(named(name), format))).size).toBe(names.length);
  }
});
