import type { EngineInfo } from '@berth/spawner';
import { EngineError } from '@berth/spawner';
import type { DockerConnection } from './docker-connection.ts';
import { dial } from './docker-dial.ts';
import { listIn, numberIn, objectIn, textIn } from './json-value.ts';
import { plainText } from './plain-text.ts';

/** What Docker says of itself in `GET /info`. */
export async function describeDocker(connection: DockerConnection, signal: AbortSignal): Promise<EngineInfo> {
  const answer = await connection.call({ name: 'info', subject: 'engine', signal }, (docker, abortSignal) =>
    dial(docker, '/info', {}, abortSignal),
  );
  const info = objectIn(answer);
  if (info === undefined) throw new EngineError('refused', "Docker's answer about itself can't be read");
  const driver = info['CgroupDriver'];
  const texts = (key: string): string[] => listIn(info[key]).filter((one): one is string => typeof one === 'string');
  return {
    name: 'Docker',
    version: textIn(info['ServerVersion']) ?? 'unknown',
    apiVersion: await connection.apiVersion(signal),
    os: textIn(info['OperatingSystem']) ?? 'unknown',
    cgroupVersion: info['CgroupVersion'] === '2' ? 2 : 1,
    cgroupDriver: driver === 'systemd' || driver === 'cgroupfs' ? driver : 'none',
    liveRestore: info['LiveRestoreEnabled'] === true,
    usernsRemap: texts('SecurityOptions').some((option) => option.startsWith('name=userns')),
    dataRoot: textIn(info['DockerRootDir']) ?? '',
    cpus: numberIn(info['NCPU']) ?? 0,
    memoryBytes: numberIn(info['MemTotal']) ?? 0,
    warnings: texts('Warnings').map((warning) => plainText(warning, 500)),
  };
}
