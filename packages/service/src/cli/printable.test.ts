import { expect, test } from '@jest/globals';
import { printable, printableJson, printableLine } from './printable.ts';

test.each([
  ['plain text and other scripts stay', 'bank\\ана 分析', 'bank\\ана 分析'],
  ['combining marks stay', 'e\u0301', 'e\u0301'],
  ['colours go', '\u001b[31mred\u001b[0m', 'red'],
  ['a title change goes', '\u001b]0;owned\u0007x', 'x'],
  ['a lone escape goes', 'a\u001bb', 'ab'],
  ['8-bit control sequences go', '\u009b31mx', 'x'],
  ['bells and backspaces go', 'a\u0007\u0008b\u007f', 'ab'],
  ['line breaks and tabs become a space', 'a\r\n\tb', 'a b'],
  ['right-to-left override is shown', 'a\u202eb', 'a\\u{202e}b'],
  ['isolates are shown', '\u2066a\u2069', '\\u{2066}a\\u{2069}'],
  ['zero-width characters are shown', 'us\u200ber\ufeff', 'us\\u{200b}er\\u{feff}'],
  ['a soft hyphen is shown', 'us\u00ader', 'us\\u{ad}er'],
  ['tag characters are shown', 'a\u{e0041}', 'a\\u{e0041}'],
  ['letters drawn as nothing are shown', '\u3164', '\\u{3164}'],
  ['line separators are shown', 'a\u2028b', 'a\\u{2028}b'],
  ['half a surrogate pair is shown', 'a\ud800', 'a\\u{d800}'],
])('%s', (_case, text, expected) => {
  expect(printable(text)).toBe(expected);
});

test('a log line keeps its tabs', () => {
  expect(printableLine('a\tb\r\u001b[1mc')).toBe('a\tbc');
});

test('JSON holds the same value without a character that a terminal obeys', () => {
  const value = { name: 'a\u001b[31m\u009b\u202e\u{e0041}\u007f', plain: 'ана' };
  const text = printableJson(value);
  expect(JSON.parse(text)).toEqual(value);
  expect(text).toBe('{"name":"a\\u001b[31m\\u009b\\u202e\\udb40\\udc41\\u007f","plain":"ана"}');
});
