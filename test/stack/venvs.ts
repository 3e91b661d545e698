import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from './cache.ts';
import type { HubVersion } from './hub.ts';
import { runCommand } from './run-command.ts';

const script = fileURLToPath(new URL('venvs.sh', import.meta.url));

/** Makes the Python environments of these hub versions, with the adapter as it stands in the source. */
export async function bringVenvs(versions: readonly HubVersion[]): Promise<void> {
  await runCommand('bash', [script, ...versions]);
}

/** Where the environment of a hub version lies. */
export function venvFolder(version: HubVersion): string {
  return join(cacheFolder('venv'), `hub-${version}`);
}
