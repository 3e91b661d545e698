/**
 * Server-sent events: a snapshot or a replay first, then what happens, to each reader what it may see.
 *
 * A reader that doesn't keep up is cut: it comes back and gets a snapshot, while the service holds at most
 * `bufferLimit` for it beyond the snapshot it was sent.
 */
import type { Event } from '@berth/contract';
import type { Spawner, SpawnerEvent } from '@berth/spawner';
import type { Caller } from '../tokens/index.ts';
import { maySee } from './authorisation.ts';
import { hubOf, toEvent, toServer } from './wire.ts';

/** What a stream needs of a response; http.ServerResponse is one. */
export interface EventSink {
  write(text: string): boolean;
  end(): unknown;
  destroy(): unknown;
  readonly writableLength: number;
  readonly writableNeedDrain: boolean;
  on(event: 'close' | 'drain', listener: () => void): unknown;
}

/** A stream that may begin: what could refuse it has been asked. */
export type EventStream = (sink: EventSink) => void;

export interface EventStreamsParts {
  readonly spawner: Pick<Spawner, 'list' | 'subscribe' | 'eventsAfter' | 'lastEventId' | 'asked'>;
  readonly heartbeatMs?: number;
  /** How often an open stream of a hub counts as that hub asking for its servers. */
  readonly askedMs?: number;
  /** A reader that has taken nothing for so long is gone. */
  readonly stalledMs?: number;
  /** Bytes. */
  readonly bufferLimit?: number;
}

export interface EventStreams {
  /** Throws SpawnError `not-ready`. */
  prepare(caller: Caller, after: number | undefined): EventStream;
  readonly open: number;
  close(): void;
}

export function createEventStreams(parts: EventStreamsParts): EventStreams {
  const { spawner } = parts;
  const { heartbeatMs = 15_000, askedMs = 60_000, stalledMs = 60_000, bufferLimit = 4 * 2 ** 20 } = parts;
  const closers = new Set<() => void>();
  let closed = false;

  function first(caller: Caller, after: number | undefined): string {
    const lastEventId = spawner.lastEventId;
    const missed = after === undefined || after > lastEventId ? undefined : spawner.eventsAfter(after);
    if (missed !== undefined)
      return missed
        .filter((event) => maySee(caller, { hub: hubOf(event) }))
        .map(frameOf)
        .join('');
    const servers = spawner.list().filter((view) => view.status.state !== 'stopped' && maySee(caller, view));
    return frame({ type: 'snapshot', id: lastEventId, servers: servers.map(toServer) });
  }

  function ask(caller: Caller): void {
    if (caller.role !== 'hub') return;
    try {
      const own = spawner.list().filter((view) => view.hub === caller.hub);
      spawner.asked(
        caller.hub,
        own.map((view) => view.key),
      );
    } catch {
      // Not ready: there is nothing to have asked for.
    }
  }

  /** Beginning and subscription lie in one turn of the event loop: no event falls between them. */
  function run(caller: Caller, after: number | undefined, sink: EventSink): void {
    if (closed) {
      sink.end();
      return;
    }
    const beginning = first(caller, after);
    let allowance = bufferLimit + Buffer.byteLength(beginning);
    let stuckSince: number | undefined;
    const send = (text: string) => {
      if (!sink.write(text)) stuckSince ??= performance.now();
      if (sink.writableLength > allowance) cut();
    };
    const unsubscribe = spawner.subscribe((event: SpawnerEvent) => {
      if (maySee(caller, { hub: hubOf(event) })) send(frameOf(event));
    });
    const heartbeat = setInterval(() => {
      if (stuckSince !== undefined && performance.now() - stuckSince > stalledMs) cut();
      else send(': still here\n\n');
    }, heartbeatMs);
    const asking = setInterval(() => ask(caller), askedMs);
    const release = () => {
      unsubscribe();
      clearInterval(heartbeat);
      clearInterval(asking);
      closers.delete(finish);
    };
    const cut = () => {
      release();
      sink.destroy();
    };
    const finish = () => {
      release();
      sink.end();
    };
    closers.add(finish);
    sink.on('close', release);
    sink.on('drain', () => {
      allowance = bufferLimit;
      stuckSince = undefined;
    });
    send(beginning === '' ? ': nothing was missed\n\n' : beginning);
    ask(caller);
  }

  return {
    prepare(caller, after) {
      spawner.list();
      return (sink) => run(caller, after, sink);
    },
    get open() {
      return closers.size;
    },
    close() {
      closed = true;
      for (const finish of [...closers]) finish();
    },
  };
}

function frameOf(event: SpawnerEvent): string {
  return frame(toEvent(event));
}

/** JSON has no raw line breaks, so one `data` line is enough. */
function frame(event: Event): string {
  return `id: ${event.id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}
