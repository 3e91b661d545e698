/** What the parts of a spawner share while it runs. */
import { containerName } from './container-name.ts';
import type { ContainerView, NetworkInfo } from './engine.ts';
import { readLabels } from './labels.ts';
import type { SpawnerParts } from './parts.ts';
import type { Probe } from './probe.ts';
import type { Recorder } from './recorder.ts';
import type { Entry, ServerTable } from './server-table.ts';
import type { FaultPoint } from './steps.ts';

export interface SpawnerContext {
  readonly parts: SpawnerParts;
  readonly table: ServerTable;
  readonly recorder: Recorder;
  readonly probe: Probe;
  readonly configDigest: string;
  /** Aborts when the spawner closes. */
  readonly closing: AbortSignal;
  /** The notebooks' network, once it was found. */
  network: NetworkInfo | undefined;
  fault(point: FaultPoint): Promise<void> | void;
  /** Asks for a look at what runs, soon. */
  resyncSoon(): void;
}

export function nameOf(entry: Entry, { parts: { settings } }: SpawnerContext): string {
  return containerName(settings.containers.prefix, settings.instance, entry.record);
}

/** True where the container carries this service's valid labels for this entry. */
export function isOurs(container: ContainerView, entry: Entry, { parts: { settings } }: SpawnerContext): boolean {
  const read = readLabels(container, settings);
  return 'server' in read && read.server.key === entry.record.key;
}
