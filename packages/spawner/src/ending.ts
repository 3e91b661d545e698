/**
 * The end of a server: its container is stopped, read, removed; what it left goes to history before it is gone.
 * Whatever made it end, the steps are these.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { isOurs, nameOf, type SpawnerContext } from './context.ts';
import { describeExit, vanishedExit } from './diagnosis.ts';
import type { ContainerExit, ContainerView } from './engine.ts';
import { isEngineAway, isNotFound } from './errors.ts';
import type { Entry } from './server-table.ts';
import type { HistoryEntry, ServerExit, ServerFailure, ServerRecord } from './server.ts';

const firstRetryMilliseconds = 200;
const longestRetryMilliseconds = 5000;

/** What is known of how a container ended. */
export interface Remains {
  readonly exit: ServerExit | undefined;
  readonly logTail: readonly string[];
}

/** The entry's container, by its name; undefined where there is none, or where it is somebody else's. */
export async function findContainer(
  entry: Entry,
  context: SpawnerContext,
  signal: AbortSignal,
): Promise<ContainerView | undefined> {
  try {
    const container = await context.parts.engine.inspect(nameOf(entry, context), signal);
    return isOurs(container, entry, context) ? container : undefined;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** How the container ended and its last lines. Never rejects because of the lines. */
export async function readRemains(
  container: ContainerView,
  context: SpawnerContext,
  signal: AbortSignal,
): Promise<Remains> {
  const { engine, settings } = context.parts;
  const logTail = await engine.logs(container.id, settings.history.logLines, signal).catch(() => []);
  const exit = exitOf(container);
  return { exit: exit && describeExit(exit, container.memoryBytes), logTail };
}

export function exitOf(container: ContainerView): ContainerExit | undefined {
  return container.state.phase === 'exited' ? container.state.exit : undefined;
}

/** The history entry of the record as it ends now. */
export function historyOf(
  record: ServerRecord,
  outcome: HistoryEntry['outcome'],
  remains: Remains,
  endedAt: Date,
  failure?: ServerFailure,
): HistoryEntry {
  const { key, hub, user, serverName, generation, image, requestedAt, runningAt } = record;
  return {
    ...{ key, hub, user, serverName, generation, image, requestedAt, endedAt, outcome, logTail: remains.logTail },
    ...(runningAt && { runningAt }),
    ...(remains.exit && { exit: remains.exit }),
    ...(failure && { failure }),
  };
}

/** Tries until it succeeds, as long as the engine is merely away; ends with the signal. */
export async function untilEngineAnswers<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let pause = firstRetryMilliseconds; ; pause = Math.min(pause * 2, longestRetryMilliseconds)) {
    try {
      return await work();
    } catch (error) {
      if (!isEngineAway(error)) throw error;
      await delay(pause, undefined, { signal });
    }
  }
}

/**
 * Stops, reads and removes the entry's container, whichever generation it is of; `record` is what history is told of.
 * The entry's record is written with it, as it then stands.
 */
export async function endContainer(
  entry: Entry,
  context: SpawnerContext,
  options: EndOptions,
): Promise<Remains | undefined> {
  const { engine, now } = context.parts;
  const { record, outcome, graceSeconds, reason, signal } = options;
  await settled(entry.creating, signal);
  return untilEngineAnswers(async () => {
    const found = await findContainer(entry, context, signal);
    if (!found) {
      await context.parts.certificates.remove(entry.record.key);
      return undefined;
    }
    if (found.state.phase === 'running') await engine.stop(found.id, graceSeconds, signal);
    await context.fault('stop:signalled');

    const ended = await engine.inspect(found.id, signal).catch((error) => {
      if (isNotFound(error)) return found;
      throw error;
    });
    const read = await readRemains(ended, context, signal);
    const remains: Remains = reason !== undefined && read.exit ? { ...read, exit: { ...read.exit, reason } } : read;
    if (outcome) await context.recorder.keep(entry, historyOf(record, outcome, remains, now()));
    await context.fault('stop:read');

    await engine.remove(found.id, signal);
    await context.parts.certificates.remove(entry.record.key);
    await context.fault('stop:removed');
    return remains;
  }, signal);
}

export interface EndOptions {
  /** What history is told of. */
  readonly record: ServerRecord;
  /** Undefined where history knows of its end already. */
  readonly outcome: 'stopped' | 'exited' | undefined;
  readonly graceSeconds: number;
  /** Why it was ended, where that isn't seen from its exit. */
  readonly reason?: string | undefined;
  readonly signal: AbortSignal;
}

/** History for a server whose container is gone already; what an earlier, interrupted end wrote stays. */
export async function keepVanished(
  entry: Entry,
  context: SpawnerContext,
  record: ServerRecord,
  outcome: 'stopped' | 'vanished',
): Promise<ServerExit> {
  const { store, now } = context.parts;
  const exit = vanishedExit(now());
  const [last] = await store.listHistory({ key: record.key, limit: 1 }).then(
    ({ items }) => items,
    () => [],
  );
  if (last?.generation === record.generation) return last.exit ?? exit;
  const remains = { exit: outcome === 'vanished' ? exit : undefined, logTail: [] };
  await context.recorder.keep(entry, historyOf(record, outcome, remains, now()));
  return exit;
}

async function settled(promise: Promise<unknown> | undefined, signal: AbortSignal): Promise<void> {
  if (!promise) return;
  const closed = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  await Promise.race([promise.then(undefined, () => undefined), closed]);
}
