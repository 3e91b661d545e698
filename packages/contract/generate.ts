/**
 * Writes src/generated from openapi/berth.yaml: the types, the document as a value, and the catalogue of problems.
 * `--check` writes nothing and fails where a file is not current.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import openapiTS, { astToString } from 'openapi-typescript';
import { parse } from 'yaml';

const source = new URL('../../openapi/berth.yaml', import.meta.url);
const target = new URL('src/generated/', import.meta.url);
const header = '// Generated from openapi/berth.yaml by generate.ts. Do not edit.\n';

const document = parse(readFileSync(source, 'utf8'));
const { 'x-problems': problems, ...served } = document;
const codes: string[] = document.components.schemas.ProblemCode.enum;
const unlisted = [...codes.filter((c) => !(c in problems)), ...Object.keys(problems).filter((c) => !codes.includes(c))];
if (unlisted.length > 0) throw new Error(`ProblemCode and x-problems differ: ${unlisted.join(', ')}`);

const rows = Object.entries<{ status: number; title: string; mend: string }>(problems);
served.info.description += [
  '\n## Problems\n',
  '| code | status | what it means | what mends it |',
  '| --- | --- | --- | --- |',
  ...rows.map(([code, p]) => `| \`${code}\` | ${p.status} | ${p.title} | ${p.mend} |`),
  '',
].join('\n');

const files: Record<string, string> = {
  'openapi.ts': header + astToString(await openapiTS(source, { rootTypes: false })),
  'document.ts': `${header}export const document = ${JSON.stringify(served, null, 2)};\n`,
  'problems.ts': `${header}export const problems = ${JSON.stringify(problems, null, 2)} as const;\n`,
};

const check = process.argv.includes('--check');
mkdirSync(target, { recursive: true });
for (const [name, text] of Object.entries(files)) {
  const file = new URL(name, target);
  if (!check) writeFileSync(file, text);
  else if (readFileSync(file, 'utf8') !== text)
    throw new Error(`${file.pathname} is not current: run npm run contract:generate`);
}
