import { afterEach, expect, test } from '@jest/globals';
import { UserError } from '../../login/users.ts';
import { openTestService, type TestService } from '../../testing/test-service.ts';
import { berth } from '../testing/berth.ts';

let service: TestService | undefined;

afterEach(() => service?.close());

const names = [
  'bank\\user1',
  'анна',
  'user1@corp.example.test',
  'anna maria',
  'a/b?c#d%5C&$e+f;g',
  '%2e%2e',
  '...',
  "o'neil",
];

/** The command line against the service's whole HTTP layer, as an admin. */
async function ask(command: string, name: string, ...options: string[]) {
  service ??= await openTestService();
  const words = [command, '--url', service.url, ...options, '--', name];
  return berth(words, { environment: { BERTH_TOKEN: 'token-of-admin' } });
}

test.each([
  ['whoami', 'get'],
  ['explain', 'explain'],
  ['kdestroy', 'destroyTicket'],
  ['forget', 'forget'],
])('%s: the service hears each name as it was typed', async (command, call) => {
  service = await openTestService();
  for (const name of names) {
    const { err } = await ask(command, name, '--json');
    expect(err).toBe('');
  }
  expect(service.users.calls).toEqual(names.map((name) => expect.objectContaining({ call, name })));
});

test.each([
  ['user-not-found', 'No user "x" is known here.', /^berth: No user "x" is known here\.\n {2}Use the hub's name/],
  ['user-has-servers', 'x has 2 servers; stop them first.', /^berth: x has 2 servers; stop them first\.\n/],
] as const)("forget: the service's own %s ends with 1", async (code, message, said) => {
  service = await openTestService();
  service.users.failure = new UserError(code, message);
  const { exitCode, out, err } = await ask('forget', 'x');
  expect([exitCode, out]).toEqual([1, '']);
  expect(err).toMatch(said);
});

test('a viewer may ask, and may destroy and forget nothing: 77', async () => {
  service = await openTestService();
  const as = { environment: { BERTH_TOKEN: 'token-of-viewer' } };
  for (const [command, expected] of [
    ['whoami', 0],
    ['explain', 0],
    ['kdestroy', 77],
    ['forget', 77],
  ] as const) {
    expect((await berth([command, 'user1', '--url', service.url], as)).exitCode).toBe(expected);
  }
  expect(service.users.calls).toHaveLength(2);
});
