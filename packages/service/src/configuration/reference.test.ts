import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import { parseConfiguration } from './load.ts';
import { schema } from './schema.ts';

interface Definition {
  type: string;
  shape?: Record<string, z.core.$ZodType>;
  element?: z.core.$ZodType;
  innerType?: z.core.$ZodType;
  in?: z.core.$ZodType;
  options?: readonly z.core.$ZodType[];
}

/** Every key that may hold a value, in the notation of the README. */
function keys(type: z.core.$ZodType, path: string): string[] {
  const definition = type._zod.def as unknown as Definition;
  const inner = definition.innerType ?? (definition.type === 'pipe' ? definition.in : undefined);
  if (inner !== undefined) return keys(inner, path);
  if (definition.element !== undefined)
    return keys(definition.element, `${path}[]`).map((key) => key.replace('[][]', '[]'));
  if (definition.shape !== undefined)
    return Object.entries(definition.shape).flatMap(([name, next]) =>
      keys(next, path === '' ? name : `${path}.${name}`),
    );
  const objects = (definition.options ?? []).filter((option) => (option._zod.def as unknown as Definition).shape);
  if (objects.length > 0) return objects.flatMap((option) => keys(option, path));
  return [path];
}

test('the README names every key of the configuration, and no other', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const section = readme.slice(readme.indexOf('## Configuration'), readme.indexOf('## Limits'));
  const written = [...section.matchAll(/^\| `([^`]+)` \|/gm)].map(([, key]) => key);
  // A whole section that may be switched off, and a choice that may be one word.
  const expected = [...keys(schema, ''), 'listen.http', 'accounts.source'];
  expect(written.toSorted()).toEqual(expected.toSorted());
});

test('the configurations that the README at the top shows are right', () => {
  const readme = readFileSync(new URL('../../../../README.md', import.meta.url), 'utf8');
  const shown = [...readme.matchAll(/```yaml\n(.*?)```/gs)].map(([, yaml]) => yaml ?? '');
  expect(shown.length).toBeGreaterThan(1);
  for (const yaml of shown) parseConfiguration(yaml, 'README.md', { state: '/var/lib/berth', runtime: '/run/berth' });
});
