import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { checkAccountName, type NameForms, parseAccountName, parseGroupName, sameAccountName } from './account-name.ts';
import { identityErrorOf } from './testing/identity-error-of.ts';

/** Each row whole: what jest finds missing in a row it takes for a callback. */
const rows = <Expected>(table: readonly (readonly [string, Expected, NameForms?])[]): [string, Expected, NameForms][] =>
  table.map(([text, expected, forms = {}]) => [text, expected, forms]);

const user1 = { name: 'user1' };
const inBank = { name: 'user1', domain: { netbios: 'BANK' } };
const inCorp = { name: 'user1', domain: { dns: 'corp.example.test' } };

test.each(
  rows<object>([
    ['user1', user1],
    ['  user1 ', user1],
    ['USER1', { name: 'USER1' }],
    ['BANK\\user1', inBank],
    ['bank\\user1', inBank],
    ['user1@corp.example.test', inCorp],
    ['user1@CORP.EXAMPLE.TEST', inCorp],
    ['user1@bank', inBank],
    ['corp.example.test\\user1', inCorp],
    ['BANK+user1', inBank, { separator: '+' }],
    ['BANK\\user1', inBank, { separator: '+' }],
    ['BANK/user1', inBank, { separator: '/' }],
    ['BANK\\anna^maria', { name: 'anna maria', domain: { netbios: 'BANK' } }],
    ['a^b', { name: 'a^b' }, { caret: 'itself' }],
    ['jose\u0301', { name: 'jos\u00e9' }],
    ['Петров', { name: 'Петров' }],
    ['first.last', { name: 'first.last' }],
    ['svc-$', { name: 'svc-$' }],
    ["o'neil (x)", { name: "o'neil (x)" }],
    ['a'.repeat(104), { name: 'a'.repeat(104) }],
    [`${'a'.repeat(900)}@corp.example.test`, { name: 'a'.repeat(900), domain: { dns: 'corp.example.test' } }],
    // No account that may run a notebook, but names of AD all the same: account-safety refuses them.
    ['1001', { name: '1001' }],
    ['-x', { name: '-x' }],
  ]),
)('%j is the account %j', (text, account, forms) => {
  expect(parseAccountName(text, forms)).toEqual(account);
});

test.each(
  rows<string>([
    ['', 'empty'],
    ['   ', 'empty'],
    ['BANK\\', 'is empty'],
    ['@corp.example.test', 'is empty'],
    ['\\user1', 'no domain'],
    ['user1@', 'no domain'],
    ['.\\user1', 'no domain'],
    ['user1@corp..test', 'no domain'],
    ['user1@corp.test.', 'no domain'],
    ['BANK OF X\\user1', 'no domain'],
    ['ABCDEFGHIJKLMNOP\\user1', 'no domain'],
    ['us\ner1', 'control character'],
    ['user1\n', 'control character'],
    ['user1\t', 'control character'],
    ['user1\u0000', 'control character'],
    ['user1\u007f', 'control character'],
    ['user1\u0085', 'control character'],
    ['us\u200ber1', 'invisible'],
    ['us\u202eer1', 'invisible'],
    ['user\ud800', 'no Unicode'],
    ['BANK\\user1@corp.example.test', "@ can't"],
    ['user1@x@corp.example.test', "@ can't"],
    ['BANK\\a\\b', "\\ can't"],
    ['BANK+user1', "+ can't"],
    ...[...'"/[]:;|=,+*?<>'].map((letter): [string, string] => [`us${letter}er1`, `${letter} can't`]),
    ['user1.', 'end with a dot'],
    ['..', 'end with a dot'],
    ['user1.@corp.example.test', 'end with a dot'],
    ['BANK\\ user1', 'begin or end with a space'],
    ['BANK\\^user1', 'begin or end with a space'],
    ['user1 @corp.example.test', 'begin or end with a space'],
    ['a'.repeat(105), 'longer than 104'],
    [`BANK\\${'a'.repeat(105)}`, 'longer than 104'],
    [`${'a'.repeat(1010)}@corp.example.test`, 'longer than 1024'],
  ]),
)('%j is refused: %s', async (text, reason, forms) => {
  const error = await identityErrorOf(() => parseAccountName(text, forms));
  expect(error.code).toBe('name-invalid');
  expect(error.message).toContain(reason);
  expect(error.message).toContain('Right would be');
  expect(error.message).not.toMatch(/[\p{Cc}\p{Cf}\ud800]/u);
  expect(error.message.length).toBeLessThan(300);
});

test.each(
  rows<object>([
    ['BANK\\risk analysts', { name: 'risk analysts', domain: { netbios: 'BANK' } }],
    ['BANK\\domain^users', { name: 'domain users', domain: { netbios: 'BANK' } }],
    ['bank\\Domain Users', { name: 'Domain Users', domain: { netbios: 'BANK' } }],
    ['risk analysts', { name: 'risk analysts' }],
    ['risk analysts@corp.example.test', { name: 'risk analysts', domain: { dns: 'corp.example.test' } }],
    ['on call @ night', { name: 'on call @ night' }],
    ['BANK\\a@b', { name: 'a@b', domain: { netbios: 'BANK' } }],
    ['BANK\\a\\b', { name: 'a\\b', domain: { netbios: 'BANK' } }],
    ['BANK\\quants (east) *', { name: 'quants (east) *', domain: { netbios: 'BANK' } }],
    ['BANK\\Аналитики рисков', { name: 'Аналитики рисков', domain: { netbios: 'BANK' } }],
    ['BANK\\a^b', { name: 'a^b', domain: { netbios: 'BANK' } }, { caret: 'itself' }],
    ['BANK+risk analysts', { name: 'risk analysts', domain: { netbios: 'BANK' } }, { separator: '+' }],
  ]),
)('%j is the group %j', (text, group, forms) => {
  expect(parseGroupName(text, forms)).toEqual(group);
});

test.each(['', 'BANK\\', 'BANK\\a\nb', 'BANK\\ a', 'BANK\\a^', '...', 'a'.repeat(257), 'BANK\\a\u0000'])(
  '%j is refused as a group',
  async (text) => {
    const error = await identityErrorOf(() => parseGroupName(text));
    expect([error.code, error.message.includes('Right would be')]).toEqual(['name-invalid', true]);
  },
);

test.each([
  ['user1', 'USER1', true],
  ['Петров', 'петров', true],
  ['user1', 'user2', false],
  ['user1', 'user1 ', false],
])('AD takes %j and %j for one account: %s', (a, b, same) => {
  expect(sameAccountName(a, b)).toBe(same);
});

test.each(['a/b', '', ' a', 'a.', 'a\n', 'a'.repeat(105), '\ud800'])(
  'the directory can hold no account named %j',
  async (name) => {
    expect((await identityErrorOf(() => checkAccountName(name))).code).toBe('name-invalid');
  },
);

test('a text of a megabyte is refused at once', async () => {
  const error = await identityErrorOf(() => parseAccountName('a'.repeat(1_000_000)));
  expect(error.message).toContain('longer than');
  expect(error.message.length).toBeLessThan(300);
});

test('whatever is typed, the outcome is a name without a domain in it, or a refusal', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), fc.constantFrom('\\', '+', '@', '^'), (text, sign) => {
      const typed = `${text.slice(0, 5)}${sign}${text.slice(5)}`;
      let name: string;
      try {
        name = parseAccountName(typed, { separator: '+' }).name;
      } catch (error) {
        expect((error as { code?: unknown }).code).toBe('name-invalid');
        return;
      }
      expect(() => checkAccountName(name)).not.toThrow();
      expect(parseAccountName(name)).toEqual({ name });
    }),
    { numRuns: 3000 },
  );
});
