/**
 * The notebook image of the real tests: Debian with JupyterHub's single-user server, JupyterLab and a Python kernel.
 *
 * It is made from Debian's and PyPI's registries alone, once, and kept as an archive named for its recipe. Python
 * packages are gathered on the machine, with the machine's own settings for certificates and indexes, and installed in
 * the image offline: none of those settings enters it.
 */
import { createHash } from 'node:crypto';
import { access, cp, mkdir, mkdtemp, readdir, rm, unlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { cacheFolder } from './cache.ts';
import { packLayer, writeImageArchive } from './image-archive.ts';
import type { ImageConfiguration } from './image-archive.ts';
import { runCommand } from './run-command.ts';

/** An image in an archive that `docker load` reads. */
export interface ImageArchive {
  readonly reference: string;
  readonly file: string;
}

const debian = { suite: 'bookworm', variant: 'minbase', include: ['ca-certificates', 'python3', 'python3-venv'] };
const python = ['jupyterhub==5.5.1', 'jupyterlab==4.6.6', 'ipykernel==7.4.0'];
const account = { name: 'jovyan', uid: 1000, gid: 1000, home: '/home/jovyan' };
/** What each notebook image is started with. */
export const notebookConfiguration: ImageConfiguration = {
  user: account.name,
  environment: {
    PATH: '/opt/notebook/bin:/usr/local/bin:/usr/bin:/bin',
    LANG: 'C.UTF-8',
    HOME: account.home,
  },
  workingDirectory: account.home,
  command: ['jupyterhub-singleuser'],
};
/** Raised when the steps below change what is made, the base too. */
const edition = 2;

/** JupyterHub's single-user server 5.5.1; hubs 4.1.6 and 6.0.0b2 work with it too. */
export const notebookImage = 'berth-test/singleuser:5.5.1';

/** The notebook image, made now where the cache doesn't hold it (about a minute and a half). */
export async function bringNotebookImage(say: (line: string) => void): Promise<ImageArchive> {
  const recipe = JSON.stringify({
    edition,
    debian,
    python,
    account,
    configuration: notebookConfiguration,
    arch: process.arch,
  });
  const hash = createHash('sha256').update(recipe).digest('hex').slice(0, 12);
  const folder = cacheFolder('images');
  const file = join(folder, `singleuser-5.5.1-${hash}.tar`);
  if (!(await exists(file))) {
    say(`making the image ${notebookImage}`);
    const work = await mkdtemp(join(folder, 'making-'));
    try {
      await makeRoot(join(work, 'root'), join(work, 'wheels'), work, say);
      await packLayer(join(work, 'root'), join(work, 'layer'));
      await writeImageArchive([join(work, 'layer')], notebookImage, notebookConfiguration, file);
    } finally {
      await rm(work, { recursive: true, force: true });
    }
    await removeOlder(folder, 'singleuser-5.5.1-', file);
  }
  return { reference: notebookImage, file };
}

async function makeRoot(root: string, wheels: string, work: string, say: (line: string) => void): Promise<void> {
  const [base] = await Promise.all([bringBase(say), gatherWheels(python, wheels, join(work, 'gather'))]);
  await mkdir(root);
  await runCommand('tar', ['--numeric-owner', '-C', root, '-xf', base]);
  await cp(wheels, join(root, 'wheels'), { recursive: true });
  const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8', HOME: '/root' };
  const inside = (...command: string[]) => runCommand('chroot', [root, ...command], { env });
  await inside('python3', '-m', 'venv', '/opt/notebook');
  await inside('/opt/notebook/bin/pip', 'install', '-q', '--no-index', '--find-links', '/wheels', ...python);
  await inside('groupadd', '-g', String(account.gid), account.name);
  await inside(
    ...['useradd', '-u', String(account.uid), '-g', String(account.gid), '-d', account.home, '-m', '-s', '/bin/bash'],
    account.name,
  );
  await rm(join(root, 'wheels'), { recursive: true });
}

/** Debian's base as a tar, kept by itself: other images start from it too. */
async function bringBase(say: (line: string) => void): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify({ edition, debian })).digest('hex').slice(0, 12);
  const folder = cacheFolder('images');
  const file = join(folder, `base-${hash}.tar`);
  if (await exists(file)) return file;
  say(`making Debian ${debian.suite} by debootstrap`);
  const work = await mkdtemp(join(folder, 'base-'));
  try {
    const root = join(work, 'root');
    const options = [`--variant=${debian.variant}`, `--include=${debian.include.join(',')}`];
    await runCommand('debootstrap', [...options, debian.suite, root, ...(await debianMirror())]);
    // Of no use in a container, or the machine's own.
    const needless = ['var/cache/apt', 'var/lib/apt/lists', 'var/log', 'usr/share/doc', 'usr/share/man'];
    for (const path of [...needless, 'usr/share/locale', 'usr/share/info']) {
      for (const entry of await readdir(join(root, path)).catch(() => [])) {
        await rm(join(root, path, entry), { recursive: true });
      }
    }
    const machines = ['etc/apt/sources.list', 'etc/resolv.conf', 'etc/hostname', 'etc/hosts'];
    for (const path of machines) await writeFile(join(root, path), '');
    await runCommand('tar', ['--numeric-owner', '--exclude=./dev/*', '-C', root, '-cf', join(work, 'tar'), '.']);
    await runCommand('mv', [join(work, 'tar'), file]);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  await removeOlder(folder, 'base-', file);
  return file;
}

/** Wheels of these packages and all that they need. Debian's own Python, as it is the one inside. */
export async function gatherWheels(packages: readonly string[], wheels: string, venv: string): Promise<void> {
  const debianPython = '/usr/bin/python3';
  await runCommand(debianPython, ['-m', 'venv', venv]);
  await runCommand(join(venv, 'bin/pip'), ['wheel', '-q', '--use-pep517', '--wheel-dir', wheels, ...packages]);
}

/** The mirror that the machine itself uses for this suite; none: debootstrap's own default. */
async function debianMirror(): Promise<string[]> {
  const format = ['--format', '$(REPO_URI) $(CODENAME) $(COMPONENT)'];
  const targets = await runCommand('apt-get', ['indextargets', ...format]).catch(() => '');
  const found = targets.split('\n').find((line) => line.endsWith(` ${debian.suite} main`));
  return found?.split(' ').slice(0, 1) ?? [];
}

/** Removes archives of the same name that other recipes made. */
export async function removeOlder(folder: string, prefix: string, keep: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.startsWith(prefix) && name.endsWith('.tar') && name !== basename(keep)) {
      await unlink(join(dirname(keep), name));
    }
  }
}

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
