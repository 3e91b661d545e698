/**
 * The notebook image with what analysts use beside their ticket: Kerberos' and LDAP's tools, Java, Spark with Hadoop's
 * client. It is a layer on the notebook image, and knows no account and no realm. What to run in it: gssapi.ts.
 */
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cacheFolder } from './cache.ts';
import { packLayer, takeFirstLayer, writeImageArchive } from './image-archive.ts';
import {
  bringNotebookImage,
  exists,
  gatherWheels,
  notebookConfiguration,
  removeOlder,
  type ImageArchive,
} from './images.ts';
import { runCommand, tryCommand } from './run-command.ts';

const reference = 'berth-test/kerberos:1';
const debian = ['krb5-user', 'ldap-utils', 'libsasl2-modules-gssapi-mit', 'openjdk-17-jre-headless'];
const python = ['pyspark==3.5.6'];
/** Raised when the steps below change what is made. */
const edition = 1;

/** Loads the image into a daemon that hasn't got it; resolves with its reference. Made first where the cache doesn't hold it. */
export async function kerberosImage(engine: { readonly socketPath: string }): Promise<string> {
  const host = ['-H', `unix://${engine.socketPath}`];
  if ((await tryCommand('docker', [...host, 'image', 'inspect', reference])) !== undefined) return reference;
  const { file } = await bringKerberosImage((line) => process.stdout.write(`${line}\n`));
  await runCommand('docker', [...host, 'load', '-q', '-i', file]);
  return reference;
}

/** The archive, made now where the cache doesn't hold it: a minute, besides the notebook image. */
export async function bringKerberosImage(say: (line: string) => void): Promise<ImageArchive> {
  const notebook = await bringNotebookImage(say);
  const recipe = JSON.stringify({ edition, debian, python, notebook: basename(notebook.file) });
  const hash = createHash('sha256').update(recipe).digest('hex').slice(0, 12);
  const folder = cacheFolder('images');
  const file = join(folder, `kerberos-${hash}.tar`);
  if (await exists(file)) return { reference, file };
  say(`making the image ${reference}`);
  const work = await mkdtemp(join(folder, 'making-'));
  try {
    const layers = [join(work, 'notebook.tar'), join(work, 'kerberos.tar')] as const;
    await makeLayer(notebook.file, layers, work);
    await writeImageArchive(layers, reference, notebookConfiguration, file);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  await removeOlder(folder, 'kerberos-', file);
  return { reference, file };
}

async function makeLayer(notebook: string, layers: readonly [string, string], work: string): Promise<void> {
  const [root, wheels, packages] = [join(work, 'root'), join(work, 'wheels'), join(work, 'packages')];
  const gathered = gatherWheels(python, wheels, join(work, 'gather'));
  await takeFirstLayer(notebook, layers[0]);
  await mkdir(root);
  await runCommand('tar', ['--numeric-owner', '-C', root, '-xf', layers[0]]);
  await Promise.all([gathered, gatherPackages(root, packages)]);
  const since = join(work, 'since');
  await writeFile(since, '');
  await sleep(100);
  await mkdir(join(root, 'usr/share/man/man1'), { recursive: true }); // Java's packages fail without it.
  await cp(packages, join(root, 'packages'), { recursive: true });
  await cp(wheels, join(root, 'wheels'), { recursive: true });
  await inside(root, 'dpkg', '--install', '--recursive', '/packages');
  await inside(root, '/opt/notebook/bin/pip', 'install', '-q', '--no-index', '--find-links', '/wheels', ...python);
  for (const path of [
    'packages',
    'wheels',
    'usr/share/doc',
    'usr/share/man',
    'var/log/dpkg.log',
    'var/log/alternatives.log',
  ])
    await rm(join(root, path), { recursive: true, force: true });
  await packLayer(root, layers[1], since);
}

/** Debian packages that the root still lacks, chosen and loaded by the machine's apt: its mirrors and settings stay outside. */
async function gatherPackages(root: string, packages: string): Promise<void> {
  await mkdir(join(packages, 'partial'), { recursive: true });
  const places = [`Dir::State::status=${root}/var/lib/dpkg/status`, `Dir::Cache::archives=${packages}/`];
  const options = places.flatMap((place) => ['-o', place]);
  const install = ['install', '-y', '-q', '--no-install-recommends', '--download-only', ...options, ...debian];
  await runCommand('apt-get', install).catch(async () => {
    await runCommand('apt-get', ['update', '-q']);
    await runCommand('apt-get', install);
  });
}

/** Java's packages want /proc; that mount goes with the command. */
async function inside(root: string, ...command: readonly string[]): Promise<void> {
  const script = 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"';
  const env = {
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
    LANG: 'C.UTF-8',
    HOME: '/root',
    DEBIAN_FRONTEND: 'noninteractive',
  };
  await runCommand('unshare', ['--mount', 'sh', '-c', script, root, ...command], { env });
}
