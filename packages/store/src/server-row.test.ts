import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { openStore } from './open-store.ts';
import { anyRecord } from './testing/arbitraries.ts';
import { temporaryFolder } from './testing/state-folder.ts';

test('any server comes back from a new process as it was saved', async () => {
  using folder = temporaryFolder();
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(anyRecord, { selector: ({ key }) => key, maxLength: 4 }), async (records) => {
      const writer = await openStore({ folder: folder.path });
      for (const { key } of (await writer.loadServers()).records) await writer.purgeServer(key);
      for (const one of records) await writer.saveServer(one);
      await writer.close();
      const reader = await openStore({ folder: folder.path });
      const loaded = await reader.loadServers();
      await reader.close();
      expect(loaded.quarantined).toEqual([]);
      expect(loaded.records).toHaveLength(records.length);
      expect(loaded.records).toEqual(expect.arrayContaining(records));
    }),
    { numRuns: 60 },
  );
}, 60_000);
