/** Drift: what the configuration now says otherwise than when a container was made, part by part. */
import { createHash } from 'node:crypto';
import type { SpawnerSettings } from './settings.ts';

const parts: Record<string, (settings: SpawnerSettings) => unknown> = {
  limits: ({ containers: { memoryBytes, cpus, pids, openFiles, shmBytes } }) => [
    memoryBytes,
    cpus,
    pids,
    openFiles,
    shmBytes,
  ],
  volumes: ({ containers }) => containers.volumes,
  environment: ({ containers }) => Object.entries(containers.environment).toSorted(),
  user: ({ containers }) => [containers.user, containers.workingDirectory],
  network: ({ network }) => [network.name, network.mode],
  logs: ({ containers }) => [containers.logMaxBytes, containers.logMaxFiles],
  stop: ({ containers }) => containers.stopGraceSeconds,
};

/** `part=digest` words, one a part; stored with each container. Holds no value of the configuration. */
export function configDigest(settings: SpawnerSettings): string {
  return Object.entries(parts)
    .map(([name, value]) => `${name}=${digest(value(settings))}`)
    .join(' ');
}

/** The names of the parts that differ. A container whose digest is unknown has not drifted as far as is known. */
export function drift(then: string, now: string): string[] {
  if (then === '' || then === now) return [];
  const old = new Set(then.split(' '));
  return now
    .split(' ')
    .filter((word) => !old.has(word))
    .map((word) => word.split('=')[0] ?? word);
}

function digest(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(value ?? null))
    .digest('hex')
    .slice(0, 8);
}
