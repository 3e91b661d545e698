import { expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  linkSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import * as fs from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { type CheckedFileSystem, readCheckedFile } from './checked-file.ts';
import { ticketErrorOf } from './testing/caches.ts';
import { otherUid, own, put, replace, rootsFolders, sharedFolder, uid } from './testing/user-folder.ts';

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

test("the user's own file in a folder like /tmp is read", async () => {
  using shared = sharedFolder();
  const path = put(join(shared.path, 'cc'), 'hello');
  expect(text(await readCheckedFile(path, { uid }, fs))).toBe('hello');
});

test("a file in the user's own folder is read, and one with mode 0400", async () => {
  using shared = sharedFolder();
  const home = join(shared.path, 'home');
  mkdirSync(home, { mode: 0o700 });
  own(home);
  expect(text(await readCheckedFile(put(join(home, 'cc'), 'hello', { mode: 0o400 }), { uid }, fs))).toBe('hello');
});

interface Planted {
  readonly what: string;
  readonly plant: (path: string) => unknown;
  readonly code?: string;
  readonly says: string | RegExp;
}

const planted: readonly Planted[] = [
  { what: 'nothing', plant: () => undefined, code: 'ticket-missing', says: 'does not exist' },
  {
    what: "a symbolic link to the user's own cache",
    plant: (path) => symlinkSync(put(`${path}-real`, 'x'), path),
    says: 'is a symbolic link',
  },
  { what: 'a symbolic link to nowhere', plant: (path) => symlinkSync('/nowhere', path), says: 'is a symbolic link' },
  {
    what: 'a hard link',
    plant: (path) => linkSync(put(`${path}-real`, 'x'), path),
    says: 'has 2 names (hard links); it must have one',
  },
  {
    what: 'a named pipe',
    plant: (path) => {
      execFileSync('mkfifo', ['-m', '600', path]);
      own(path);
    },
    says: 'is a named pipe',
  },
  { what: 'a folder', plant: (path) => mkdirSync(path, { mode: 0o700 }), says: 'is a folder' },
  {
    what: 'a file that others may read',
    plant: (path) => put(path, 'x', { mode: 0o644 }),
    says: 'has mode 0644: others may use it; it must have 0600',
  },
  { what: 'a file that its group may write', plant: (path) => put(path, 'x', { mode: 0o620 }), says: 'has mode 0620' },
  {
    what: '100 MB',
    plant: (path) => {
      put(path, 'x');
      truncateSync(path, 100_000_000);
    },
    says: 'has 100000000 bytes, more than the 1048576',
  },
  {
    what: 'a file where a folder should be',
    plant: (path) => put(dirname(path), 'x'),
    says: 'which is no folder',
  },
];

test.each(planted)('$what is refused at once', async ({ what, plant, code = 'ticket-unsafe', says }) => {
  using shared = sharedFolder();
  const path = what.includes('should be') ? join(shared.path, 'file', 'cc') : join(shared.path, 'cc');
  plant(path);
  const start = performance.now();
  const error = await ticketErrorOf(() => readCheckedFile(path, { uid }, fs));
  // A pipe that is waited for would take for ever.
  expect(performance.now() - start).toBeLessThan(4000);
  expect({ code: error.code, message: error.message }).toEqual({ code, message: expect.stringContaining(`${path} `) });
  expect(error.message).toMatch(says);
});

test('a socket is refused', async () => {
  using shared = sharedFolder();
  const path = join(shared.path, 'cc');
  const server = createServer().listen(path);
  await once(server, 'listening');
  const { message } = await ticketErrorOf(() => readCheckedFile(path, { uid }, fs));
  server.close();
  expect(message).toContain('is a socket');
});

test('a device is refused without being opened', async () => {
  const opened: unknown[] = [];
  const watched: CheckedFileSystem = { ...fs, open: (...words) => (opened.push(words), fs.open(...words)) };
  const { message } = await ticketErrorOf(() => readCheckedFile('/dev/zero', { uid }, watched));
  expect(message).toContain('/dev/zero is a device');
  expect(opened).toEqual([]);
});

test("another user's file is refused, whoever that is", async () => {
  using shared = sharedFolder();
  const path = put(join(shared.path, 'cc'), 'x');
  const { code, message } = await ticketErrorOf(() => readCheckedFile(path, { uid: otherUid }, rootsFolders));
  expect({ code, message }).toEqual({
    code: 'ticket-unsafe',
    message: `${path} belongs to uid ${uid}; it must belong to uid ${otherUid}`,
  });
});

test("root's file is no exception", async () => {
  const { message } = await ticketErrorOf(() => readCheckedFile('/etc/passwd', { uid: otherUid }, fs));
  expect(message).toContain('/etc/passwd belongs to uid 0; it must belong to uid');
});

test('a folder on the way that is a symbolic link is refused', async () => {
  using shared = sharedFolder();
  const real = join(shared.path, 'real');
  mkdirSync(real, { mode: 0o700 });
  own(real);
  put(join(real, 'cc'), 'x');
  symlinkSync(real, join(shared.path, 'link'));
  const { message } = await ticketErrorOf(() => readCheckedFile(join(shared.path, 'link', 'cc'), { uid }, fs));
  expect(message).toContain(`lies behind a symbolic link: its folder is really ${real}`);
});

test('a folder where anyone may replace the file is refused', async () => {
  using shared = sharedFolder();
  const path = put(join(shared.path, 'cc'), 'x');
  chmodSync(shared.path, 0o777);
  const { message } = await ticketErrorOf(() => readCheckedFile(path, { uid }, fs));
  expect(message).toContain(`lies in ${shared.path}, where anyone may replace it`);
});

test("a folder of another user's is refused, also further up", async () => {
  using shared = sharedFolder();
  const folder = join(shared.path, 'other', 'inner');
  mkdirSync(folder, { recursive: true });
  const stats = async (path: string) => {
    const real = await fs.lstat(path, { bigint: true });
    return path.endsWith('/other') ? Object.assign(real, { uid: BigInt(otherUid) }) : real;
  };
  const pretended = { ...fs, lstat: stats } as unknown as CheckedFileSystem;
  const { message } = await ticketErrorOf(() => readCheckedFile(put(join(folder, 'cc'), 'x'), { uid }, pretended));
  expect(message).toContain(`lies in ${dirname(folder)}, which belongs to uid ${otherUid}`);
});

/** The real file system, with something happening right after each read of the file, or before each open. */
function meddled(happens: { afterRead?: () => void; beforeOpen?: () => void }): CheckedFileSystem & { opens: number } {
  const system = {
    ...fs,
    opens: 0,
    open: async (...words: Parameters<typeof fs.open>) => {
      system.opens += 1;
      happens.beforeOpen?.();
      const handle = await fs.open(...words);
      const read = handle.read.bind(handle) as (...words: unknown[]) => Promise<unknown>;
      const meddledRead = async (...args: unknown[]): Promise<unknown> => {
        const result = await read(...args);
        happens.afterRead?.();
        return result;
      };
      return Object.assign(handle, { read: meddledRead });
    },
  };
  return system;
}

test('a file replaced while being read is read anew', async () => {
  using shared = sharedFolder();
  const path = put(join(shared.path, 'cc'), 'former');
  let left = 1;
  const system = meddled({
    afterRead: () => {
      left -= 1;
      if (left === 0) replace(path, new TextEncoder().encode('latter'));
    },
  });
  expect(text(await readCheckedFile(path, { uid }, system))).toBe('latter');
  expect(system.opens).toBe(2);
});

test('a file written over in place while being read is read anew, though its size is the same', async () => {
  using shared = sharedFolder();
  const path = put(join(shared.path, 'cc'), 'former');
  let left = 1;
  const system = meddled({
    afterRead: () => {
      left -= 1;
      if (left === 0) writeFileSync(path, 'latter');
    },
  });
  expect(text(await readCheckedFile(path, { uid }, system))).toBe('latter');
});

test('a file that changes with each look is refused', async () => {
  using shared = sharedFolder();
  const path = put(join(shared.path, 'cc'), 'x');
  const system = meddled({ afterRead: () => appendFileSync(path, 'y') });
  const error = await ticketErrorOf(() => readCheckedFile(path, { uid }, system));
  expect({ code: error.code, message: error.message }).toEqual({
    code: 'ticket-unsafe',
    message: `${path} changed while being read`,
  });
});

test('a file that grows without end is not read without end', async () => {
  using shared = sharedFolder();
  const path = put(join(shared.path, 'cc'), 'x');
  let reads = 0;
  const system = meddled({
    afterRead: () => {
      reads += 1;
      appendFileSync(path, 'y'.repeat(1000));
    },
  });
  await ticketErrorOf(() => readCheckedFile(path, { uid }, system));
  expect(reads).toBeLessThan(10);
});

test('a link put in place between look and open is not followed', async () => {
  using shared = sharedFolder();
  const path = put(join(shared.path, 'cc'), 'x');
  const secret = put(join(shared.path, 'secret'), 'secret');
  const system = meddled({
    beforeOpen: () => {
      unlinkSync(path);
      symlinkSync(secret, path);
    },
  });
  const { code, message } = await ticketErrorOf(() => readCheckedFile(path, { uid }, system));
  expect(code).toBe('ticket-unsafe');
  expect(message).toContain('is a symbolic link');
});

test('a pipe put in place between look and open is not waited for', async () => {
  using shared = sharedFolder();
  const path = put(join(shared.path, 'cc'), 'x');
  const system = meddled({
    beforeOpen: () => {
      unlinkSync(path);
      execFileSync('mkfifo', ['-m', '600', path]);
    },
  });
  const { message } = await ticketErrorOf(() => readCheckedFile(path, { uid }, system));
  expect(message).toContain('is a named pipe');
});

test('no handle is left open, whatever the outcome', async () => {
  using shared = sharedFolder();
  const path = put(join(shared.path, 'cc'), 'x'.repeat(2000));
  const open = async (): Promise<number> => {
    const links = (await fs.readdir('/proc/self/fd')).map((fd) => fs.readlink(`/proc/self/fd/${fd}`).catch(() => ''));
    return (await Promise.all(links)).filter((link) => link.startsWith(shared.path)).length;
  };
  await readCheckedFile(path, { uid }, fs);
  await ticketErrorOf(() => readCheckedFile(path, { uid }, meddled({ afterRead: () => appendFileSync(path, 'y') })));
  expect(await open()).toBe(0);
  expect(readFileSync(path, 'utf8')).toContain('xy');
});
