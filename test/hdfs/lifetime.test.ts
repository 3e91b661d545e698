/** Hadoop in a notebook beyond the end of the ticket with which its JVM began. Tickets live for seconds, from an MIT KDC. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DirectoryStack } from '../stack/directory-stack.ts';
import { Hdfs, hdfsClient } from '../stack/hdfs.ts';
import { kerberosImage } from '../stack/kerberos-image.ts';
import { krb5Conf } from '../stack/krb5-conf.ts';
import { MitKdc } from '../stack/mit-kdc.ts';
import type { Notebook } from '../stack/notebook.ts';
import { Relay } from '../stack/relay.ts';
import { sharedEngine, testFolder } from '../stack/shared-engine.ts';
import { list, openFileSystem } from './cells.ts';

const password = 'Pa55-of-the-user';
const KDC_PORT = 8088;
const LIFE_SECONDS = 40;
/** Seconds that a JVM may take on a busy machine. */
const PATIENCE = 110;
let kdc: MitKdc;
let relay: Relay;
let site: DirectoryStack;
let hdfs: Hdfs;

beforeAll(async () => {
  const engine = sharedEngine();
  const folder = await testFolder();
  const hdfsFolder = join(folder, 'hdfs');
  kdc = await MitKdc.start({ folder: join(folder, 'kdc'), lifeSeconds: LIFE_SECONDS });
  await kdc.createUser('user1', password);
  await kdc.createUser('user2', password, { renewable: false });
  await kdc.createUser('user3', password);
  relay = await Relay.start({
    from: engine.bridgeAddress,
    to: kdc.address,
    ports: [{ from: KDC_PORT, to: 88 }],
  });
  const krb5ConfFile = join(folder, 'mit.conf');
  await writeFile(krb5ConfFile, krb5Conf([{ ...kdc.krb5Realm, kdcs: [`${engine.bridgeAddress}:${KDC_PORT}`] }]));
  site = await DirectoryStack.start({
    ...{ folder, engine, images: [await kerberosImage(engine)] },
    prepare: async (accounts) => {
      for (const name of ['user1', 'user2', 'user3']) await accounts.createUser({ name, password });
    },
    login: { allow: ['BANK\\domain^users'] },
    tickets: { krb5Conf: krb5ConfFile, minimumLife: '5s' },
    berthConfiguration: { containers: hdfsClient(hdfsFolder) },
  });
  hdfs = await Hdfs.start({ folder: hdfsFolder, realm: kdc, address: engine.bridgeAddress });
  await hdfs.makeHome('user1');
}, 300_000);

afterAll(async () => {
  await hdfs?.remove();
  await site?.remove();
  await relay?.remove();
  await kdc?.remove();
});

/** Hadoop's waits to the scale of these tickets: it logs in anew once a minute at most, and keeps connections for 10 s. */
const brisk = { 'hadoop.kerberos.min.seconds.before.relogin': '1', 'ipc.client.connection.maxidletime': '1000' };
/** Hadoop renews nothing itself: it lives on what is in the cache. */
const passive = { ...brisk, 'hadoop.kerberos.kinit.command': '/bin/false' };

/** A JVM of its own that has HDFS open; looks into it again. */
async function openJvm(
  notebook: Notebook,
  settings: Readonly<Record<string, string>>,
  first = '',
): Promise<() => Promise<unknown>> {
  const kernel = await notebook.startKernel();
  await notebook.execute(kernel, first + openFileSystem(settings), PATIENCE);
  const look = async () => JSON.parse(await notebook.execute(kernel, list('/user'), PATIENCE)) as unknown;
  expect(await look()).toEqual(['user1']);
  return look;
}

async function notebookOf(user: string): Promise<Notebook> {
  return site.notebook(await site.loggedIn(user, password), user);
}

/** When the published ticket ends. */
async function endOfTicket(user: string): Promise<number> {
  const { ticket } = await site.stack.berth.get<{ ticket: { endsAt: string } }>(`/v1/users/${user}`);
  return Date.parse(ticket.endsAt);
}

async function until(time: number): Promise<void> {
  await sleep(Math.max(0, time - Date.now()));
}

/** A copy of the ticket, of which nobody hears any more. */
const keptTicket = `import os, shutil
shutil.copy(os.environ["KRB5CCNAME"].removeprefix("FILE:"), os.path.expanduser("~/kept"))
os.environ["KRB5CCNAME"] = "FILE:" + os.path.expanduser("~/kept")
`;

test('JVMs outlive the tickets that they began with, as those are renewed or a new login replaces them', async () => {
  const user2 = await notebookOf('user2');
  const user1 = await notebookOf('user1');
  const user3 = await notebookOf('user3');
  const alone = await openJvm(user1, passive, keptTicket);
  const renewedByBerth = await openJvm(user1, passive);
  // In a cache of its own: where Hadoop renews, it renews for all that share the cache.
  const renewedByBoth = await openJvm(user3, brisk);
  await site.loggedIn('user2', password);
  const renewedByLogin = await openJvm(user2, passive);
  // None of them began with a ticket that ends later.
  const ends = {
    user1: await endOfTicket('user1'),
    user2: await endOfTicket('user2'),
    user3: await endOfTicket('user3'),
  };
  await until(ends.user2 - 15_000);
  expect(await endOfTicket('user2')).toBe(ends.user2);
  await site.loggedIn('user2', password);
  await until(Math.max(...Object.values(ends)) + 3000);
  expect(await renewedByLogin()).toEqual(['user1']);
  expect(await renewedByBerth()).toEqual(['user1']);
  expect(await renewedByBoth()).toEqual(['user1']);
  expect(await endOfTicket('user1')).toBeGreaterThan(ends.user1);
  expect(await alone()).toMatch(/^refused: .*(Unable to obtain password from user|Failed to find any Kerberos tgt)/);
}, 300_000);
