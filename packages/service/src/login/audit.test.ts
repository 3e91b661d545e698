import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAudit, type Audit } from './audit.ts';

let folder: string;
let logged: string[];
const at = new Date('2026-11-23T12:00:00.000Z');
const event = { event: 'login', outcome: 'ok', by: 'hub default', user: 'user1' } as const;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'audit-'));
  logged = [];
});
afterEach(() => rm(folder, { recursive: true }));

function open(file: string): Audit {
  const log = { error: (fields: object, message: string) => void logged.push(JSON.stringify({ message, ...fields })) };
  return createAudit({ file: join(folder, file), key: Buffer.alloc(32, 1), now: () => at, log });
}

const lines = async (file: string) => (await readFile(join(folder, file), 'utf8')).trimEnd().split('\n');

test('each event is one line of JSON with its time, in the order of writing, in a file for root alone', async () => {
  const audit = open('audit.jsonl');
  await Promise.all(Array.from({ length: 50 }, (_, index) => audit.write({ ...event, user: `user${index}\n"x"` })));
  const written = (await lines('audit.jsonl')).map((line) => JSON.parse(line));
  expect(written).toHaveLength(50);
  expect(written[7]).toEqual({ at: at.toISOString(), ...event, user: 'user7\n"x"' });
  expect((await stat(join(folder, 'audit.jsonl'))).mode & 0o777).toBe(0o600);
});

test('it goes on in a new file where the old one was rotated away, and appends to what is there', async () => {
  const audit = open('audit.jsonl');
  await audit.write(event);
  await rename(join(folder, 'audit.jsonl'), join(folder, 'audit.jsonl.1'));
  await audit.write(event);
  await open('audit.jsonl').write(event);
  expect([(await lines('audit.jsonl.1')).length, (await lines('audit.jsonl')).length]).toEqual([1, 2]);
});

test('a line that cannot be written stands in the log, shows as a fault, and ends nothing', async () => {
  const audit = open('missing/audit.jsonl');
  await audit.write(event);
  expect(audit.faults()).toEqual([expect.stringMatching(/audit.jsonl can't be written: ENOENT/)]);
  expect(logged[0]).toContain('user1');
});

test('an unknown name has a stand-in: the same each time, and nothing of the name', () => {
  const audit = open('audit.jsonl');
  expect(audit.unknown('my-password')).toBe(audit.unknown('my-password'));
  expect(audit.unknown('my-password')).not.toBe(audit.unknown('my-password2'));
  expect(audit.unknown('my-password')).toMatch(/^[0-9a-f]{16}$/);
});
