/**
 * Images without a builder: one layer, one configuration, in the form that `docker load` reads (the image
 * specification v1.2: manifest.json, a configuration named by its digest, the layer as a plain tar).
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { runCommand } from './run-command.ts';

export interface ImageConfiguration {
  readonly user: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
  readonly command: readonly string[];
}

/** Writes `folder` as an image named `reference` into `file`; the file appears whole or not at all. */
export async function writeImageArchive(
  folder: string,
  reference: string,
  configuration: ImageConfiguration,
  file: string,
): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const work = await mkdtemp(`${file}.`);
  try {
    const layer = join(work, 'layer.tar');
    await runCommand('tar', ['--numeric-owner', '--xattrs', '--one-file-system', '-C', folder, '-cf', layer, '.']);
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
      rootfs: { type: 'layers', diff_ids: [`sha256:${await sha256(layer)}`] },
      history: [{ created: '2026-01-01T00:00:00Z', created_by: 'berth test image' }],
    });
    const configName = `${createHash('sha256').update(config).digest('hex')}.json`;
    await writeFile(join(work, configName), config);
    const manifest = [{ Config: configName, RepoTags: [reference], Layers: ['layer.tar'] }];
    await writeFile(join(work, 'manifest.json'), JSON.stringify(manifest));
    const whole = join(work, 'image.tar');
    await runCommand('tar', ['--numeric-owner', '-C', work, '-cf', whole, 'manifest.json', configName, 'layer.tar']);
    await rename(whole, file);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}
