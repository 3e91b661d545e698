/** From the domain's values to the contract's. Dates become RFC 3339 in UTC; what is absent stays absent. */
import type {
  Event,
  HistoryEntry as WireHistoryEntry,
  Progress as WireProgress,
  Server,
  Status,
} from '@berth/contract';
import type {
  HistoryEntry,
  Progress,
  ServerExit,
  ServerFailure,
  ServerStatus,
  ServerView,
  SpawnerEvent,
} from '@berth/spawner';

export function toServer(view: ServerView): Server {
  return {
    key: view.key,
    hub: view.hub,
    user: view.user,
    serverName: view.serverName,
    generation: view.generation,
    status: toStatus(view.status),
    observedAt: view.observedAt.toISOString(),
    stale: view.stale,
    progress: view.progress.map(toProgress),
    image: view.image,
    ...(view.imageId === undefined ? {} : { imageId: view.imageId }),
    ...(view.container === undefined ? {} : { container: { id: view.container.id, name: view.container.name } }),
    drift: [...view.drift],
    abandoned: view.abandoned,
  };
}

export function toStatus(status: ServerStatus): Status {
  switch (status.state) {
    case 'starting':
      return {
        state: 'starting',
        since: status.since.toISOString(),
        deadline: status.deadline.toISOString(),
        step: status.step,
      };
    case 'running':
      return { state: 'running', since: status.since.toISOString(), url: status.url };
    case 'stopping':
      return { state: 'stopping', since: status.since.toISOString() };
    case 'exited':
      return { state: 'exited', exit: toExit(status.exit) };
    case 'failed':
      return { state: 'failed', since: status.since.toISOString(), failure: toFailure(status.failure) };
    case 'stopped':
      return { state: 'stopped', since: status.since.toISOString() };
  }
}

export function toProgress({ at, percent, message }: Progress): WireProgress {
  return { at: at.toISOString(), percent: Math.min(100, Math.max(0, Math.round(percent))), message };
}

function toExit({ at, code, oomKilled, reason }: ServerExit) {
  return { at: at.toISOString(), code, oomKilled, reason };
}

function toFailure({ code, step, message, retryable, exit }: ServerFailure) {
  return { code, step, message, retryable, ...(exit === undefined ? {} : { exit: toExit(exit) }) };
}

/** @param withLogs false empties the log lines, for viewers. */
export function toHistoryEntry(entry: HistoryEntry, withLogs: boolean): WireHistoryEntry {
  return {
    key: entry.key,
    hub: entry.hub,
    user: entry.user,
    serverName: entry.serverName,
    generation: entry.generation,
    image: entry.image,
    requestedAt: entry.requestedAt.toISOString(),
    ...(entry.runningAt === undefined ? {} : { runningAt: entry.runningAt.toISOString() }),
    endedAt: entry.endedAt.toISOString(),
    outcome: entry.outcome,
    ...(entry.exit === undefined ? {} : { exit: toExit(entry.exit) }),
    ...(entry.failure === undefined ? {} : { failure: toFailure(entry.failure) }),
    logTail: withLogs ? [...entry.logTail] : [],
  };
}

export function toEvent(event: SpawnerEvent): Event {
  return event.type === 'server'
    ? { type: 'server', id: event.id, server: toServer(event.server) }
    : {
        type: 'progress',
        id: event.id,
        key: event.key,
        generation: event.generation,
        progress: toProgress(event.progress),
      };
}

/** The hub that an event is about. */
export function hubOf(event: SpawnerEvent): string {
  return event.type === 'server' ? event.server.hub : event.hub;
}
