import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { domainSidOf, parseSid, ridOf, type Sid, sidFromBytes, sidText, sidToBytes, wellKnownName } from './sid.ts';

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'));

test.each([
  ['010500000000000515000000A065CF7E784B9B5FE77C8770091C0100', 'S-1-5-21-2127521184-1604012920-1887927527-72713'],
  ['01020000000000052000000020020000', 'S-1-5-32-544'],
  ['010100000000000100000000', 'S-1-1-0'],
  ['0101010000000000ffffffff', 'S-1-0x010000000000-4294967295'],
])('the bytes %s are %s, and back', (hex, text) => {
  const sid = sidFromBytes(bytes(hex));
  expect(sid && sidText(sid)).toBe(text);
  expect(parseSid(text)).toEqual(sid);
  expect(sid && Buffer.from(sidToBytes(sid)).toString('hex')).toBe(hex.toLowerCase());
});

test.each([
  ['nothing', ''],
  ['another revision', '020100000000000100000000'],
  ['no sub-authority', '0100000000000005'],
  ['one byte less', '0102000000000005200000002002'],
  ['one byte more', '0102000000000005200000002002000000'],
  ['16 sub-authorities', `0110000000000005${'00000000'.repeat(16)}`],
])('bytes with %s are no SID', (_, hex) => {
  expect(sidFromBytes(bytes(hex))).toBeUndefined();
});

test.each([
  '',
  'S-1-5',
  'S-2-5-21',
  'S-1-5-21-',
  ' S-1-5-21-1',
  'S-1-5-21-1\n',
  'S-1-5-021-1',
  'S-1-5-21-+1',
  'S-1-5-21--1',
  'S-1-5-21-4294967296',
  'S-1-4294967296-1',
  'S-1-0x10000000000-1',
  `S-1-5${'-1'.repeat(16)}`,
  'S-1-5-21-1e3',
])('%j is no SID', (text) => {
  expect(parseSid(text)).toBeUndefined();
});

test('a lower-case s is taken, and written in upper case', () => {
  const sid = parseSid('s-1-5-21-1-2-3-4');
  expect(sid && sidText(sid)).toBe('S-1-5-21-1-2-3-4');
});

test.each([
  ['S-1-5-21-1-2-3-513', 'S-1-5-21-1-2-3', 513, 'Domain Users'],
  ['S-1-5-21-1-2-3-1104', 'S-1-5-21-1-2-3', 1104, undefined],
  ['S-1-5-32-544', undefined, 544, 'Administrators'],
  ['S-1-5-11', undefined, 11, 'Authenticated Users'],
  ['S-1-5-21-1-2-3', undefined, 3, undefined],
  ['S-1-5-32-513', undefined, 513, undefined],
])('%s is of the domain %s, with the RID %d and the name %s', (text, domain, rid, name) => {
  const sid = parseSid(text) as Sid;
  expect([domainSidOf(sid), ridOf(sid), wellKnownName(sid)]).toEqual([domain, rid, name]);
});

test('each SID survives text and bytes; bytes that come from elsewhere never throw', () => {
  const part = fc.integer({ min: 0, max: 0xffff_ffff });
  const sids = fc.record({
    authority: fc.integer({ min: 0, max: 0xffff_ffff_ffff }),
    subAuthorities: fc.array(part, { minLength: 1, maxLength: 15 }),
  });
  fc.assert(
    fc.property(sids, (sid) => {
      expect(sidFromBytes(sidToBytes(sid))).toEqual(sid);
      expect(parseSid(sidText(sid))).toEqual(sid);
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (some) => {
      const sid = sidFromBytes(some);
      if (sid) expect(sidToBytes(sid)).toEqual(some);
    }),
  );
});
