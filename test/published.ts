/**
 * Every package as its users get it: packed, installed into an empty folder, imported by plain Node and by TypeScript;
 * the adapter as a wheel in a fresh environment.
 */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defaultHubVersion } from './stack/hub.ts';
import { runCommand } from './stack/run-command.ts';
import { bringVenvs, venvFolder } from './stack/venvs.ts';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly workspaces?: readonly string[];
  readonly bin?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const repository = fileURLToPath(new URL('..', import.meta.url));
const root = await readManifest(repository);
const work = await mkdtemp(join(tmpdir(), 'berth-published-'));
try {
  await testNodePackages(join(work, 'node'));
  await testWheel(join(work, 'python'));
} finally {
  await rm(work, { recursive: true, force: true });
}

async function testNodePackages(folder: string): Promise<void> {
  await mkdir(folder);
  const manifests = await Promise.all((root.workspaces ?? []).map((path) => readManifest(join(repository, path))));
  const names = manifests.map(({ name }) => name);
  await runCommand('tsc', ['--build'], { cwd: repository });
  const workspaces = names.flatMap((name) => ['--workspace', name]);
  await runCommand('npm', ['pack', '--silent', '--pack-destination', folder, ...workspaces], { cwd: repository });
  const tarballs = (await readdir(folder)).filter((name) => name.endsWith('.tgz'));
  if (tarballs.length !== names.length) throw new Error(`${names.length} packages, but ${tarballs.length} tarballs`);
  for (const tarball of tarballs) await testContent(join(folder, tarball));

  const typesOfNode = root.devDependencies?.['@types/node'] ?? 'missing';
  const files = Object.fromEntries(tarballs.map((file) => [packageName(file, manifests), `file:${file}`]));
  await writeFile(
    join(folder, 'package.json'),
    JSON.stringify({ type: 'module', dependencies: { ...files, '@types/node': typesOfNode } }),
  );
  await runCommand('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: folder,
  });

  for (const name of names) {
    const program = `import * as all from '${name}'; if (Object.keys(all).length === 0) throw new Error('exports nothing');`;
    await runCommand(process.execPath, ['--input-type=module', '--eval', program], { cwd: folder });
    console.log(`${name}: imported by Node`);
  }
  for (const command of manifests.flatMap(({ bin }) => Object.keys(bin ?? {}))) {
    await runCommand(join(folder, 'node_modules/.bin', command), ['--help'], { cwd: folder });
    console.log(`${command}: answers --help`);
  }
  await testTypes(folder, names);
}

/** What a package must and must not bring. */
async function testContent(tarball: string): Promise<void> {
  const files = (await runCommand('tar', ['-tzf', tarball])).trim().split('\n');
  for (const wanted of [
    'package/package.json',
    'package/README.md',
    'package/dist/index.js',
    'package/dist/index.d.ts',
  ]) {
    if (!files.includes(wanted)) throw new Error(`${tarball} lacks ${wanted}`);
  }
  const unwanted = files.filter((file) => /\.test\.|\/testing\/|tsbuildinfo|\/recorded\//.test(file));
  if (unwanted.length > 0) throw new Error(`${tarball} brings ${unwanted.join(', ')}`);
}

/** A strict consumer: each package resolves, and what it exports has types. */
async function testTypes(folder: string, names: readonly string[]): Promise<void> {
  const imports = names.map((name, index) => `import * as package${index} from '${name}';`);
  const uses = names.map((_, index) => `export const keys${index}: string[] = Object.keys(package${index});`);
  const key = [
    `import { serverKey, type ServerIdentity } from '@berth/spawner';`,
    `const server: ServerIdentity = { hub: 'default', user: 'user1', serverName: '' };`,
    `export const key: string = serverKey(server);`,
    `// @ts-expect-error A key is made of three parts.`,
    `export const wrong = serverKey({ hub: 'default' });`,
  ];
  await writeFile(join(folder, 'consumer.ts'), [...imports, ...uses, ...key].join('\n'));
  const compilerOptions = {
    ...{ strict: true, noEmit: true, target: 'es2024', module: 'nodenext', moduleResolution: 'nodenext' },
    ...{ types: ['node'], skipLibCheck: false, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true },
  };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['consumer.ts'] }));
  await runCommand('tsc', ['-p', folder], { cwd: folder });
  console.log(`types: a strict consumer of ${names.length} packages compiles`);
}

async function testWheel(folder: string): Promise<void> {
  await mkdir(folder);
  await bringVenvs([defaultHubVersion]);
  const builder = join(venvFolder(defaultHubVersion), 'bin/python');
  const adapter = join(repository, 'packages/jupyterhub-berth');
  await runCommand(builder, [
    ...['-m', 'pip', 'wheel', '-q', '--no-deps', '--no-build-isolation', '--wheel-dir', folder, adapter],
  ]);
  const [wheel, ...more] = (await readdir(folder)).filter((name) => name.endsWith('.whl'));
  if (wheel === undefined || more.length > 0) throw new Error('not exactly one wheel');
  const venv = join(folder, 'venv');
  await runCommand(builder, ['-m', 'venv', venv]);
  const python = join(venv, 'bin/python');
  await runCommand(python, ['-m', 'pip', 'install', '-q', `jupyterhub==${defaultHubVersion}`, join(folder, wheel)]);
  const program = [
    'from importlib.metadata import entry_points',
    'import jupyterhub_berth',
    '(spawner,) = entry_points(group="jupyterhub.spawners", name="berth")',
    'assert spawner.load() is jupyterhub_berth.BerthSpawner',
    'from importlib.resources import files',
    'assert (files("jupyterhub_berth") / "py.typed").is_file()',
  ];
  await runCommand(python, ['-c', program.join('\n')], { cwd: folder });
  console.log(`${wheel}: imported, and found by its entry point`);
}

async function readManifest(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest;
}

/** `berth-docker-engine-0.1.0.tgz` is `@berth/docker-engine`. */
function packageName(tarball: string, manifests: readonly Manifest[]): string {
  const found = manifests.find(
    ({ name, version }) => tarball === `${name.replace('@', '').replace('/', '-')}-${version}.tgz`,
  );
  if (found === undefined) throw new Error(`whose is ${tarball}?`);
  return found.name;
}
