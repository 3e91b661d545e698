import { afterEach, expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { berth } from '../testing/berth.ts';
import { fakeService, FakeProblem, type Routes } from '../testing/fake-service.ts';
import { ticket, user } from '../testing/fake-user.ts';

const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function serving(routes: Routes) {
  const service = await fakeService(routes);
  cleanups.push(() => service.close());
  return service;
}

const path = '/v1/users/bank%5Cuser1';
const guide = () => readFile(new URL('../../../CLI.md', import.meta.url), 'utf8');
const example = (command: string, out: string) => `$ berth ${command} 'bank\\user1'\n${out}`;

test('kdestroy says what is so now', async () => {
  const { url, requests } = await serving({ [`DELETE ${path}/ticket`]: user({ ticket: null }) });
  const { exitCode, out } = await berth(['kdestroy', 'bank\\user1', '--url', url]);
  expect(out).toBe('bank\\user1 has no ticket now, not in running containers either. A new login brings another.\n');
  expect(exitCode).toBe(0);
  expect(requests).toHaveLength(1);
  expect(await guide()).toContain(example('kdestroy', out));
});

test.each([[[]], [['--json']]])(
  'kdestroy: where another ticket has come at once, that is no success (%j)',
  async (json) => {
    const { url } = await serving({ [`DELETE ${path}/ticket`]: user({ ticket: ticket({ source: 'host' }) }) });
    const { exitCode, out, err } = await berth(['kdestroy', 'bank\\user1', ...json, '--url', url]);
    expect([exitCode, err]).toEqual([1, '']);
    if (json.length > 0) return expect(JSON.parse(out)).toHaveProperty('ticket.source', 'host');
    return expect(out).toBe(
      [
        'The ticket of bank\\user1 was destroyed, but another is there already:',
        "user1@CORP.EXAMPLE.TEST, ends 2026-03-01 19:00 UTC, in 7 h, copied from the host's cache",
        '',
      ].join('\n'),
    );
  },
);

test('forget says what was forgotten and what stays', async () => {
  const { url, requests } = await serving({ [`DELETE ${path}`]: user() });
  const { exitCode, out, err } = await berth(['forget', 'bank\\user1', '--url', url]);
  expect(out).toBe(
    [
      'bank\\user1 is forgotten: the next login binds the name anew.',
      'forgotten  User One, user1@CORP.EXAMPLE.TEST, S-1-5-21-1-2-3-1104',
      '           account BANK\\user1, uid 10001, gid 10000',
      'destroyed  a ticket until 2026-03-01 19:00 UTC, in 7 h',
      'stays      home /home/BANK/user1, volumes, history',
      'Whoever logs in by this name next can use what stays: look at it first.',
      '',
    ].join('\n'),
  );
  expect([exitCode, err]).toEqual([0, '']);
  expect(requests).toHaveLength(1);
  expect(await guide()).toContain(example('forget', out));
});

test('forget: of a user without account and ticket, volumes and history stay', async () => {
  const { url } = await serving({ 'DELETE /v1/users/user1': user({ account: null, ticket: null }) });
  expect((await berth(['forget', 'user1', '--url', url])).out).toBe(
    [
      'bank\\user1 is forgotten: the next login binds the name anew.',
      'forgotten  User One, user1@CORP.EXAMPLE.TEST, S-1-5-21-1-2-3-1104',
      'stays      home, volumes, history',
      'Whoever logs in by this name next can use what stays: look at it first.',
      '',
    ].join('\n'),
  );
});

test.each([
  ['user-has-servers', 'user1 has 2 servers; stop them first.', 1, 'Stop them first.'],
  ['role-insufficient', 'This is for an admin.', 77, 'Use a token of the role that `detail` names.'],
] as const)("forget: refused by %s, in the service's words", async (code, detail, exitCode, mend) => {
  const { url } = await serving({ 'DELETE /v1/users/user1': new FakeProblem(code, detail) });
  expect(await berth(['forget', 'user1', '--url', url])).toEqual({
    exitCode,
    out: '',
    err: `berth: ${detail}\n  ${mend}\n`,
  });
});
