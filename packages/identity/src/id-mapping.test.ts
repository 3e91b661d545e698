import { expect, test } from '@jest/globals';
import { type IdMapping, mapSid, type SssdMapping, type WinbindRidMapping } from './id-mapping.ts';
import { murmur3 } from './murmur3.ts';

const pbis: IdMapping = { kind: 'pbis' };
const sssd: SssdMapping = { kind: 'sssd' };
const bank = 'S-1-5-21-2153326666-2176343378-3404031434';

test.each([
  ['S-1-5-21-2127521184-1604012920-1887927527-72713', 1_165_040_649],
  // 524,288 RIDs further on: PBIS gives the same id, and uid-collision is what finds it.
  ['S-1-5-21-2127521184-1604012920-1887927527-597001', 1_165_040_649],
  [`${bank}-513`, 210_764_289],
  ['S-1-5-32-544', 544],
])('PBIS gives %s the id %d', (sid, id) => {
  expect(mapSid(sid, pbis)).toBe(id);
});

test.each([
  [`${bank}-513`, 770_800_513],
  ['S-1-5-21-123-456-789-0', 1_842_600_000],
  ['S-1-5-21-123-456-789-4000000', 575_600_000],
  ['S-1-5-21-1-2-3-4000000', 351_800_000],
  ['S-1-5-21-1-2-3-210000', 832_610_000],
  ['s-1-5-21-1-2-3-210000', 832_610_000],
  ['S-1-5-32-544', undefined],
  ['S-1-5-11', undefined],
])('SSSD gives %s the id %s', (sid, id) => {
  expect(mapSid(sid, sssd)).toBe(id);
});

test.each([
  [bank, 0xdead_beef, 93_103_853],
  // Austin Appleby's own check values.
  ['', 0, 0],
  ['', 1, 0x514e_28b7],
  ['test', 0x9747_b28c, 0x704b_81dc],
  ['Hello, world!', 0x9747_b28c, 0x2488_4cba],
  ['aaa', 0x9747_b28c, 0x283e_0130],
  ['aa', 0x9747_b28c, 0x5d21_1726],
  ['a', 0x9747_b28c, 0x7fa0_9ea6],
])('murmur3 of %j with seed %d is %d', (text, seed, hash) => {
  expect(murmur3(text, seed)).toBe(hash);
});

// Five slices of 1,000: by hash both domains want the same one.
const small = { kind: 'sssd', rangeMin: 10_000, rangeMax: 15_000, rangeSize: 1000 } as const;
const wanting = (slice: number, count: number): string[] =>
  Array.from({ length: 400 }, (_, n) => `S-1-5-21-7-7-${n}`)
    .filter((domain) => murmur3(domain, 0xdead_beef) % 5 === slice)
    .slice(0, count);

test('where two domains want one slice, the one that SSSD met later gets the next', () => {
  const [first = '', second = '', third = ''] = wanting(4, 3);
  const idOf = (domain: string, domains: readonly string[]) => mapSid(`${domain}-7`, { ...small, domains });
  expect([first, second, third].map((domain) => idOf(domain, [first, second, third]))).toEqual([
    14_007, 10_007, 11_007,
  ]);
  expect([first, second, third].map((domain) => idOf(domain, [third, second, first]))).toEqual([
    11_007, 10_007, 14_007,
  ]);
  expect(idOf(first, [first])).toBe(14_007);
});

test('the default domain has slice 0, and a domain that wants it gets the next', () => {
  const [first = ''] = wanting(3, 1);
  const [zero = ''] = wanting(0, 1);
  const mapping: SssdMapping = { ...small, defaultDomain: first };
  expect(mapSid(`${first}-7`, mapping)).toBe(10_007);
  expect(mapSid(`${zero}-7`, mapping)).toBe(11_007);
  expect(mapSid(`${zero}-7`, { ...mapping, domains: [zero, first] })).toBe(11_007);
  expect(mapSid(`${first}-7`, { ...mapping, domains: [zero, first] })).toBe(10_007);
});

test('RIDs past a slice never land in the slice of a domain', () => {
  const domains = [...wanting(0, 1), ...wanting(1, 1), ...wanting(2, 1), ...wanting(3, 1)];
  for (const domain of domains) {
    for (const rid of [1007, 2007, 9007]) expect(mapSid(`${domain}-${rid}`, { ...small, domains })).toBe(14_007);
  }
});

test('a domain that is not listed, or for which no slice is left, gets no id', () => {
  const domains = Array.from({ length: 6 }, (_, n) => `S-1-5-21-9-9-${n}`);
  expect(domains.map((domain) => mapSid(`${domain}-1`, { ...small, domains }) === undefined)).toEqual([
    false,
    false,
    false,
    false,
    false,
    true,
  ]);
  expect(mapSid('S-1-5-21-8-8-8-1', { ...small, domains })).toBeUndefined();
  expect(mapSid('S-1-5-21-9-9-0-1000', { ...small, domains })).toBeUndefined();
  expect(mapSid('S-1-5-21-9-9-0-1', { ...small, rangeMax: 10_500 })).toBeUndefined();
});

const winbind: WinbindRidMapping = {
  kind: 'winbind-rid',
  domains: [
    { sid: bank, low: 100_000, high: 199_999 },
    { sid: 'S-1-5-21-1-2-3', low: 200_000, high: 200_999, baseRid: 1000 },
  ],
};

test.each([
  [`${bank}-513`, 100_513],
  [`${bank}-99999`, 199_999],
  [`${bank}-100000`, undefined],
  ['S-1-5-21-1-2-3-1104', 200_104],
  ['S-1-5-21-1-2-3-999', undefined],
  ['S-1-5-21-1-2-3-2000', undefined],
  ['S-1-5-21-4-5-6-513', undefined],
  ['S-1-5-32-544', undefined],
])('winbind gives %s the id %s', (sid, id) => {
  expect(mapSid(sid, winbind)).toBe(id);
});

test.each([pbis, sssd, winbind, { kind: 'rfc2307' } as const])('$kind gives what is no SID no id', (mapping) => {
  for (const text of ['', '513', 'S-1-5-21-1-2-3-4294967296', 'BANK\\user1'])
    expect(mapSid(text, mapping)).toBeUndefined();
});

test('by RFC 2307 a SID says nothing', () => {
  expect(mapSid(`${bank}-513`, { kind: 'rfc2307' })).toBeUndefined();
});
