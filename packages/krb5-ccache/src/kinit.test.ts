import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TicketError } from './errors.ts';
import { Kinit, ownKrb5Conf } from './kinit.ts';
import { FakeKinit } from './testing/fake-kinit.ts';
import { ticketBytes } from './testing/ticket-bytes.ts';

const user1 = 'user1@CORP.EXAMPLE.TEST';
const bytes = ticketBytes(user1, { startsAt: new Date(), seconds: 600, renewSeconds: 0 });
const never = new AbortController().signal;
let fake: FakeKinit;
let staging: string;

beforeEach(async () => {
  fake = await FakeKinit.make();
  staging = join(fake.folder, 'staging');
  await mkdir(staging);
});

afterEach(() => fake.remove());

function kinit({ kinitSeconds = 5, kinitAtOnce = 8, program = fake.path } = {}): Kinit {
  const settings = {
    runtime: fake.folder,
    krb5Conf: '/etc/site-krb5.conf',
    sources: ['password'] as const,
    minimumLifeSeconds: 0,
    renewLifetimeSeconds: 3600,
    ...{ kinit: program, kinitSeconds, kinitAtOnce },
  };
  return new Kinit(settings, { staging, krb5Conf: '/run/own-krb5.conf', uid: process.getuid?.() ?? 0 });
}

async function refusal(work: Promise<unknown>): Promise<TicketError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(TicketError);
  return error as TicketError;
}

test('a password goes to standard input, and into no argument and no environment', async () => {
  await fake.gives(bytes);
  expect(await kinit().byPassword(user1, 'Träger ;$x', never)).toEqual(Buffer.from(bytes));
  expect(await fake.read('input')).toBe('Träger ;$x\n');
  const [call] = await fake.calls();
  expect(call).toMatch(/^-f -r 3600s -c FILE:\S+\/staging\/[0-9a-f]{24}\/krb5cc -- user1@CORP\.EXAMPLE\.TEST$/);
  const names = (await fake.read('environment')).split('\n').map((line) => line.split('=')[0]);
  // The shell adds OLDPWD, PWD, SHLVL and _.
  const own = names.filter((name) => name && !['OLDPWD', 'PWD', 'SHLVL', '_'].includes(name));
  expect(own.toSorted()).toEqual(['HOME', 'KRB5CCNAME', 'KRB5_CONFIG', 'LC_ALL', 'PATH']);
  expect(await fake.read('environment')).toContain('KRB5_CONFIG=/run/own-krb5.conf:/etc/site-krb5.conf\n');
});

test('a renewal begins with the cache as it was', async () => {
  await fake.answers('cp "$cache" "$here/input"');
  await kinit().renew(user1, bytes, never);
  expect(Buffer.from(await fake.read('input'))).toEqual(Buffer.from(Buffer.from(bytes).toString()));
  expect((await fake.calls())[0]).toMatch(/^-R -c FILE:\S+$/);
});

test.each([
  ['empty', ''],
  ['with a second line, which would answer the question for a new password', 'old\nnew'],
  ['with a carriage return', 'old\r'],
  ['with a NUL', 'old\0'],
  ['longer than kinit reads', 'x'.repeat(1024)],
])('a password %s is refused before kinit is run', async (_, password) => {
  await fake.gives(bytes);
  const attempt = (async () => kinit().byPassword(user1, password, never))();
  expect((await refusal(attempt)).code).toBe('ticket-refused');
  expect(await fake.calls()).toEqual([]);
});

test.each(['user1', '@CORP.EXAMPLE.TEST', 'a@b@C', 'a\\@b@C', 'a@', 'a\n@C', 'a@C/D', 'a\u202e@C'])(
  'the name %j is refused before kinit is run',
  async (name) => {
    await fake.gives(bytes);
    expect((await refusal(kinit().byPassword(name, 'pw', never))).code).toBe('ticket-refused');
    expect(await fake.calls()).toEqual([]);
  },
);

test('a name that looks like an option is no option', async () => {
  await fake.gives(bytes);
  await kinit().byPassword('-R@CORP.EXAMPLE.TEST', 'pw', never);
  expect((await fake.calls())[0]).toMatch(/ -- -R@CORP\.EXAMPLE\.TEST$/);
});

test('a kinit that asks for a new password gets no answer and is no hang', async () => {
  await fake.answers('read old; echo "Password expired.  You must change it now."; read new || exit 1; sleep 60');
  const error = await refusal(kinit().byPassword(user1, 'pw', never));
  expect([error.code, error.message]).toEqual(['ticket-refused', expect.stringContaining('must be changed')]);
});

test.each([
  ['gives a ticket', 'cat > /dev/null; cp "$here/kinit" "$cache"'],
  ['fails and leaves a cache without a ticket', 'cat > /dev/null; printf 34 > "$cache"; exit 1'],
  ['hangs and leaves half a cache', 'printf 34 > "$cache"; sleep 61'],
])('nothing stays in the temporary folder of a kinit that %s', async (_, answer) => {
  await fake.answers(answer);
  const end = await kinit({ kinitSeconds: 1 }).byPassword(user1, 'pw', never).then(Boolean, Boolean);
  expect([end, await readdir(staging), await fake.calls()]).toEqual([true, [], [expect.anything()]]);
});

test('a kinit that hangs is killed at the limit, and its children with it', async () => {
  await fake.answers('echo $$ >> "$here/pids"; sleep 61 & echo $! >> "$here/pids"; wait');
  const begun = Date.now();
  const error = await refusal(kinit({ kinitSeconds: 1 }).byPassword(user1, 'pw', never));
  expect([error.code, error.message]).toEqual(['kdc-unreachable', expect.stringContaining('within 1 s')]);
  expect(Date.now() - begun).toBeLessThan(3000);
  await sleep(100);
  const pids = (await fake.read('pids')).trim().split('\n').map(Number);
  expect(pids).toHaveLength(2);
  for (const pid of pids) expect(await isRunning(pid)).toBe(false);
});

async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return stat !== undefined && !/\) Z /.test(stat);
}

test("a caller's abort ends kinit with the caller's reason", async () => {
  await fake.answers('sleep 61');
  const reason = new Error('browser gone');
  const abort = new AbortController();
  const asked = kinit().byPassword(user1, 'pw', abort.signal);
  setTimeout(() => abort.abort(reason), 200);
  await expect(asked).rejects.toBe(reason);
});

test('no more than so many run at once, and who waits behind a silent KDC ends at the limit too', async () => {
  await fake.answers('echo $$ >> "$here/pids"; sleep 61');
  const one = kinit({ kinitSeconds: 1, kinitAtOnce: 3 });
  const begun = Date.now();
  const errors = await Promise.all(Array.from({ length: 20 }, () => refusal(one.byPassword(user1, 'pw', never))));
  expect(Date.now() - begun).toBeLessThan(3000);
  expect(new Set(errors.map(({ code }) => code))).toEqual(new Set(['kdc-unreachable']));
  expect((await fake.calls()).length).toBe(3);
});

test('renewals leave places for logins', async () => {
  await fake.answers('if [ "$renews" ]; then sleep 61; fi; cat > /dev/null; cp "$here/cache" "$cache"');
  await writeFile(join(fake.folder, 'cache'), bytes);
  const one = kinit({ kinitSeconds: 2, kinitAtOnce: 4 });
  const renewals = Array.from({ length: 20 }, () => refusal(one.renew(user1, bytes, never)));
  await sleep(200);
  await one.byPassword(user1, 'pw', never);
  expect((await fake.calls()).length).toBe(2);
  await Promise.all(renewals);
});

test('words that nobody knows are told without escapes, and never with the password', async () => {
  await fake.fails('kinit: \u001b[31mSomething\u0007 new happened');
  expect((await refusal(kinit().byPassword(user1, 'pw-0815', never))).message).toBe(
    'kinit failed for user1@CORP.EXAMPLE.TEST: [31mSomething new happened.',
  );
  await fake.fails('kinit: what is pw-0815 for?');
  const { message } = await refusal(kinit().byPassword(user1, 'pw-0815', never));
  expect(message).not.toContain('pw-0815');
});

test.each(['/nowhere/kinit', '/etc/passwd'])('%s in place of kinit is named', async (program) => {
  const error = await refusal(kinit({ program }).byPassword(user1, 'pw', never));
  expect([error.code, error.message]).toEqual(['ticket-failed', expect.stringContaining(program)]);
});

test("what Berth asks of kinit stands before the site's words", () => {
  expect(ownKrb5Conf(604_800)).toMatch(
    /\[libdefaults\]\n\s+forwardable = true\n\s+noaddresses = true\n\s+renew_lifetime = 604800s\n/,
  );
});
