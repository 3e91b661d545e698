import { expect, test } from '@jest/globals';
import type { DomainNames } from './domain-names.ts';
import { Entry } from './entry.ts';
import { GroupDetails } from './group-details.ts';
import type { LdapFilter } from './ldap-filter.ts';
import { domainSid, mockGroup, namingContext } from './testing/bank.ts';
import { findEntries } from './testing/directory-entries.ts';

const names: DomainNames = { dns: 'corp.example.test', netbios: 'BANK', realm: 'CORP.EXAMPLE.TEST', namingContext };
const signal = new AbortController().signal;
const sid = (rid: number) => `${domainSid}-${rid}`;
const entries = Array.from({ length: 250 }, (_, index) =>
  mockGroup(`group ${index}`, 2000 + index, index === 0 ? { gidNumber: ['10002'] } : {}),
);

function bank() {
  const asked: LdapFilter[] = [];
  const search = async (base: string, filter: LdapFilter) => {
    asked.push(filter);
    return findEntries(entries, base, 'sub', filter).map(
      ({ dn, attributes }) => new Entry({ dn, ...(attributes as Record<string, string[]>) }),
    );
  };
  return { asked, search };
}

test('groups are told with name and gidNumber; one that is not there is left out', async () => {
  const details = new GroupDetails(600, () => new Date(0));
  expect(await details.of([sid(2000), sid(2001), sid(9), 'S-1-5-32-545'], names, bank(), signal)).toEqual(
    new Map([
      [sid(2000), { name: 'group 0', gidNumber: 10_002 }],
      [sid(2001), { name: 'group 1', gidNumber: undefined }],
    ]),
  );
});

test('many groups are few searches, and none at all while they are remembered', async () => {
  let now = 0;
  const source = bank();
  const details = new GroupDetails(600, () => new Date(now));
  const all = entries.map((_, index) => sid(2000 + index));
  expect((await details.of(all, names, source, signal)).size).toBe(250);
  expect(source.asked).toHaveLength(3);
  now = 599_000;
  await details.of([...all, sid(7)], names, source, signal);
  await details.of([sid(7)], names, source, signal);
  expect(source.asked).toHaveLength(4);
  now = 600_000;
  await details.of(all.slice(0, 10), names, source, signal);
  expect(source.asked).toHaveLength(5);
});
