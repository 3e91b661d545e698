import { expect, test } from '@jest/globals';
import type { DomainNames } from './domain-names.ts';
import { Entry } from './entry.ts';
import type { LdapFilter } from './ldap-filter.ts';
import { GroupList } from './group-list.ts';
import { domainSid, mockGroup, mockUser, namingContext } from './testing/bank.ts';
import { type DirectoryEntry, findEntries } from './testing/directory-entries.ts';

const names: DomainNames = { dns: 'corp.example.test', netbios: 'BANK', realm: 'CORP.EXAMPLE.TEST', namingContext };
const signal = new AbortController().signal;

const groups = [
  mockGroup('Domain Users', 513),
  mockGroup('risk analysts', 1200),
  mockGroup('a^b', 1201),
  mockGroup('a b', 1202),
  mockGroup('x^y z', 1203),
  mockGroup('odd_group', 1204, { cn: ['odd * (group) \\ one'] }),
  mockGroup('Аналитики рисков', 1205),
  mockGroup('mail', 1206, { groupType: ['2'] }),
  mockGroup('twin1', 1207, { cn: ['twin'] }),
  mockGroup('twin2', 1208, { cn: ['twin'] }),
  mockUser({ name: 'user1' }),
];

/** A directory that counts what it is asked. */
function source(entries: readonly DirectoryEntry[] = groups) {
  const asked: LdapFilter[] = [];
  const search = async (base: string, filter: LdapFilter) => {
    asked.push(filter);
    return findEntries(entries, base, 'sub', filter).map(
      ({ dn, attributes }) => new Entry({ dn, ...(attributes as Record<string, string[]>) }),
    );
  };
  return { asked, search };
}

function list(entries: readonly string[], now = () => new Date(0)): GroupList {
  return new GroupList(entries, 3600, now);
}

test.each([
  ['BANK\\domain^users', 513],
  ['bank\\Domain Users', 513],
  ['domain users', 513],
  ['CORP.EXAMPLE.TEST\\risk analysts', 1200],
  ['risk^analysts@corp.example.test', 1200],
  ['cn=Risk Analysts, CN=users,dc=corp,DC=example,DC=test', 1200],
  [`${domainSid}-1200`, 1200],
  ['a^b', 1201],
  ['a b', 1202],
  ['BANK\\x^y^z', undefined],
  ['BANK\\odd * (group) \\ one', 1204],
  ['odd * (group) \\ one', 1204],
  ['BANK\\*', undefined],
  ['BANK\\risk*', undefined],
  ['*)(objectClass=*', undefined],
  ['аналитики^рисков', 1205],
  ['OTHER\\risk analysts', undefined],
  ['', undefined],
])('the entry %j is the group %s', async (entry, rid) => {
  const known = list([entry]);
  const sids = await known.sids(names, source(), signal);
  expect(sids.get(entry)).toBe(rid === undefined ? undefined : `${domainSid}-${rid}`);
  expect(known.faults()).toHaveLength(rid === undefined ? 1 : 0);
});

test.each([
  ['an unknown one', 'gone', 'knows no group gone'],
  ['a user', 'user1', 'is no group'],
  ['a distribution group', 'mail', 'distribution group'],
  ['the name of two', 'twin', 'several groups'],
])('%s lets nobody in and is told of', async (_, entry, fault) => {
  const known = list([entry]);
  expect((await known.sids(names, source(), signal)).get(entry)).toBeUndefined();
  expect(known.faults()).toEqual([expect.stringContaining(fault)]);
});

test('a SID that this directory does not hold counts all the same, as of another domain, and is told of', async () => {
  const known = list(['S-1-5-21-9-9-9-1']);
  expect((await known.sids(names, source(), signal)).get('S-1-5-21-9-9-9-1')).toBe('S-1-5-21-9-9-9-1');
  expect(known.faults()).toHaveLength(1);
});

test('all entries are looked up in one search, and held', async () => {
  let now = 0;
  const directory = source();
  const known = list(['domain users', 'risk analysts', 'a^b', `${domainSid}-1205`], () => new Date(now));
  await Promise.all([known.sids(names, directory, signal), known.sids(names, directory, signal)]);
  now = 3_599_000;
  await known.sids(names, directory, signal);
  expect(directory.asked).toHaveLength(1);
  now = 3_600_000;
  await known.sids(names, directory, signal);
  expect(directory.asked).toHaveLength(2);
});

test('250 entries take three searches', async () => {
  const directory = source();
  await list(Array.from({ length: 250 }, (_, index) => `group${index}`)).sids(names, directory, signal);
  expect(directory.asked).toHaveLength(3);
});

test('an unknown entry is looked up again after a minute, alone', async () => {
  let now = 0;
  const known = list(['risk analysts', 'late'], () => new Date(now));
  await known.sids(names, source(), signal);
  now = 60_000;
  const later = source([...groups, mockGroup('late', 1300)]);
  expect((await known.sids(names, later, signal)).get('late')).toBe(`${domainSid}-1300`);
  expect(later.asked.map(String).join('')).not.toContain('risk');
  expect(known.faults()).toEqual([]);
});

test('what was known outlives a directory that fails', async () => {
  let now = 0;
  const known = list(['risk analysts'], () => new Date(now));
  await known.sids(names, source(), signal);
  now = 4_000_000;
  const failing = { search: () => Promise.reject(new Error('away')) };
  expect((await known.sids(names, failing, signal)).get('risk analysts')).toBe(`${domainSid}-1200`);
  await expect(list(['risk analysts']).sids(names, failing, signal)).rejects.toThrow('away');
});
