/** What happens to servers, as it happens: the contract's server-sent events, across lost connections. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Event } from '@berth/contract';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import type { Client } from './client.ts';
import { ProblemError, ServiceUnreachable } from './errors.ts';
import { notBerth, unreachable } from './unreachable.ts';

export interface EventOptions {
  /** The id of the last event that was read; without it the stream begins with a snapshot. */
  readonly after?: number;
  /** Ends the stream, without an error. */
  readonly signal?: AbortSignal;
  /** Told each time the connection is lost or can't be made, before the next attempt. */
  readonly onDisconnect?: (error: Error, delayMs: number) => void;
  /** Waits between attempts; to be replaced in tests. */
  readonly pause?: (delayMs: number, signal: AbortSignal | undefined) => Promise<void>;
}

const firstDelayMs = 250;
const longestDelayMs = 10_000;
/** A snapshot of 5,000 servers is about 5 MB. */
const longestMessage = 64 * 1024 * 1024;
const known = new Set<unknown>(['snapshot', 'server', 'progress'] satisfies Event['type'][]);

/**
 * Events in order, without end. A lost connection or a service that is restarting (5xx) is tried again with the id of the
 * last event read, after 0.25 s doubling to 10 s, each shortened by up to half at random. Where the service has
 * forgotten that event, a new snapshot comes. Types of event that this version doesn't know are passed over.
 *
 * @throws ProblemError below 500 (the token, its role) and ServiceUnreachable `not-berth`: waiting would not help.
 */
export async function* events(client: Client, options: EventOptions = {}): AsyncGenerator<Event, void> {
  const { signal, onDisconnect, pause = wait } = options;
  let last = options.after;
  let delay = firstDelayMs;
  while (!signal?.aborted) {
    let failure: Error;
    try {
      for await (const event of connection(client, last, signal)) {
        last = event.id;
        delay = firstDelayMs;
        if (known.has(event.type)) yield event;
      }
      failure = unreachable(client.url, { code: 'the stream ended' });
    } catch (error) {
      if (signal?.aborted) return;
      if (!worthWaiting(error)) throw error;
      failure = error;
    }
    if (signal?.aborted) return;
    const shortened = delay * (1 - Math.random() / 2);
    onDisconnect?.(failure, shortened);
    await pause(shortened, signal);
    delay = Math.min(delay * 2, longestDelayMs);
  }
}

/** One connection's events; it is closed when the reader leaves. */
async function* connection(client: Client, after: number | undefined, signal: AbortSignal | undefined) {
  const leave = new AbortController();
  const resume = after === undefined ? {} : { after };
  const { data } = await client.GET('/v1/events', {
    parseAs: 'stream',
    params: { query: resume },
    headers: { accept: 'text/event-stream', ...(after === undefined ? {} : { 'last-event-id': String(after) }) },
    signal: signal === undefined ? leave.signal : AbortSignal.any([leave.signal, signal]),
  });
  if (!data) throw notBerth(client.url, 'no event stream');
  try {
    yield* messages(client.url, data as unknown as AsyncIterable<Uint8Array>);
  } finally {
    leave.abort();
  }
}

async function* messages(url: string, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Event, void> {
  const read: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (message) => read.push(message), maxBufferSize: longestMessage });
  const decoder = new TextDecoder();
  try {
    for await (const chunk of chunks) {
      parser.feed(decoder.decode(chunk, { stream: true }));
      for (const message of read.splice(0)) yield parse(url, message.data);
    }
  } catch (error) {
    throw error instanceof ServiceUnreachable ? error : unreachable(url, error);
  }
}

function parse(url: string, data: string): Event {
  try {
    const event = JSON.parse(data) as Event;
    if (typeof event.id === 'number') return event;
  } catch {
    // The same as an event without an id: not of this contract.
  }
  throw notBerth(url, 'an event that is not of the contract');
}

function worthWaiting(error: unknown): error is Error {
  if (error instanceof ProblemError) return error.status >= 500;
  return error instanceof ServiceUnreachable && error.reason !== 'not-berth';
}

async function wait(delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  // An abort ends the wait; the loop sees it.
  await sleep(delayMs, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
}
