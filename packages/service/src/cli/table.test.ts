import { expect, test } from '@jest/globals';
import { table } from './table.ts';

const plain = { out: () => undefined, err: () => undefined, interactive: false, colour: false };

test('columns are as wide as their widest cell, without lines or trailing spaces', () => {
  expect(
    table(
      ['USER', 'NOTE'],
      [
        ['user1', ''],
        ['b', 'late'],
      ],
      plain,
    ),
  ).toBe('USER   NOTE\nuser1\nb      late\n');
});

test('wide letters count twice', () => {
  expect(
    table(
      ['USER', 'NOTE'],
      [
        ['分析', 'x'],
        ['ab', 'y'],
      ],
      plain,
    ),
  ).toBe('USER  NOTE\n分析  x\nab    y\n');
});

test('text from outside can break neither the row nor the terminal', () => {
  expect(table(['USER', 'NOTE'], [['a\n\u001b[2Jb', '\u202egpj']], plain)).toBe('USER  NOTE\na b   \\u{202e}gpj\n');
});

test('the last column is wrapped to fit a terminal', () => {
  const rows = [['user1', 'The image does not exist on this host.']];
  expect(table(['USER', 'NOTE'], rows, { ...plain, columns: 33 })).toBe(
    'USER   NOTE\nuser1  The image does not exist\n       on this host.\n',
  );
});

test('a word longer than its column is broken, not lost', () => {
  const word = 'registry/'.repeat(6);
  const text = table(['U', 'NOTE'], [['u', word]], { ...plain, columns: 20 });
  expect(text.replace(/^U.*\n|\s|^u/gm, '')).toBe(word);
});

test('a wide terminal changes nothing', () => {
  const rows = [['user1', 'fine']];
  expect(table(['USER', 'NOTE'], rows, { ...plain, columns: 200 })).toBe(table(['USER', 'NOTE'], rows, plain));
});

test('colours are there only where the terminal has them', () => {
  const rows = [[{ text: 'failed', colour: 'red' as const }]];
  expect(table([], rows, plain)).toBe('failed\n');
  expect(table([], rows, { ...plain, colour: true })).toBe('\u001b[31mfailed\u001b[39m\n');
});
