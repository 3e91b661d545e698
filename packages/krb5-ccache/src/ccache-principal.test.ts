import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { parsePrincipal, principalText, samePrincipal } from './ccache-principal.ts';
import { anyPrincipal, ticketErrorOf } from './testing/caches.ts';

const forms: readonly { text: string; components: readonly string[]; realm: string }[] = [
  { text: 'user1@CORP', components: ['user1'], realm: 'CORP' },
  { text: 'krbtgt/CORP@CORP', components: ['krbtgt', 'CORP'], realm: 'CORP' },
  { text: 'we\\/ird\\@na\\\\me@CORP', components: ['we/ird@na\\me'], realm: 'CORP' },
  { text: 'a\\nb\\tc\\bd\\0e@CORP', components: ['a\nb\tc\bd\0e'], realm: 'CORP' },
  { text: 'иван петров@CORP', components: ['иван петров'], realm: 'CORP' },
  { text: 'user1@CORP\\@X\\/Y', components: ['user1'], realm: 'CORP@X/Y' },
  { text: 'a//b@CORP', components: ['a', '', 'b'], realm: 'CORP' },
];

test.each(forms)('$text is written and read as MIT does', ({ text, components, realm }) => {
  expect(principalText({ nameType: 1, realm, components })).toBe(text);
  expect(parsePrincipal(text)).toMatchObject({ realm, components });
});

test('every principal with a realm and a name comes back from its text', () => {
  const named = anyPrincipal.filter(({ realm, components }) => realm !== '' && components.join('') !== '');
  fc.assert(fc.property(named, (one) => expect(samePrincipal(parsePrincipal(principalText(one)), one)).toBe(true)));
});

test.each([
  ['user1', 'its realm is missing'],
  ['', 'its realm is missing'],
  ['user1@', 'its realm is missing'],
  ['@CORP', 'its name is empty'],
  ['user1@CORP@X', 'its realm has a @'],
  ['user1@CORP/x', 'its realm has a /'],
  ['user1@CORP\\', 'it ends with an escape'],
])('%j is no principal', async (text, says) => {
  const error = await ticketErrorOf(() => parsePrincipal(text));
  expect(error.code).toBe('ticket-unsafe');
  expect(error.message).toContain(says);
});

test('principals are compared with case, without name types', () => {
  const one = { nameType: 1, realm: 'CORP', components: ['user1'] };
  expect(samePrincipal(one, { ...one, nameType: 10 })).toBe(true);
  for (const other of [{ components: ['USER1'] }, { realm: 'corp' }, { components: ['user1', ''] }, { components: [] }])
    expect(samePrincipal(one, { ...one, ...other })).toBe(false);
});
