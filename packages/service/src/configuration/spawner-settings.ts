import type { SpawnerSettings } from '@berth/spawner';
import type { Configuration } from './configuration.ts';

/** What the spawner needs beside the configuration. */
export interface SpawnerSecrets {
  readonly instance: string;
  readonly labelKey: Uint8Array;
}

export function toSpawnerSettings(configuration: Configuration, secrets: SpawnerSecrets): SpawnerSettings {
  const { containers, docker, history, abandoned } = configuration;
  return {
    instance: secrets.instance,
    labelKey: secrets.labelKey,
    hubs: configuration.hubs.map(({ name, apiUrl }) => ({ name, apiUrl })),
    images: configuration.images,
    commands: configuration.commands,
    containers: {
      prefix: containers.prefix,
      user: containers.user,
      memoryBytes: containers.memory,
      cpus: containers.cpus,
      pids: containers.pids,
      openFiles: containers.openFiles,
      shmBytes: containers.shm,
      environment: containers.environment,
      volumes: containers.volumes,
      workingDirectory: containers.workingDirectory,
      stopGraceSeconds: containers.stopGrace,
      logMaxBytes: containers.logs.maxSize,
      logMaxFiles: containers.logs.maxFiles,
    },
    network: configuration.network,
    history: { keepDays: history.keep / 86_400, logLines: history.logLines },
    abandoned: { afterHours: abandoned.after / 3600, stop: abandoned.stop },
    maximumAgeHours: configuration.maximumAge === undefined ? undefined : configuration.maximumAge / 3600,
    engine: { callSeconds: docker.callTimeout, resyncSeconds: docker.resync },
  };
}
