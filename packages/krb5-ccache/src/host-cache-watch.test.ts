import { expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, renameSync, statSync, unlinkSync, watch, writeFileSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { TicketError } from './errors.ts';
import { type HostTicketState, type HostWatchParts, watchHostTicket } from './host-cache-watch.ts';
import { bytesOf, noon, seconds, tgt } from './testing/caches.ts';
import { own, owner, put, replace, sharedFolder, uid } from './testing/user-folder.ts';

const quick = { fs, watch, now: () => noon, pollSeconds: 3600, settleMilliseconds: 20 };
const endsAfter = (hours: number): Uint8Array => bytesOf(tgt({ endTime: seconds(noon, hours) }));

/** What a watch said, one word each: until when in hours after noon, or the error's code. */
function followed(folder: string, parts: HostWatchParts = quick, patterns: readonly string[] = []) {
  const said: (number | string)[] = [];
  const settings = { buildDefault: `FILE:${folder}/krb5cc_%{uid}`, patterns };
  const watching = watchHostTicket(owner, settings, parts, (state: HostTicketState) => {
    said.push(state instanceof TicketError ? state.code : (state.view.endsAt.getTime() - noon.getTime()) / 3600_000);
  });
  const reaches = async (...words: (number | string)[]): Promise<void> => {
    for (let left = 250; left > 0 && said.length < words.length; left -= 1) await delay(20);
    await delay(60);
    expect(said).toEqual(words);
  };
  return { said, reaches, [Symbol.dispose]: () => watching.close() };
}

test('a cache that another process writes by rename is followed as it is renewed', async () => {
  using shared = sharedFolder();
  const path = join(shared.path, `krb5cc_${uid}`);
  const program = fileURLToPath(new URL('testing/pbis-writer.ts', import.meta.url));
  const pbis = spawn(process.execPath, [program, path, String(uid)], { stdio: ['pipe', 'pipe', 'ignore'] });
  const answers = createInterface({ input: pbis.stdout })[Symbol.asyncIterator]();
  const write = async (hours: number): Promise<bigint> => {
    pbis.stdin.write(`${Buffer.from(endsAfter(hours)).toString('base64')}\n`);
    expect(await answers.next()).toMatchObject({ value: 'done' });
    return statSync(path, { bigint: true }).ino;
  };
  try {
    using following = followed(shared.path);
    await following.reaches('ticket-missing');
    const inodes = new Set([await write(1)]);
    await following.reaches('ticket-missing', 1);
    inodes.add(await write(2));
    await following.reaches('ticket-missing', 1, 2);
    await write(3);
    await following.reaches('ticket-missing', 1, 2, 3);
    expect(inodes.size).toBe(2);
  } finally {
    const exit = once(pbis, 'exit');
    pbis.kill();
    await exit;
  }
}, 20_000);

test('what is there is said at once, and said again only when it is another', async () => {
  using shared = sharedFolder();
  const path = put(join(shared.path, `krb5cc_${uid}`), endsAfter(1));
  using following = followed(shared.path);
  await following.reaches(1);
  replace(path, endsAfter(1));
  put(join(shared.path, 'unrelated'), 'x');
  await delay(150);
  await following.reaches(1);
  chmodSync(path, 0o644);
  await following.reaches(1, 'ticket-unsafe');
  unlinkSync(path);
  await following.reaches(1, 'ticket-unsafe', 'ticket-missing');
});

test('a better cache under a pattern takes over', async () => {
  using shared = sharedFolder();
  put(join(shared.path, `krb5cc_${uid}`), endsAfter(1));
  using following = followed(shared.path, quick, [`${shared.path}/krb5cc_{uid}_*`]);
  await following.reaches(1);
  put(join(shared.path, `krb5cc_${uid}_AbCdEf`), endsAfter(4));
  await following.reaches(1, 4);
});

test('the end of a ticket is seen without any event', async () => {
  using shared = sharedFolder();
  put(join(shared.path, `krb5cc_${uid}`), endsAfter(1));
  let now = noon;
  using following = followed(shared.path, { ...quick, now: () => now, pollSeconds: 0.05 });
  await following.reaches(1);
  now = new Date(noon.getTime() + 2 * 3600_000);
  await following.reaches(1, 'ticket-ended');
});

test('a folder that comes, goes and comes again is followed', async () => {
  using shared = sharedFolder();
  const folder = join(shared.path, 'home');
  const make = (): void => {
    mkdirSync(folder, { mode: 0o700 });
    own(folder);
  };
  const watched: unknown[] = [];
  const counted = ((...words: Parameters<typeof watch>) => {
    watched.push(words[0]);
    return watch(...words);
  }) as typeof watch;
  using following = followed(folder, { ...quick, watch: counted, pollSeconds: 0.05 });
  await following.reaches('ticket-missing');
  expect(watched).toEqual([]);
  make();
  put(join(folder, `krb5cc_${uid}`), endsAfter(1));
  await following.reaches('ticket-missing', 1);
  renameSync(folder, join(shared.path, 'former'));
  make();
  put(join(folder, `krb5cc_${uid}`), endsAfter(2));
  for (let left = 100; left > 0 && following.said.at(-1) !== 2; left -= 1) await delay(20);
  expect(following.said.at(-1)).toBe(2);
  expect(watched).toEqual([folder, folder]);
});

test('where no watch is to be had the poll remains', async () => {
  using shared = sharedFolder();
  const path = put(join(shared.path, `krb5cc_${uid}`), endsAfter(1));
  const none = (() => {
    throw new Error('ENOSPC: System limit for number of file watchers reached');
  }) as unknown as typeof watch;
  using following = followed(shared.path, { ...quick, watch: none, pollSeconds: 0.05 });
  await following.reaches(1);
  replace(path, endsAfter(2));
  await following.reaches(1, 2);
});

test('a folder that never rests does not keep a change from being seen', async () => {
  using shared = sharedFolder();
  const path = put(join(shared.path, `krb5cc_${uid}`), endsAfter(1));
  const parts = { ...quick, settleMilliseconds: 100 };
  using following = followed(shared.path, parts, [`${shared.path}/krb5cc_{uid}_*`]);
  await following.reaches(1);
  const noise = setInterval(() => writeFileSync(join(shared.path, `krb5cc_${uid}_noise`), 'x', { mode: 0o600 }), 5);
  try {
    await delay(50);
    replace(path, endsAfter(2));
    await following.reaches(1, 2);
  } finally {
    clearInterval(noise);
  }
});

test('after close nothing is said or looked at any more, and no watch is left', async () => {
  using shared = sharedFolder();
  const path = put(join(shared.path, `krb5cc_${uid}`), endsAfter(1));
  let looks = 0;
  let closedWatches = 0;
  const lstat = ((...words: Parameters<typeof fs.lstat>) => {
    looks += 1;
    return fs.lstat(...words);
  }) as typeof fs.lstat;
  const counted = ((...words: Parameters<typeof watch>) =>
    watch(...words).on('close', () => (closedWatches += 1))) as typeof watch;
  const following = followed(shared.path, { ...quick, fs: { ...fs, lstat }, watch: counted, pollSeconds: 0.05 });
  await following.reaches(1);
  following[Symbol.dispose]();
  replace(path, endsAfter(2));
  await delay(100);
  const former = looks;
  await delay(200);
  expect({ said: following.said, looks, closedWatches }).toEqual({ said: [1], looks: former, closedWatches: 1 });
});

test('a look that is under way when it is closed says nothing', async () => {
  using shared = sharedFolder();
  put(join(shared.path, `krb5cc_${uid}`), endsAfter(1));
  const following = followed(shared.path);
  following[Symbol.dispose]();
  await following.reaches();
  await delay(100);
  expect(following.said).toEqual([]);
});
