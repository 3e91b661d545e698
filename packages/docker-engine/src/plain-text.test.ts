import { expect, test } from '@jest/globals';
import { plainText } from './plain-text.ts';

test.each([
  ['plain text stays as it is, ünïcode too ✓', 'plain text stays as it is, ünïcode too ✓'],
  ['\x1b[1;31mred\x1b[0m and \x1b[2Kcleared', 'red and cleared'],
  ['\x1b]0;a title\x07after', 'after'],
  ['\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\', 'link'],
  ['\x9b31mred', 'red'],
  ['\x1b(Bcharset \x1bcreset', 'charset reset'],
  ['tab\tand\r\nline\nbreaks', 'tab and line breaks'],
  ['bell\x07 null\x00 del\x7f c1\x85', 'bell null del c1'],
  ['right\u202eleft\u2066\u2028', 'rightleft'],
  ['an escape that was cut \x1b[3', 'an escape that was cut 3'],
])('%j is shown as %j', (text, shown) => {
  expect(plainText(text, 100)).toBe(shown);
});

test('what is too long is cut, and never inside a character', () => {
  expect(plainText('x'.repeat(20), 10)).toBe(`${'x'.repeat(9)}…`);
  expect(plainText('😀'.repeat(20), 10)).toHaveLength(10);
  expect(plainText('😀'.repeat(20), 10).isWellFormed()).toBe(true);
  expect(plainText('x'.repeat(10), 10)).toBe('x'.repeat(10));
});
