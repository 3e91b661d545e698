import { expect, test } from '@jest/globals';
import { StoreError } from '@berth/spawner';
import * as fc from 'fast-check';
import { decodeCursor, encodeCursor } from './history-row.ts';
import { openStore } from './open-store.ts';
import { anyEntry, anyRecord } from './testing/arbitraries.ts';
import { entry, record, temporaryFolder } from './testing/state-folder.ts';

test('any end of a server comes back from history as it was saved', async () => {
  using folder = temporaryFolder();
  const store = await openStore({ folder: folder.path });
  await fc.assert(
    fc.asyncProperty(anyRecord, anyEntry, async (last, ended) => {
      await store.endServer(last, ended);
      const { items } = await store.listHistory({ key: ended.key, limit: 5000 });
      expect(items.find(({ generation }) => generation === ended.generation)).toEqual(ended);
    }),
    { numRuns: 100 },
  );
  await store.close();
}, 60_000);

test('a log line of half a character comes back as it was', async () => {
  using folder = temporaryFolder();
  const store = await openStore({ folder: folder.path });
  await store.endServer(record(), entry({ logTail: ['half \ud83d'] }));
  expect((await store.listHistory({ limit: 1 })).items[0]?.logTail).toEqual(['half \ud83d']);
  await store.close();
});

test('a cursor is opaque to URLs and says where the page ended', () => {
  fc.assert(
    fc.property(fc.integer({ min: -8.64e15, max: 8.64e15 }), fc.maxSafeNat(), (endedAt, id) => {
      const text = encodeCursor({ endedAt, id });
      expect(text).toMatch(/^[A-Za-z0-9_-]{1,200}$/);
      expect(decodeCursor(text)).toEqual({ endedAt, id });
    }),
  );
});

const good = encodeCursor({ endedAt: 1, id: 2 });

test.each([
  '',
  'x',
  'null',
  '../../etc/passwd',
  `${good}=`,
  ` ${good}`,
  `${good}A`,
  good.slice(0, -1),
  base64url('h1 1'),
  base64url('h1 1 2 3'),
  base64url('h1 01 2'),
  base64url('h1 1 -2'),
  base64url('h1 1e3 2'),
  base64url('h1 -0 2'),
  base64url('h1 9999999999999999 2'),
  base64url('h2 1 2'),
  base64url("h1 1 2' OR 1=1"),
])('%j is a bad cursor', (text) => {
  expect(() => decodeCursor(text)).toThrow(StoreError);
  expect(() => decodeCursor(text)).toThrow(expect.objectContaining({ code: 'bad-cursor' }));
});

test('no text but a cursor is taken for one', () => {
  fc.assert(
    fc.property(fc.base64String(), (text) => {
      expect(() => decodeCursor(text)).toThrow(StoreError);
    }),
  );
});

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url');
}
