/**
 * The one dockerd, with both images, that ordinary integration tests share. A test that stops, kills or fills a daemon
 * starts one of its own (dockerd.ts, tiny-image.ts).
 */
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Dockerd } from './dockerd.ts';
import { notebookImage, type ImageArchive } from './images.ts';
import { runCommand } from './run-command.ts';
import { loadTinyImage, TINY_IMAGE } from './tiny-image.ts';

export interface SharedEngine {
  /** The folder of the whole run; see root.ts. */
  readonly root: string;
  readonly socketPath: string;
  /** The host's address that containers reach. */
  readonly bridgeAddress: string;
  readonly notebookImage: string;
  readonly tinyImage: string;
}

const variable = 'BERTH_TEST_ENGINE';

/** Starts a dockerd under `root` and loads both images into it. */
export async function startEngine(root: string, notebook: ImageArchive): Promise<Dockerd> {
  const dockerd = await Dockerd.start({ root: join(root, 'd') });
  await dockerd.docker('load', '-q', '-i', notebook.file);
  await loadTinyImage(dockerd.socketPath);
  return dockerd;
}

export function describeEngine(root: string, dockerd: Dockerd): SharedEngine {
  const { socketPath, bridgeAddress } = dockerd;
  return { root, socketPath, bridgeAddress, notebookImage, tinyImage: TINY_IMAGE };
}

/** Tells the workers of this jest run; undefined takes it back. */
export function announceEngine(engine: SharedEngine | undefined): void {
  if (engine === undefined) delete process.env[variable];
  else process.env[variable] = JSON.stringify(engine);
}

/** The engine that jest's global set-up started. */
export function sharedEngine(): SharedEngine {
  const announced = process.env[variable];
  if (announced === undefined) throw new Error('no shared engine: run with --config test/jest.integration.config.ts');
  return JSON.parse(announced) as SharedEngine;
}

/** A new folder for one test below the run's own; its name is short, as unix sockets lie in it. */
export async function testFolder(): Promise<string> {
  const folder = join(sharedEngine().root, randomBytes(3).toString('hex'));
  await mkdir(folder);
  return folder;
}

/** Runs the docker client against an engine. */
export async function docker(engine: Pick<SharedEngine, 'socketPath'>, ...args: string[]): Promise<string> {
  return runCommand('docker', ['-H', `unix://${engine.socketPath}`, ...args]);
}
