/** nublado.md is a promise: fifteen failures, each with tests that exist. */
import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('../../', import.meta.url);
const table = readFileSync(new URL('nublado.md', import.meta.url), 'utf8');

interface Failure {
  readonly number: number;
  readonly cited: readonly { readonly file: string; readonly name: string }[];
}

const failures: Failure[] = [...table.matchAll(/^\| (\d+) \|[^|]*\|(.*)\|$/gm)].map(([, number, shown = '']) => ({
  number: Number(number),
  cited: [...shown.matchAll(/`([^`]+\.test\.ts)`((?:[:;] "[^"]+")+)/g)].flatMap(([, file = '', names = '']) =>
    [...names.matchAll(/"([^"]+)"/g)].map(([, name = '']) => ({ file, name })),
  ),
}));

test('all fifteen are there, in order', () => {
  expect(failures.map(({ number }) => number)).toEqual(Array.from({ length: 15 }, (_, i) => i + 1));
});

describe.each(failures)('failure $number', ({ cited }) => {
  test('cites tests, and each of them exists', () => {
    expect(cited.length).toBeGreaterThan(0);
    for (const { file, name } of cited) expect(titles(file)).toContainEqual(expect.stringContaining(name));
  });
});

/** What stands in quotes behind `test(` or `describe(`, with or without a table, in a test file. */
function titles(file: string): string[] {
  const source = readFileSync(fileURLToPath(new URL(file, root)), 'utf8');
  const quoted =
    /^\s*(?:(?:test|describe)(?:\.each.*?)?\(|\]\s*(?:as const)?\)\(|\)\(|)\s*(['"`])((?:\\.|(?!\1).)+)\1,\s*(?:async )?\(/gm;
  return [...source.matchAll(quoted)].map(([, , title = '']) => title.replaceAll(/\\(.)/g, '$1'));
}
