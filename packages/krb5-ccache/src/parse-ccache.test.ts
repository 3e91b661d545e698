import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { TicketError } from './errors.ts';
import { parseCcache } from './parse-ccache.ts';
import { anyCache, bytesOf, cacheOf, recorded, seconds, tgt, ticketErrorOf, user } from './testing/caches.ts';
import { viewTgt } from './tgt.ts';
import { writeCcache } from './write-ccache.ts';

test('what kinit and kvno wrote is read, and written again byte for byte', () => {
  const bytes = recorded();
  const cache = parseCcache(bytes);
  expect(cache.principal).toEqual({ nameType: 1, realm: 'THROWAWAY.TEST', components: ['user1'] });
  expect(cache.credentials.map(({ server }) => server.components[0])).toEqual([
    'krb5_ccache_conf_data',
    'krbtgt',
    'HTTP',
  ]);
  expect(writeCcache(cache)).toEqual(bytes);
});

test('whatever is written is read as the same values', () => {
  fc.assert(fc.property(anyCache, (cache) => expect(parseCcache(writeCcache(cache))).toEqual(cache)));
});

test('a name that begins with a byte order mark keeps it', () => {
  const cache = cacheOf([], user('\uFEFFuser1'));
  expect(parseCcache(writeCcache(cache)).principal.components).toEqual(['\uFEFFuser1']);
});

test('the values are copies: overwriting the bytes leaves them as they are', () => {
  const bytes = Buffer.from(bytesOf());
  const { credentials } = parseCcache(bytes);
  bytes.fill(0);
  expect(credentials).toEqual([tgt()]);
});

test('times after 2038 are read', () => {
  const endTime = seconds(new Date('2100-01-01T00:00:00.000Z'));
  const { credentials } = parseCcache(bytesOf(tgt({ endTime })));
  expect(credentials[0]?.endTime).toBe(4_102_444_800);
});

test('a clock offset before and after ours is read', () => {
  const cache = { ...cacheOf(), clockOffset: { seconds: -86_400, microseconds: 17 } };
  expect(parseCcache(writeCcache(cache)).clockOffset).toEqual({ seconds: -86_400, microseconds: 17 });
});

test('a header without a clock offset stays one', () => {
  const bytes = writeCcache({ ...cacheOf(), hasClockOffset: false });
  expect(bytes.subarray(0, 4)).toEqual(Uint8Array.of(5, 4, 0, 0));
  expect(writeCcache(parseCcache(bytes))).toEqual(bytes);
});

test('unknown fields of a header are passed over', () => {
  const plain = writeCcache({ ...cacheOf(), hasClockOffset: false });
  const bytes = Uint8Array.of(5, 4, 0, 6, 0, 9, 0, 2, 1, 1, ...plain.subarray(4));
  expect(parseCcache(bytes).credentials).toEqual([tgt()]);
});

const refused: readonly { what: string; bytes: () => Uint8Array; says: string }[] = [
  { what: 'an empty file', bytes: () => new Uint8Array(), says: 'the ticket cache is empty' },
  {
    what: 'a text',
    bytes: () => new TextEncoder().encode('hello'),
    says: 'begins with 0x6865, not with 0x0504 (at byte 0)',
  },
  { what: 'version 1', bytes: () => Uint8Array.of(5, 1, 0, 0), says: 'byte order depends on the machine' },
  { what: 'version 2', bytes: () => Uint8Array.of(5, 2, 0, 0), says: 'version 2' },
  { what: 'a version to come', bytes: () => Uint8Array.of(5, 5, 0, 0), says: 'not with 0x0504' },
  {
    what: 'a header longer than the file',
    bytes: () => Uint8Array.of(5, 4, 255, 255),
    says: 'the header takes 65535 bytes, 0 are left (at byte 4)',
  },
  {
    what: 'a header that ends within a field',
    bytes: () => Uint8Array.of(5, 4, 0, 5, 0, 1, 0, 8, 0, 0, 0),
    says: 'longer than the header (at byte 6)',
  },
  {
    what: 'four billion components',
    bytes: () => Uint8Array.of(5, 4, 0, 0, 0, 0, 0, 1, 255, 255, 255, 255),
    says: 'claims 4294967295 for the components of the default principal',
  },
  {
    what: 'a realm of four gigabytes',
    bytes: () => Uint8Array.of(5, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 255, 255, 255, 255),
    says: 'takes 4294967295 bytes, 0 are left (at byte 16)',
  },
  {
    what: 'a realm that is not UTF-8',
    bytes: () => Uint8Array.of(5, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 255),
    says: 'the realm of the default principal is not UTF-8 (at byte 16)',
  },
  {
    what: 'a byte behind the last credential',
    bytes: () => Uint8Array.of(...bytesOf(), 0),
    says: 'ends too early: the name type of the client of credential 2 takes 4 bytes, 1 are left',
  },
  {
    what: 'a cache of more than 1 MiB',
    bytes: () => new Uint8Array(1024 * 1024 + 1),
    says: 'more than the 1048576 that are allowed',
  },
];

test.each(refused)('$what is refused, with what is wrong and where', async ({ bytes, says }) => {
  const error = await ticketErrorOf(() => parseCcache(bytes()));
  expect(error.code).toBe('ticket-unsafe');
  expect(error.message).toContain(says);
});

test('the size that is allowed can be less', async () => {
  const error = await ticketErrorOf(() => parseCcache(bytesOf(), { maximumBytes: 100 }));
  expect(error.message).toContain('more than the 100 that are allowed');
});

test('a cache that was cut off anywhere is refused, or has fewer credentials', () => {
  const bytes = recorded();
  const whole = parseCcache(bytes);
  const read: number[] = [];
  for (let length = 0; length < bytes.length; length += 1) {
    try {
      const cache = parseCcache(bytes.subarray(0, length));
      read.push(cache.credentials.length);
      expect(cache.credentials).toEqual(whole.credentials.slice(0, cache.credentials.length));
    } catch (error) {
      if (!(error instanceof TicketError) || error.code !== 'ticket-unsafe') throw error;
    }
  }
  // Only at the three borders between principal and credentials is it whole.
  expect(read).toEqual([0, 1, 2]);
});

/** Reads and views; anything but a TicketError fails the test. */
function readAndView(bytes: Uint8Array): 'seen' | 'refused' {
  try {
    viewTgt(parseCcache(bytes));
    return 'seen';
  } catch (error) {
    if (error instanceof TicketError) return 'refused';
    throw error;
  }
}

test('random bytes end in a TicketError', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => expect(readAndView(bytes)).toBe('refused')));
  const begun = fc.uint8Array({ maxLength: 300 }).map((bytes) => Uint8Array.of(5, 4, 0, 0, ...bytes));
  fc.assert(
    fc.property(begun, (bytes) => expect(readAndView(bytes)).toBe('refused')),
    { numRuns: 2000 },
  );
});

test('real caches with bytes changed, cut and put in end well or in a TicketError, at once', () => {
  const bytes = recorded();
  const change = fc.record({
    at: fc.integer({ min: 0, max: bytes.length - 1 }),
    remove: fc.integer({ min: 0, max: 8 }),
    put: fc.oneof(fc.uint8Array({ maxLength: 8 }), fc.constant(Uint8Array.of(255, 255, 255, 255))),
  });
  let longest = 0;
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
      let mutated = bytes;
      for (const { at, remove, put } of changes)
        mutated = Uint8Array.of(...mutated.subarray(0, at), ...put, ...mutated.subarray(at + remove));
      const start = performance.now();
      const outcome = readAndView(mutated);
      longest = Math.max(longest, performance.now() - start);
      return outcome === 'seen' || outcome === 'refused';
    }),
    { numRuns: 3000 },
  );
  expect(longest).toBeLessThan(5000);
});

test('a list of more than a thousand is refused, one of a thousand is read', async () => {
  const addresses = Array.from({ length: 1001 }, () => ({ type: 0, value: new Uint8Array() }));
  const { message } = await ticketErrorOf(() => parseCcache(bytesOf(tgt({ addresses }))));
  expect(message).toContain('claims 1001 for the addresses of credential 1, more than the 1000 that are allowed');
  const fewer = parseCcache(bytesOf(tgt({ addresses: addresses.slice(1) })));
  expect(fewer.credentials[0]?.addresses).toHaveLength(1000);
});

test('a megabyte of the smallest credentials is read in bounded time', () => {
  const nobody = { nameType: 0, realm: '', components: [] };
  const nothing = new Uint8Array();
  const small = tgt({ client: nobody, server: nobody, key: { encryptionType: 0, value: nothing }, ticket: nothing });
  const bytes = bytesOf(...Array.from({ length: 15_600 }, () => small));
  expect(bytes.length).toBeGreaterThan(1_000_000);
  const start = performance.now();
  expect(parseCcache(bytes).credentials).toHaveLength(15_600);
  // Some 100 ms on a quiet machine.
  expect(performance.now() - start).toBeLessThan(5000);
});

test('what a failed kinit leaves is a cache without a ticket', async () => {
  const bytes = writeCcache({ ...cacheOf([], user('u', 'R')), hasClockOffset: false });
  const error = await ticketErrorOf(() => viewTgt(parseCcache(bytes)));
  expect(error.code).toBe('ticket-missing');
  expect(error.message).toBe('the ticket cache of u@R holds no ticket, as a failed kinit leaves it');
});
