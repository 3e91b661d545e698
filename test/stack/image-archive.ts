/**
 * Images without a builder: layers and one configuration, in the form that `docker load` reads (the image
 * specification v1.2: manifest.json, a configuration named by its digest, each layer as a plain tar).
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { runCommand } from './run-command.ts';

export interface ImageConfiguration {
  readonly user: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  readonly command: readonly string[];
}

/** Packs a folder as a layer; with `since`, only what was made or changed after that file was. */
export async function packLayer(folder: string, layer: string, since?: string): Promise<void> {
  const options = ['--numeric-owner', '--xattrs', '-C', folder, '-cf', layer];
  if (since === undefined) {
    await runCommand('tar', [...options, '--one-file-system', '.']);
    return;
  }
  const changed = await runCommand('find', ['.', '-xdev', '-cnewer', since, '-print0'], { cwd: folder });
  await runCommand('tar', [...options, '--no-recursion', '--null', '-T', '-'], { input: changed });
}

/** Takes the first layer of an archive that `writeImageArchive` wrote. */
export async function takeFirstLayer(archive: string, layer: string): Promise<void> {
  await runCommand('sh', ['-c', 'exec tar -xOf "$1" "$2" >"$3"', 'sh', archive, FIRST_LAYER, layer]);
}

/** Writes layers, the lowest first, as an image named `reference` into `file`; the file appears whole or not at all. */
export async function writeImageArchive(
  layers: readonly string[],
  reference: string,
  configuration: ImageConfiguration,
  file: string,
): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const work = await mkdtemp(`${file}.`);
  try {
    const names = layers.map((_layer, index) => (index === 0 ? FIRST_LAYER : `layer${index}.tar`));
    for (const [index, name] of names.entries()) await symlink(layers[index] ?? '', join(work, name));
    const digests = await Promise.all(layers.map(async (layer) => `sha256:${await sha256(layer)}`));
    const config = JSON.stringify({
      architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
      os: 'linux',
      created: '2026-01-01T00:00:00Z',
      config: {
        User: configuration.user,
        Env: Object.entries(configuration.environment).map(([name, value]) => `${name}=${value}`),
        WorkingDir: configuration.workingDirectory,
        Cmd: configuration.command,
      },
      rootfs: { type: 'layers', diff_ids: digests },
      history: layers.map(() => ({ created: '2026-01-01T00:00:00Z', created_by: 'berth test image' })),
    });
    const configName = `${createHash('sha256').update(config).digest('hex')}.json`;
    await writeFile(join(work, configName), config);
    const manifest = [{ Config: configName, RepoTags: [reference], Layers: names }];
    await writeFile(join(work, 'manifest.json'), JSON.stringify(manifest));
    const whole = join(work, 'image.tar');
    const parts = ['manifest.json', configName, ...names];
    await runCommand('tar', ['--numeric-owner', '--dereference', '-C', work, '-cf', whole, ...parts]);
    await rename(whole, file);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

const FIRST_LAYER = 'layer.tar';

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
