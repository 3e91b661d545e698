import { expect, test } from '@jest/globals';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { getentProcess } from './getent.ts';
import { identityErrorOf } from './testing/identity-error-of.ts';

const never = new AbortController().signal;

/** A program of these shell lines in place of getent; `$FOLDER` is a folder of its own. */
function program(lines: string) {
  const folder = mkdtempSync(join(tmpdir(), 'berth-getent-'));
  const command = join(folder, 'getent');
  writeFileSync(command, `#!/bin/sh\nFOLDER=${folder}\n${lines}\n`);
  chmodSync(command, 0o755);
  return { command, folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}

/** Whether the process still runs, once it has had a second to end; a zombie doesn't. */
async function runs(pid: string): Promise<boolean> {
  for (let turn = 0; turn < 100; turn++) {
    if (!existsSync(`/proc/${pid}/stat`) || /^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8')))
      return false;
    await delay(10);
  }
  return true;
}

test('the words arrive one by one, and the answer comes with its code', async () => {
  using asked = program('printf "[%s]\\n" "$@"; exit 2');
  const getent = getentProcess({ command: asked.command });
  expect(await getent(['passwd', '--', 'BANK\\anna maria; $(id) *'], never)).toEqual({
    exitCode: 2,
    output: '[passwd]\n[--]\n[BANK\\anna maria; $(id) *]\n',
  });
});

test('nothing of our environment reaches getent', async () => {
  using asked = program('env');
  const { output } = await getentProcess({ command: asked.command })([], never);
  expect(output.split('\n').filter((line) => !/^(PATH|LC_ALL|PWD|_|SHLVL|OLDPWD)=|^$/.test(line))).toEqual([]);
});

test('a getent that hangs is killed when its time is over', async () => {
  using asked = program('echo $$ > $FOLDER/pid; trap "" TERM INT; exec sleep 60');
  const began = Date.now();
  const error = await identityErrorOf(async () => getentProcess({ ...asked, timeoutSeconds: 0.5 })(['passwd'], never));
  expect(error.code).toBe('name-service-failed');
  expect(error.message).toContain('getent passwd gave no answer within 0.5 s');
  expect(Date.now() - began).toBeLessThan(5000);
  expect(await runs(readFileSync(join(asked.folder, 'pid'), 'utf8').trim())).toBe(false);
});

test('a caller that gives up gets its own reason at once, and getent is killed', async () => {
  using asked = program('echo $$ > $FOLDER/pid; exec sleep 60');
  const caller = new AbortController();
  const answer = getentProcess(asked)(['passwd'], caller.signal).catch((error: unknown) => error);
  while (!existsSync(join(asked.folder, 'pid')) || readFileSync(join(asked.folder, 'pid'), 'utf8') === '')
    await delay(5);
  caller.abort('no more');
  expect(await answer).toBe('no more');
  expect(await runs(readFileSync(join(asked.folder, 'pid'), 'utf8').trim())).toBe(false);
  await expect(getentProcess(asked)(['passwd'], caller.signal)).rejects.toBe('no more');
});

test('an answer without end is cut off', async () => {
  using asked = program('exec yes');
  const error = await identityErrorOf(async () =>
    getentProcess({ ...asked, largestAnswerBytes: 100_000 })(['group'], never),
  );
  expect(error.message).toContain('more than 100000 bytes');
});

test('a getent that is not there is a failure of the name service', async () => {
  const error = await identityErrorOf(async () => getentProcess({ command: '/nonexistent/getent' })(['group'], never));
  expect([error.code, error.message.includes('/nonexistent/getent')]).toEqual(['name-service-failed', true]);
});

test('a getent killed by a signal has no exit code', async () => {
  using asked = program('kill -9 $$');
  expect(await getentProcess(asked)([], never)).toEqual({ exitCode: null, output: '' });
});
