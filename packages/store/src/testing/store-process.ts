/**
 * A process that has a state folder open, for tests that kill it. Each line it prints is on the pipe before it goes on.
 *
 *     node --conditions=berth-source store-process.ts hold <folder>    prints "open" and waits
 *     node --conditions=berth-source store-process.ts write <folder>   prints each generation once it is acknowledged
 */
import { writeSync } from 'node:fs';
import { openStore } from '../open-store.ts';
import { entry, record, storeErrorOf } from './state-folder.ts';

const [mode, folder = ''] = process.argv.slice(2);
const store = await openStore({ folder });

if (mode === 'write') {
  const { records } = await store.loadServers();
  for (let generation = (records[0]?.generation ?? 0) + 1; ; generation++) {
    await store.endServer(record({ generation }), entry({ generation }));
    writeSync(1, `${generation}\n`);
  }
}
// What a service may do in its life, none of which may cost it the lock.
await storeErrorOf(() => openStore({ folder }));
await store.saveServer(record());
await store.backup();
writeSync(1, 'open\n');
setInterval(() => undefined, 60_000);
await new Promise(() => undefined);
