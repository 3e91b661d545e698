/** Docker's events about containers, as EngineEvents. */
import type { EngineEvent } from '@berth/spawner';
import { numberIn, objectIn, textIn, textsIn } from './json-value.ts';

export const ACTIONS = ['create', 'start', 'die', 'oom', 'destroy'] as const satisfies readonly EngineEvent['action'][];

/** What Docker adds to the labels in an event's attributes (moby, daemon/events.go, LogContainerEventWithAttributes). */
const ADDED = new Set(['image', 'name', 'exitCode', 'execDuration', 'signal']);

/**
 * Reads one event; undefined where it is none of ours. Engines from 29 on leave out `status`, `id` and `from`
 * (API 1.52), so that only Type, Action and Actor are read.
 */
export function readEvent(value: unknown): EngineEvent | undefined {
  const event = objectIn(value);
  const actor = objectIn(event?.['Actor']);
  const attributes = textsIn(actor?.['Attributes'] ?? {});
  const action = ACTIONS.find((one) => one === event?.['Action']);
  const containerId = textIn(actor?.['ID']);
  if (!event || event['Type'] !== 'container' || !attributes || !action || !containerId) return undefined;
  const exitCode = Number(textIn(attributes['exitCode']));
  return {
    action,
    containerId,
    labels: Object.fromEntries(Object.entries(attributes).filter(([key]) => !ADDED.has(key))),
    at: timeOf(numberIn(event['timeNano']), numberIn(event['time'])),
    ...(action === 'die' && Number.isInteger(exitCode) ? { exitCode } : {}),
  };
}

function timeOf(nanoseconds: number | undefined, seconds: number | undefined): Date {
  return new Date(nanoseconds === undefined ? (seconds ?? 0) * 1000 : Math.round(nanoseconds / 1e6));
}
