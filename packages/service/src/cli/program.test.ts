import { afterEach, expect, test } from '@jest/globals';
import { readFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exit, meanings } from './exit-codes.ts';
import { settings } from './settings.ts';
import { berth } from './testing/berth.ts';
import { fakeService } from './testing/fake-service.ts';

const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

const commands = [
  ...['serve', 'ps', 'logs', 'stop', 'history', 'whoami', 'explain', 'kdestroy', 'forget'],
  ...['drain', 'doctor', 'backup', 'token'],
];

test('--help names every command and every exit code', async () => {
  const { exitCode, out } = await berth(['--help']);
  expect(exitCode).toBe(0);
  for (const command of commands) expect(out).toMatch(new RegExp(`^  ${command}\\b`, 'm'));
  for (const name of Object.keys(exit) as (keyof typeof exit)[])
    expect(out).toContain(`${exit[name]}  ${meanings[name]}`);
});

test.each(commands)('%s --help says what it is for and what --json gives', async (command) => {
  const { exitCode, out } = await berth([command, '--help']);
  expect(exitCode).toBe(0);
  expect(out).toMatch(new RegExp(`^Usage: berth ${command} `));
  expect(out).toContain('--json');
});

test('CLI.md has the same exit codes, commands and options', async () => {
  const text = await readFile(new URL('../../CLI.md', import.meta.url), 'utf8');
  for (const name of Object.keys(exit) as (keyof typeof exit)[]) {
    expect(text).toContain(`| ${exit[name]} | ${meanings[name]} |`);
  }
  for (const command of commands) {
    expect(text).toContain(`\`berth ${command}`);
    const options = (await berth([command, '--help'])).out.match(/(?<=^ .*)--[a-z-]+/gm) ?? [];
    for (const option of options.filter((each) => each !== '--help')) expect(text).toContain(option);
  }
});

test.each([
  ['no command', []],
  ['an unknown command', ['start']],
  ['an unknown option', ['ps', '--nope']],
  ['a missing server', ['logs']],
  ['too many words', ['stop', 'a', 'b']],
  ['a tail of nothing', ['logs', 'user1', '--tail', '0']],
  ['a tail that is no number', ['logs', 'user1', '--tail', '1e2']],
  ['a missing user', ['whoami']],
  ['a user without a name', ['whoami', '']],
  ['a user who would be another path', ['forget', '..']],
  ['an unknown drain', ['drain', 'maybe']],
  ['a message without a drain', ['drain', 'off', '--message', 'x']],
  ['logs of two things at once', ['history', '--logs', 'a', '--user', 'b']],
  ['a URL that is none', ['ps', '--url', 'localhost']],
  ['an authority that is not there', ['ps', '--ca', '/nowhere/ca.pem']],
])('%s is a wrong command line: 2', async (_case, words) => {
  const { exitCode, out, err } = await berth(words);
  expect(exitCode).toBe(2);
  expect(err).not.toBe('');
  expect(out).toBe('');
});

test('a service that does not run: 69, with the URL and what to check', async () => {
  const { url, close } = await fakeService({});
  await close();
  expect(await berth(['ps', '--url', url])).toEqual({
    exitCode: 69,
    out: '',
    err: `berth: Nothing listens at ${url}: check that \`berth serve\` runs there and that the URL is right.\n`,
  });
});

test('a token file that is missing: 77, with its name and how to name another', async () => {
  const { exitCode, err } = await berth(['ps', '--state', '/nowhere'], { environment: {} });
  expect(err).toMatch(
    /^berth: The token file \/nowhere\/admin\.token does not exist\. .* --token-file or BERTH_TOKEN_FILE\.\n$/,
  );
  expect(exitCode).toBe(77);
});

test('no message shows the token', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'berth-token-'));
  cleanups.push(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'two.token'), 'first-secret second-secret\n');
  const { exitCode, err } = await berth(['ps', '--token-file', join(folder, 'two.token')]);
  expect(exitCode).toBe(77);
  expect(err).not.toContain('secret');
  expect((await berth(['ps'], { environment: { BERTH_TOKEN: 'a secret' } })).err).not.toContain('a secret');
});

test('a token file may hold comments, hashes and more than one token: the first is sent', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'berth-token-'));
  cleanups.push(() => rm(folder, { recursive: true }));
  const file = join(folder, 'admin.token');
  await writeFile(file, `# until Friday\r\nsha256:${'0'.repeat(64)}\n\nfirst\r\nsecond\n`);
  const { url, requests, close } = await fakeService({ 'GET /v1/drain': { enabled: false } });
  cleanups.push(close);
  expect((await berth(['drain', 'status', '--url', url, '--token-file', file])).exitCode).toBe(0);
  expect(requests[0]?.token).toBe('first');
});

test.each([
  ['nothing said', {}, {}, { url: 'http://127.0.0.1:8550', token: { file: '/var/lib/berth/admin.token' } }],
  ['another state folder', { state: '/s' }, { BERTH_STATE: '/e' }, { token: { file: '/s/admin.token' }, state: '/s' }],
  ['its variable', {}, { BERTH_STATE: '/e' }, { token: { file: '/e/admin.token' }, state: '/e' }],
  ['a token file in a variable', {}, { BERTH_TOKEN_FILE: '/t' }, { token: { file: '/t' } }],
  ['a token in a variable', {}, { BERTH_TOKEN: 'x' }, { token: { value: 'x' } }],
  ['a token file before a token', {}, { BERTH_TOKEN_FILE: '/t', BERTH_TOKEN: 'x' }, { token: { file: '/t' } }],
  ['an option before variables', { tokenFile: '/o' }, { BERTH_TOKEN: 'x' }, { token: { file: '/o' } }],
  ['a URL in a variable', {}, { BERTH_URL: 'http://e' }, { url: 'http://e' }],
  ['a URL option before it', { url: 'http://o' }, { BERTH_URL: 'http://e' }, { url: 'http://o' }],
  [
    'an empty variable',
    {},
    { BERTH_URL: '', BERTH_STATE: '' },
    { url: 'http://127.0.0.1:8550', state: '/var/lib/berth' },
  ],
])('options come before the environment, and that before the defaults: %s', (_case, options, environment, expected) => {
  expect(settings({ runtime: '/run/berth', ...options }, environment)).toMatchObject(expected);
});
