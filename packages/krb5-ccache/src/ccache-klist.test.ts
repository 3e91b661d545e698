/** Against MIT's own tools and a KDC of one's own: what `klist` says of a cache is what the view says. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, watch, writeFileSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ticketFlags } from './ccache.ts';
import { principalText } from './ccache-principal.ts';
import { type HostTicketState, watchHostTicket } from './host-cache-watch.ts';
import { containerKrb5Conf, inlineKrb5Conf, withLibdefaults } from './krb5-conf.ts';
import { parseCcache } from './parse-ccache.ts';
import { realm, succeeds, ThrowawayKdc } from './testing/throwaway-kdc.ts';
import { viewTgt } from './tgt.ts';
import { writeCcache } from './write-ccache.ts';

let folder: string;
let kdc: ThrowawayKdc;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'berth-klist-'));
  kdc = await ThrowawayKdc.start(folder);
  for (const name of ['user1', 'we\\/ird\\@na\\\\me', 'иван']) await kdc.addPrincipal(name, 'secret');
  await kdc.addPrincipal('HTTP/nn.throwaway.test');
  await kdc.letRenew();
}, 30_000);

afterAll(async () => {
  await kdc[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** `11/23/26 20:17:38`, as klist prints it for LC_ALL=C and UTC. */
function klistDate(text: string | undefined): Date {
  const [, month, day, year, time] = /(\d\d)\/(\d\d)\/(\d\d) (\d\d:\d\d:\d\d)/.exec(text ?? '') ?? [];
  return new Date(`20${year}-${month}-${day}T${time}.000Z`);
}

const kinds: readonly {
  what: string;
  name: string;
  words: string[];
  libdefaults?: string;
  alone?: true;
  exact: boolean;
}[] = [
  { what: 'an ordinary ticket', name: 'user1', words: [], exact: true },
  { what: 'a renewable one', name: 'user1', words: ['-r', '2d'], exact: true },
  { what: 'one that is not forwardable', name: 'user1', words: ['-F', '-l', '10m'], exact: true },
  { what: 'one without a clock offset', name: 'user1', words: [], libdefaults: 'kdc_timesync = 0', exact: true },
  { what: 'a cache of version 3', name: 'user1', words: ['-r', '1d'], libdefaults: 'ccache_type = 3', exact: false },
  { what: 'one with addresses', name: 'user1', words: ['-a'], alone: true, exact: true },
  { what: 'a name with escapes', name: 'we\\/ird\\@na\\\\me', words: [], alone: true, exact: true },
  { what: 'a name in Cyrillic', name: 'иван', words: [], exact: true },
];

test.each(kinds)('$what: the view says what klist says', async ({ name, words, libdefaults = '', alone, exact }) => {
  const file = join(folder, 'cc');
  await kdc.kinit(file, name, 'secret', { words, libdefaults });
  if (!alone) await succeeds(kdc.client('kvno', ['-c', `FILE:${file}`, 'HTTP/nn.throwaway.test']));
  const said = await succeeds(kdc.client('klist', ['-f', '-e', '-c', `FILE:${file}`]));
  const bytes = new Uint8Array(readFileSync(file));
  const cache = parseCcache(bytes);
  const view = viewTgt(cache);

  expect(view.principal).toBe(/Default principal: (.*)/.exec(said)?.[1]);
  expect(view.principal).toBe(`${name}@${realm}`);
  const line = said.split('\n').findIndex((text) => text.includes(`krbtgt/${realm}`));
  const [times = '', details = ''] = said.split('\n').slice(line);
  expect(view.startsAt).toEqual(klistDate(times));
  expect(view.endsAt).toEqual(klistDate(times.slice(17)));
  const renewUntil = /renew until (.{17})/.exec(details)?.[1];
  expect(view.renewTill).toEqual(renewUntil === undefined ? undefined : klistDate(renewUntil));
  expect(view.forwardable).toBe(/Flags: \w*F/.test(details));
  expect(Buffer.compare(writeCcache(cache), bytes) === 0).toBe(exact);
});

test('klist reads what is written here, and the KDC takes its ticket', async () => {
  const file = join(folder, 'cc-v3');
  await kdc.kinit(file, 'user1', 'secret', { libdefaults: 'ccache_type = 3' });
  const cache = parseCcache(new Uint8Array(readFileSync(file)));
  const written = join(folder, 'cc-written');
  writeFileSync(written, writeCcache(cache), { mode: 0o600 });
  const said = await succeeds(kdc.client('klist', ['-f', '-c', `FILE:${written}`]));
  expect(said).toContain(`krbtgt/${realm}@${realm}`);
  await succeeds(kdc.client('kvno', ['-c', `FILE:${written}`, 'HTTP/nn.throwaway.test']));
  const after = parseCcache(new Uint8Array(readFileSync(written)));
  expect(after.credentials.map(({ server }) => principalText(server))).toContain(`HTTP/nn.throwaway.test@${realm}`);
});

test('a ticket that MIT removed from a cache is no TGT any more', async () => {
  const file = join(folder, 'cc-removed');
  await kdc.kinit(file, 'user1', 'secret');
  const bytes = new Uint8Array(readFileSync(file));
  const { credentials, ...rest } = parseCcache(bytes);
  // What krb5_cc_remove_cred leaves (fcc_remove_cred in cc_file.c).
  const removed = credentials.map((one) => Object.assign({}, one, { endTime: 0, authTime: 0xffff_ffff }));
  writeFileSync(file, writeCcache({ ...rest, credentials: removed }));
  const said = await succeeds(kdc.client('klist', ['-c', `FILE:${file}`]));
  expect(said).not.toContain(`krbtgt/${realm}@`);
  expect(() => viewTgt(parseCcache(new Uint8Array(readFileSync(file))))).toThrow('no usable ticket-granting ticket');
});

test('kinit with the krb5.conf made here gets what it asks for', async () => {
  const site = readFileSync(join(kdc.folder, 'krb5.conf'), 'utf8');
  const perRealm = `${site}[libdefaults]\n  ${realm} = {\n    forwardable = false\n    renew_lifetime = 0\n  }\n`;
  const text = await withLibdefaults(perRealm, { forwardable: true, renew_lifetime: '3d' });
  const file = join(folder, 'cc-conf');
  const path = join(folder, 'made.conf');
  writeFileSync(path, text);
  await succeeds(kdc.client('kinit', ['-c', `FILE:${file}`, 'user1'], { input: 'secret\n', krb5Config: path }));
  const { credentials } = parseCcache(new Uint8Array(readFileSync(file)));
  const flags = credentials.at(-1)?.flags ?? 0;
  expect((flags & ticketFlags.forwardable) !== 0 && (flags & ticketFlags.renewable) !== 0).toBe(true);
  const { startsAt, renewTill } = viewTgt(parseCcache(new Uint8Array(readFileSync(file))));
  expect((renewTill?.getTime() ?? 0) - startsAt.getTime()).toBe(3 * 24 * 3600_000);
});

test('what MIT reads through includes is what it reads of the text with includes in place', async () => {
  const parts = join(folder, 'conf.d');
  const site = readFileSync(join(kdc.folder, 'krb5.conf'), 'utf8');
  const files: Record<string, string> = {
    [`${parts}/realms.conf`]: site.slice(site.indexOf('[realms]')),
    [`${parts}/10-life`]: '[libdefaults]\nticket_lifetime = 7m\n',
    [`${parts}/20-life`]: '[libdefaults]\nticket_lifetime = 9m\n',
    [`${parts}/ignored.bak`]: 'not a profile\n',
  };
  mkdirSync(parts);
  for (const [path, text] of Object.entries(files)) writeFileSync(path, text);
  const text = `[libdefaults]\nincludedir ${parts}\n  default_realm = ${realm}\n  udp_preference_limit = 1\n`;
  const inlined = await inlineKrb5Conf(text, {
    read: (path) => Promise.resolve(files[path] ?? ''),
    list: () => Promise.resolve(Object.keys(files).map((path) => path.slice(parts.length + 1))),
  });
  const lives: number[] = [];
  for (const conf of [text, inlined, await containerKrb5Conf(inlined)]) {
    const krb5Config = join(folder, 'one.conf');
    writeFileSync(krb5Config, conf);
    const file = join(folder, 'cc-include');
    await succeeds(kdc.client('kinit', ['-c', `FILE:${file}`, 'user1'], { input: 'secret\n', krb5Config }));
    const { startsAt, endsAt } = viewTgt(parseCcache(new Uint8Array(readFileSync(file))));
    lives.push(endsAt.getTime() - startsAt.getTime());
  }
  expect(lives).toEqual([420_000, 420_000, 420_000]);
});

test("a ticket that MIT's kinit renews is followed, from one file to the next", async () => {
  const file = join(folder, 'krb5cc_followed');
  await kdc.kinit(file, 'user1', 'secret', { words: ['-r', '2d', '-l', '1h'] });
  const uid = process.getuid?.() ?? 0;
  const owner = { uid, gid: uid, username: 'user1', principal: `user1@${realm}` };
  const seen: HostTicketState[] = [];
  const parts = { fs, watch, now: () => new Date(), pollSeconds: 3600, settleMilliseconds: 50 };
  const watching = watchHostTicket(owner, { environment: `FILE:${file}` }, parts, (state) => seen.push(state));
  const inodes = [statSync(file).ino];
  const ends = (): number[] => seen.map((state) => ('view' in state ? state.view.endsAt.getTime() : 0));
  try {
    for (let left = 100; left > 0 && seen.length < 1; left -= 1) await delay(20);
    // Kerberos counts in seconds: a renewal within the first looks like none.
    await delay(1100);
    await succeeds(kdc.client('kinit', ['-R', '-c', `FILE:${file}`]));
    inodes.push(statSync(file).ino);
    for (let left = 100; left > 0 && seen.length < 2; left -= 1) await delay(20);
  } finally {
    watching.close();
  }
  const [first = 0, second = 0, ...more] = ends();
  expect(second - first).toBeGreaterThanOrEqual(1000);
  expect(more).toEqual([]);
  expect(inodes[0]).not.toBe(inodes[1]);
});
