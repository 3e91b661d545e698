/** From zod's issues to sentences that name the key, what is wrong and what would be right. */
import type { z } from 'zod';
import { nearest } from './suggestion.ts';

export type KeyPath = readonly (string | number)[];

export interface PlacedFault {
  readonly path: KeyPath;
  readonly message: string;
}

type Issue = z.core.$ZodIssue;
interface Definition {
  type: string;
  shape?: Record<string, z.core.$ZodType>;
  element?: z.core.$ZodType;
  valueType?: z.core.$ZodType;
  innerType?: z.core.$ZodType;
  in?: z.core.$ZodType;
  options?: readonly z.core.$ZodType[];
}

export function placeIssues(issues: readonly Issue[], schema: z.core.$ZodType): PlacedFault[] {
  return issues.flatMap((issue) => placeIssue(issue, [], schema));
}

function placeIssue(issue: Issue, above: KeyPath, schema: z.core.$ZodType): PlacedFault[] {
  const path = [...above, ...issue.path.map((part) => (typeof part === 'number' ? part : String(part)))];
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, path);
    return issue.keys.map((key) => ({ path: [...path, key], message: unknownKey(key, known) }));
  }
  if (issue.code === 'invalid_union') {
    const branch = mostTelling(issue.errors);
    if (branch !== undefined) return branch.flatMap((inner) => placeIssue(inner, path, schema));
  }
  return [{ path, message: describe(issue) }];
}

/** Of a union's branches the one that fits in kind, if not in detail: whose issues lie deeper, or aren't of type. */
function mostTelling(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const ofKind = (issues: readonly Issue[]) =>
    issues.every((issue) => issue.path.length > 0 || !['invalid_type', 'invalid_value'].includes(issue.code));
  return branches.find(ofKind) ?? branches.find((issues) => issues.some((issue) => issue.code === 'invalid_type'));
}

function unknownKey(key: string, known: readonly string[]): string {
  const meant = nearest(key, known);
  if (meant !== undefined) return `unknown key; did you mean ${meant}?`;
  return known.length === 0 ? 'unknown key' : `unknown key; known here: ${known.join(', ')}`;
}

function describe(issue: Issue): string {
  if (issue.code === 'invalid_type' && issue.input === undefined) return `is missing; ${wanted(issue)}`;
  return `${wanted(issue)}, not ${shown(issue.input)}`;
}

function wanted(issue: Issue): string {
  const kind = issue.code === 'invalid_type' ? kinds[issue.expected] : undefined;
  return issue.message.startsWith('Invalid input') && kind !== undefined
    ? `must be ${kind}`
    : `must be ${issue.message}`;
}

const kinds: Readonly<Record<string, string>> = {
  object: 'a mapping of keys to values',
  record: 'a mapping of names to values',
  array: 'a list',
  string: 'text',
  number: 'a number',
  boolean: 'true or false',
};

function shown(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** The keys that an object at this place may have. */
function keysAt(schema: z.core.$ZodType, path: KeyPath): string[] {
  const definition = schema._zod.def as unknown as Definition;
  const inner = definition.innerType ?? definition.in;
  if (inner !== undefined) return keysAt(inner, path);
  if (definition.options !== undefined) return definition.options.flatMap((option) => keysAt(option, path));
  const [first, ...rest] = path;
  if (first === undefined) return Object.keys(definition.shape ?? {});
  const next = definition.shape?.[String(first)] ?? definition.element ?? definition.valueType;
  return next === undefined ? [] : keysAt(next, rest);
}
