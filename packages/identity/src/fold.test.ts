import { expect, test } from '@jest/globals';
import { foldName } from './fold.ts';

test.each([
  ['USER1', 'user1', true],
  ['Петров', 'ПЕТРОВ', true],
  ['ΣΟΦΟΣ', 'σοφος', true],
  ['JOSÉ', 'jose\u0301', true],
  ['straße', 'STRASSE', false],
  ['straße', 'STRAẞE', true],
  ['I', '\u0131', false],
  ['i', '\u0130', false],
  ['user1', 'user2', false],
])('%s and %s fold to one text: %s', (a, b, same) => {
  expect(foldName(a) === foldName(b)).toBe(same);
});

test("a letter folds to one that Unicode's simple case folding takes for the same, and folding again changes nothing", () => {
  const differing: string[] = [];
  for (let code = 0x21; code < 0xfb00; code++) {
    if (code >= 0xd800 && code < 0xe000) continue;
    const letter = String.fromCharCode(code).normalize('NFC');
    if ([...letter].length !== 1) continue;
    const folded = foldName(letter);
    const hex = letter.codePointAt(0)?.toString(16) ?? '';
    if (!new RegExp(`^\\u{${hex}}$`, 'iu').test(folded) || foldName(folded) !== folded) differing.push(hex);
  }
  expect(differing).toEqual([]);
});
