import { expect, test } from '@jest/globals';
import { linkSync, mkdirSync, symlinkSync, truncateSync, utimesSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { findHostTicket, type HostCacheSettings } from './host-cache.ts';
import { bytesOf, cacheOf, krbtgt, noon, recorded, seconds, tgt, ticketErrorOf, user } from './testing/caches.ts';
import { otherUid, own, owner, put, rootsFolders, sharedFolder, uid } from './testing/user-folder.ts';
import { writeCcache } from './write-ccache.ts';

const parts = { fs, now: () => noon };
const amongRoots = { fs: rootsFolders, now: () => noon };

/** As on a host with PBIS and SSSD, with this folder as its /tmp. */
function settingsOf(folder: string, change: Partial<HostCacheSettings> = {}): HostCacheSettings {
  const patterns = [`FILE:${folder}/krb5cc_{uid}`, `FILE:${folder}/krb5cc_{uid}_*`];
  return { buildDefault: 'FILE:%{TEMP}/krb5cc_%{uid}', tmp: folder, patterns, ...change };
}

test('a cache as PBIS writes it is found, with whose it is, until when, and where it lies', async () => {
  using shared = sharedFolder();
  const path = put(join(shared.path, `krb5cc_${uid}`), bytesOf());
  const { cache, view, from } = await findHostTicket(owner, settingsOf(shared.path), parts);
  expect(from).toBe(path);
  expect(cache).toEqual(cacheOf());
  expect(view).toMatchObject({ principal: owner.principal, endsAt: new Date('2026-03-04T21:00:00.000Z') });
});

test("of SSSD's caches the one that ends last counts; others' files and other principals say nothing", async () => {
  using shared = sharedFolder();
  const file = (name: string, ...words: [Uint8Array, object?]): string => put(join(shared.path, name), ...words);
  file(`krb5cc_${uid}`, bytesOf(tgt({ endTime: seconds(noon, 1) })));
  const best = file(`krb5cc_${uid}_AbCdEf`, bytesOf(tgt({ endTime: seconds(noon, 5) })));
  file(`krb5cc_${uid}_ended`, bytesOf(tgt({ endTime: seconds(noon, -0.5) })));
  const stranger = { client: user('user2'), endTime: seconds(noon, 9) };
  file(`krb5cc_${uid}_other`, writeCcache(cacheOf([tgt(stranger)], user('user2'))));
  file(`krb5cc_${uid}_mode`, bytesOf(tgt({ endTime: seconds(noon, 8) })), { mode: 0o644 });
  symlinkSync(best, join(shared.path, `krb5cc_${uid}_link`));
  expect((await findHostTicket(owner, settingsOf(shared.path), parts)).from).toBe(best);
});

test('a name in other case is the same: Active Directory writes it as it was typed', async () => {
  using shared = sharedFolder();
  const typed = { client: user('USER1') };
  const path = put(join(shared.path, `krb5cc_${uid}`), writeCcache(cacheOf([tgt(typed)], user('USER1'))));
  expect((await findHostTicket(owner, settingsOf(shared.path), parts)).from).toBe(path);
});

test('in a DIR collection the principal decides, not which is primary', async () => {
  using shared = sharedFolder();
  const folder = join(shared.path, 'krb5cc');
  mkdirSync(folder, { mode: 0o700 });
  own(folder);
  put(join(folder, 'primary'), 'tktA\n');
  put(join(folder, 'tktA'), writeCcache(cacheOf([tgt({ client: user('admin1') })], user('admin1'))));
  const right = put(join(folder, 'tktB'), bytesOf());
  const settings = { defaultCcacheName: `DIR:${shared.path}/krb5cc` };
  expect((await findHostTicket(owner, settings, parts)).from).toBe(right);
});

interface Planted {
  readonly what: string;
  readonly plant: (path: string) => unknown;
  readonly code?: string;
  readonly says: string;
}

const planted: readonly Planted[] = [
  { what: 'nothing', plant: () => undefined, code: 'ticket-missing', says: 'does not exist' },
  {
    what: 'a symbolic link',
    plant: (path) => symlinkSync(put(`${path}x`, bytesOf()), path),
    says: 'is a symbolic link',
  },
  { what: 'a hard link', plant: (path) => linkSync(put(`${path}x`, bytesOf()), path), says: 'hard links' },
  { what: 'a named pipe', plant: (path) => execFileSync('mkfifo', ['-m', '600', path]), says: 'is a named pipe' },
  { what: 'a folder', plant: (path) => mkdirSync(path), says: 'is a folder' },
  {
    what: 'a cache that others may read',
    plant: (path) => put(path, bytesOf(), { mode: 0o640 }),
    says: 'has mode 0640',
  },
  {
    what: "another principal's cache",
    plant: (path) => put(path, recorded()),
    says: 'holds tickets of user1@THROWAWAY.TEST; they must be those of user1@CORP.EXAMPLE.TEST',
  },
  {
    what: "a cache of a name that the user's begins",
    plant: (path) => put(path, writeCcache(cacheOf([tgt()], user('user12')))),
    says: 'holds tickets of user12@CORP',
  },
  {
    what: "another's ticket under the user's name",
    plant: (path) => put(path, bytesOf(tgt({ client: user('user2') }))),
    code: 'ticket-missing',
    says: 'but a ticket of user2@CORP.EXAMPLE.TEST',
  },
  {
    what: "another realm's TGT",
    plant: (path) => put(path, bytesOf(tgt({ server: krbtgt('OTHER.TEST', 'CORP.EXAMPLE.TEST') }))),
    code: 'ticket-missing',
    says: 'no usable ticket-granting ticket',
  },
  { what: 'a cut cache', plant: (path) => put(path, bytesOf().subarray(0, 200)), says: 'ends too early' },
  {
    what: '100 MB',
    plant: (path) => {
      put(path, bytesOf());
      truncateSync(path, 100_000_000);
    },
    says: 'has 100000000 bytes',
  },
  { what: 'an empty file', plant: (path) => put(path, ''), says: 'the ticket cache is empty' },
  { what: 'a text', plant: (path) => put(path, 'hello, world'), says: 'this is no ticket cache' },
  {
    what: 'what a failed kinit leaves',
    plant: (path) => put(path, writeCcache(cacheOf([]))),
    code: 'ticket-missing',
    says: 'holds no ticket, as a failed kinit leaves it',
  },
  {
    what: 'a ticket that ended',
    plant: (path) => put(path, bytesOf(tgt({ endTime: seconds(noon) }))),
    code: 'ticket-ended',
    says: 'ended at 2026-03-04T12:00:00.000Z',
  },
  {
    what: 'a ticket of tomorrow',
    plant: (path) => put(path, bytesOf(tgt({ startTime: seconds(noon, 24), endTime: seconds(noon, 30) }))),
    code: 'ticket-missing',
    says: 'begins at 2026-03-05T12:00:00.000Z only; is the host',
  },
];

test.each(planted)('$what gives no ticket, and says why', async ({ plant, code = 'ticket-unsafe', says }) => {
  using shared = sharedFolder();
  const path = join(shared.path, `krb5cc_${uid}`);
  plant(path);
  const settings = settingsOf(shared.path, { patterns: [] });
  const error = await ticketErrorOf(() => findHostTicket(owner, settings, parts));
  expect(error.code).toBe(code);
  expect(error.message).toContain(`the host has no ticket of ${owner.principal}: `);
  expect(error.message).toContain(path);
  expect(error.message).toContain(says);
});

test("another user's cache in the place of one's own is refused", async () => {
  using shared = sharedFolder();
  const other = { ...owner, uid: otherUid };
  put(join(shared.path, `krb5cc_${otherUid}`), bytesOf());
  const error = await ticketErrorOf(() => findHostTicket(other, settingsOf(shared.path, { patterns: [] }), amongRoots));
  expect(error.code).toBe('ticket-unsafe');
  expect(error.message).toContain(`belongs to uid ${uid}; it must belong to uid ${otherUid}`);
});

test("files that others put under a pattern don't hide that there is none", async () => {
  using shared = sharedFolder();
  const other = { ...owner, uid: otherUid };
  for (let index = 0; index < 100; index += 1) put(join(shared.path, `krb5cc_${otherUid}_${index}`), 'x');
  const error = await ticketErrorOf(() => findHostTicket(other, settingsOf(shared.path), amongRoots));
  expect(error.code).toBe('ticket-missing');
  expect(error.message).toContain(`krb5cc_${otherUid}_* names no file of uid ${otherUid}`);
});

test('of very many own files the newest are looked at', async () => {
  using shared = sharedFolder();
  for (let index = 0; index < 100; index += 1) {
    const path = put(join(shared.path, `krb5cc_${uid}_${index}`), index === 0 ? bytesOf() : 'x');
    utimesSync(path, noon, index === 0 ? new Date(noon.getTime() + 1000) : noon);
  }
  let opens = 0;
  const open: typeof fs.open = (...words) => {
    opens += 1;
    return fs.open(...words);
  };
  const found = await findHostTicket(owner, settingsOf(shared.path), { ...parts, fs: { ...fs, open } });
  expect(found.from).toBe(join(shared.path, `krb5cc_${uid}_0`));
  expect(opens).toBeLessThan(40);
});

test('each place has its reason; an ended ticket is the most telling of them', async () => {
  using shared = sharedFolder();
  put(join(shared.path, `krb5cc_${uid}`), bytesOf(tgt({ endTime: seconds(noon, -0.5) })));
  put(join(shared.path, `krb5cc_${uid}_a`), bytesOf(), { mode: 0o666 });
  const settings = settingsOf(shared.path, { defaultCcacheName: 'KEYRING:persistent:%{uid}' });
  const error = await ticketErrorOf(() => findHostTicket(owner, settings, parts));
  expect(error.code).toBe('ticket-ended');
  for (const part of ['default_ccache_name in krb5.conf: "KEYRING:', 'has mode 0666', 'ended at'])
    expect(error.message).toContain(part);
});

test('a cache type that can not be used is no obstacle where a file is found', async () => {
  using shared = sharedFolder();
  const settings = settingsOf(shared.path, { defaultCcacheName: 'KCM:' });
  expect((await ticketErrorOf(() => findHostTicket(owner, settings, parts))).code).toBe('cache-unsupported');
  put(join(shared.path, `krb5cc_${uid}`), bytesOf());
  expect((await findHostTicket(owner, settings, parts)).view.principal).toBe(owner.principal);
});

test('a ticket is in no message', async () => {
  using shared = sharedFolder();
  const secret = new TextEncoder().encode('S3CRET-TICKET');
  const bytes = bytesOf(tgt({ ticket: secret, key: { encryptionType: 18, value: secret } }));
  for (let length = 0; length < bytes.length; length += 1) {
    put(join(shared.path, `krb5cc_${uid}`), bytes.subarray(0, length));
    const { message } = await ticketErrorOf(() => findHostTicket(owner, settingsOf(shared.path), parts));
    expect(message).not.toContain('S3CRET');
  }
});
