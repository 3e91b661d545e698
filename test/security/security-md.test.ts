/** SECURITY.md says nothing that no test stands behind. */
import { expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const repository = new URL('../../', import.meta.url);
const read = (path: string) => readFile(fileURLToPath(new URL(path, repository)), 'utf8');

const [body = '', appendix = ''] = (await read('SECURITY.md')).split('\n## Tests\n');
const rows = [...appendix.matchAll(/^\| ([a-z0-9-]+) +\| (\S+\.ts) +\| (.+?) +\|$/gm)].map(([, id, file, name]) => ({
  id: id ?? '',
  file: file ?? '',
  name: name ?? '',
}));
/** `[id]`, and no link. */
const cited = new Set([...body.matchAll(/\[([a-z0-9]+(?:-[a-z0-9]+)*)\](?!\()/g)].map(([, id]) => id ?? ''));

test('each test that SECURITY.md cites is in its list, and each of the list is cited', () => {
  expect(rows.length).toBeGreaterThan(40);
  expect(rows.map(({ id }) => id).toSorted()).toEqual([...cited].toSorted());
});

test.each(rows)('the test behind [$id] exists: $name', async ({ file, name }) => {
  const source = await read(file);
  const spellings = [`'${name}'`, `"${name}"`, `'${name.replaceAll("'", String.raw`\'`)}'`];
  expect(spellings.some((spelling) => source.includes(spelling))).toBe(true);
});
