/** A notebook's way into a Kerberized HDFS: as the user who logged in, by the ticket and nothing else. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from '../stack/browser.ts';
import { DirectoryStack } from '../stack/directory-stack.ts';
import { Hdfs, hdfsClient } from '../stack/hdfs.ts';
import { kerberosImage } from '../stack/kerberos-image.ts';
import type { Notebook } from '../stack/notebook.ts';
import { sharedEngine, testFolder } from '../stack/shared-engine.ts';
import { list, openFileSystem, sparkTable, writeFile } from './cells.ts';

const password = 'Pa55-of-the-user';
const noTicket = /^refused: .*Client cannot authenticate via:\[TOKEN, KERBEROS\]/;
/** Seconds that a JVM may take on a busy machine. */
const PATIENCE = 110;
let site: DirectoryStack;
let hdfs: Hdfs;
let browser: Browser;
let user1: Notebook;

beforeAll(async () => {
  const engine = sharedEngine();
  const folder = await testFolder();
  const hdfsFolder = join(folder, 'hdfs');
  site = await DirectoryStack.start({
    ...{ folder, engine, images: [await kerberosImage(engine)] },
    prepare: async (accounts) => {
      for (const name of ['user1', 'user2', 'user3']) await accounts.createUser({ name, password });
      await accounts.createGroup({ name: 'risk analysts', members: ['user1', 'user2'] });
      await accounts.createGroup({ name: 'tellers', members: ['user3'] });
    },
    login: { allow: ['BANK\\risk analysts'] },
    berthConfiguration: { containers: hdfsClient(hdfsFolder) },
  });
  hdfs = await Hdfs.start({ folder: hdfsFolder, realm: site.directory, address: engine.bridgeAddress });
  for (const name of ['user1', 'user2', 'user3']) await hdfs.makeHome(name);
  browser = await site.loggedIn('user1', password);
  user1 = await site.notebook(browser, 'user1');
}, 300_000);

afterAll(async () => {
  await hdfs?.remove();
  await site?.remove();
});

/** A kernel with a JVM of its own, which has done nothing yet. */
async function freshJvm(notebook: Notebook): Promise<(cell: string) => Promise<unknown>> {
  const kernel = await notebook.startKernel();
  await notebook.execute(kernel, openFileSystem(), PATIENCE);
  return async (cell) => JSON.parse(await notebook.execute(kernel, cell, PATIENCE)) as unknown;
}

test('Spark writes a table into HDFS and reads it, and it is the user who owns it', async () => {
  const kernel = await user1.startKernel();
  const said = JSON.parse(await user1.execute(kernel, sparkTable('/user/user1/table'), PATIENCE));
  expect(said).toEqual({ rows: 1000, as: 'user1@CORP.EXAMPLE.TEST (auth:KERBEROS)' });
  expect(await hdfs.status('/user/user1/table')).toMatchObject({ owner: 'user1', type: 'DIRECTORY' });
  expect(await hdfs.status('/user/user1/table/_SUCCESS')).toMatchObject({ owner: 'user1', type: 'FILE' });
});

test('nothing in the container but the ticket opens HDFS', async () => {
  const kernel = await user1.startKernel();
  const look = `import subprocess
print(subprocess.getoutput("ls /etc/hadoop/conf; touch /etc/hadoop/conf/x; grep -rliE 'keytab|passw' /etc/hadoop/conf; find / -xdev -name '*.keytab*' 2>/dev/null; env | grep -iE 'passw|keytab'"))`;
  const said = await user1.execute(kernel, look);
  expect(said.trim().split('\n')).toEqual([
    'core-site.xml',
    'hdfs-site.xml',
    expect.stringContaining('Read-only file system'),
  ]);
  await user1.execute(kernel, 'import os\ndel os.environ["KRB5CCNAME"]');
  await user1.execute(kernel, openFileSystem(), PATIENCE);
  expect(JSON.parse(await user1.execute(kernel, list('/user/user1')))).toMatch(noTicket);
});

test("another user's notebook works in its own folder and is refused in this one", async () => {
  const own = await freshJvm(await site.notebook(await site.loggedIn('user2', password), 'user2'));
  const other = '/user/user1/by-user2';
  const denied = /^refused: .*Permission denied: user=user2, access=\w+, inode="\/user\/user1":user1:user1:drwx------/;
  expect(await own(writeFile(other))).toMatch(denied);
  expect(await own(list('/user/user1'))).toMatch(denied);
  expect(await hdfs.status(other)).toBeUndefined();
  expect(await own(writeFile('/user/user2/own'))).toBe(19);
  expect(await hdfs.status('/user/user2/own')).toMatchObject({ owner: 'user2', length: 19 });
});

test('who is in no listed group has neither login nor server, with a folder in HDFS all the same', async () => {
  await expect(site.loggedIn('user3', password)).rejects.toThrow('the hub refuses user3 (403)');
  expect(await site.stack.containers('user3')).toEqual([]);
  expect(await hdfs.status('/user/user3')).toMatchObject({ owner: 'user3' });
});

test('a JVM that runs goes on when a new login replaces its ticket', async () => {
  const run = await freshJvm(user1);
  expect(await run(writeFile('/user/user1/before'))).toBe(19);
  const before = await published('user1');
  await site.loggedIn('user1', password);
  const after = await published('user1');
  expect(after.ino).not.toBe(before.ino);
  expect(await run(writeFile('/user/user1/after'))).toBe(19);
  expect(await run(list('/user/user1'))).toEqual(expect.arrayContaining(['after', 'before', 'table']));
});

test('once the ticket is destroyed a JVM is refused, until the next login brings another', async () => {
  const destroyed = await site.stack.berth.call('admin', 'DELETE', '/v1/users/user1/ticket');
  expect([destroyed.status, await destroyed.json()]).toEqual([200, expect.objectContaining({ ticket: null })]);
  expect(await (await freshJvm(user1))(list('/user/user1'))).toMatch(noTicket);
  await site.loggedIn('user1', password);
  expect(await (await freshJvm(user1))(list('/user/user1'))).toContain('table');
});

/** The ticket as the user's container sees it. */
async function published(user: string): Promise<{ readonly ino: number }> {
  const { account } = await site.stack.berth.get<{ account: { uid: number } }>(`/v1/users/${user}`);
  return stat(join(site.stack.berth.runtime, 'krb5', String(account.uid), 'krb5cc'));
}
