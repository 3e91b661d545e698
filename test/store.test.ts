/** The store against what only a real kernel does: SIGKILL, two processes, a file system without room. */
import { expect, test } from '@jest/globals';
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { StoreError } from '@berth/spawner';
import { openStore } from '@berth/store';
import { entry, record, storeErrorOf } from '../packages/store/src/testing/state-folder.ts';

const program = fileURLToPath(new URL('../packages/store/src/testing/store-process.ts', import.meta.url));

test('a writer killed in mid-commit loses nothing that it acknowledged, and its folder is free at once', async () => {
  await withFolder(async (folder) => {
    for (const commits of [1, 2, 17, 50, 143]) {
      const acknowledged = await killAfter(commits, startProcess('write', folder));
      const store = await openStore({ folder });
      const [server] = (await store.loadServers()).records;
      const history = await store.listHistory({ limit: 5000 });
      await store.close();
      // The kill may fall between a commit and its line.
      expect([acknowledged, acknowledged + 1]).toContain(server?.generation);
      expect(history.items.map(({ generation }) => generation).toSorted((a, b) => a - b)).toEqual(
        Array.from({ length: server?.generation ?? 0 }, (_, index) => index + 1),
      );
    }
  });
});

test('a folder that another process has open is refused with its pid, whatever that process does, until it is killed', async () => {
  await withFolder(async (folder) => {
    const holder = startProcess('hold', folder);
    try {
      await once(lines(holder), 'line');
      const error = await storeErrorOf(() => openStore({ folder }));
      expect(error.code).toBe('in-use');
      expect(error.message).toContain(`${folder} is in use by process ${holder.pid}.`);
      const second = spawnSync(process.execPath, ['--conditions=berth-source', program, 'hold', folder], {
        encoding: 'utf8',
        timeout: 20_000,
      });
      expect(second.status).toBe(1);
      expect(second.stderr).toContain("code: 'in-use'");
    } finally {
      await kill(holder);
    }
    const store = await openStore({ folder });
    expect((await store.loadServers()).records).toEqual([record()]);
    await store.close();
  });
});

test('on a full disk writes are refused as such, nothing acknowledged is lost, and with room they go on', async () => {
  await withSmallDisk(async (disk) => {
    const folder = join(disk, 'state');
    const store = await openStore({ folder });
    const { saved, error } = await writeUntilError(async (generation) => {
      await store.endServer(
        record({ key: `k${generation}` }),
        entry({ key: `k${generation}`, logTail: ['x'.repeat(9000)] }),
      );
    });
    expect(error).toMatchObject({
      code: 'disk-full',
      message: expect.stringContaining(`The disk of ${folder} is full`),
    });
    expect(saved).toBeGreaterThan(20);

    expect(await storeErrorOf(() => store.backup())).toMatchObject({ code: 'disk-full' });
    expect(readdirSync(join(folder, 'backups'))).toEqual([]);

    expect((await store.loadServers()).records).toHaveLength(saved);
    expect((await store.listHistory({ limit: 5000 })).items).toHaveLength(saved);

    grow(disk);
    await store.saveServer(record({ key: 'with-room' }));
    expect((await store.backup()).bytes).toBeGreaterThan(saved * 9000);
    await store.close();
    const again = await openStore({ folder });
    expect((await again.loadServers()).records).toHaveLength(saved + 1);
    await again.close();
  });
});

test('a state folder on a full disk is refused as such, new or not, and opens once there is room', async () => {
  await withSmallDisk(async (disk) => {
    const folder = join(disk, 'state');
    const store = await openStore({ folder });
    await store.saveServer(record());
    await store.close();
    fill(disk, 0);
    expect(await storeErrorOf(() => openStore({ folder: join(disk, 'new') }))).toMatchObject({ code: 'disk-full' });
    const outcomes: string[] = [];
    for (let left = 0; left <= 20; left++) {
      fill(disk, left);
      outcomes.push(await opening(folder));
    }
    expect(outcomes[0]).toBe('disk-full');
    expect(outcomes.at(-1)).toBe('opened');
    expect(new Set(outcomes)).toEqual(new Set(['disk-full', 'opened']));
    grow(disk);
    for (const [path, servers] of [
      [folder, 1],
      [join(disk, 'new'), 0],
    ] as const) {
      const opened = await openStore({ folder: path });
      expect((await opened.loadServers()).records).toHaveLength(servers);
      await opened.close();
    }
  });
});

async function opening(folder: string): Promise<string> {
  try {
    await (await openStore({ folder })).close();
    return 'opened';
  } catch (error) {
    return error instanceof StoreError ? error.code : String(error);
  }
}

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'berth-store-'));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A file system of 2 MiB. */
async function withSmallDisk(work: (disk: string) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const disk = join(folder, 'disk');
    mkdirSync(disk);
    run('mount', '-t', 'tmpfs', '-o', 'size=2m,mode=0700', 'berth-test', disk);
    try {
      await work(disk);
    } finally {
      run('umount', '-l', disk);
    }
  });
}

function grow(disk: string): void {
  run('mount', '-o', 'remount,size=32m', disk);
}

/** Takes all room but that of `left` pages. */
function fill(disk: string, left: number): void {
  const filler = join(disk, 'filler');
  rmSync(filler, { force: true });
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(filler, Buffer.alloc((bavail - left) * bsize));
}

function run(command: string, ...parameters: string[]): void {
  const { status, stderr } = spawnSync(command, parameters, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${parameters.join(' ')} (needs root): ${stderr}`);
}

async function writeUntilError(
  write: (number: number) => Promise<void>,
): Promise<{ saved: number; error: StoreError }> {
  for (let number = 0; ; number++) {
    try {
      await write(number);
    } catch (error) {
      if (error instanceof StoreError) return { saved: number, error };
      throw error;
    }
  }
}

function startProcess(mode: 'hold' | 'write', folder: string): ChildProcess {
  return spawn(process.execPath, ['--conditions=berth-source', program, mode, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

function lines(child: ChildProcess) {
  if (child.stdout === null) throw new Error('no pipe');
  return createInterface(child.stdout);
}

/** Kills it once it has printed `count` lines; returns the last it printed at all. */
async function killAfter(count: number, child: ChildProcess): Promise<number> {
  let last = 0;
  let seen = 0;
  const exited = once(child, 'exit');
  for await (const line of lines(child)) {
    last = Number(line);
    if (++seen === count) child.kill('SIGKILL');
  }
  expect(await exited).toEqual([null, 'SIGKILL']);
  return last;
}

async function kill(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
