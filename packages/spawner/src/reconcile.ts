/**
 * Reconcile: what is on record against what runs. Where they disagree the running container wins.
 *
 * Only servers untouched since the list began are acted on, as the list knows nothing of what came later; one server's
 * error never ends the pass; what can't be believed is reported, and left alone.
 */
import type { SpawnerContext } from './context.ts';
import type { ContainerView } from './engine.ts';
import { instanceLabel, readLabels, type LabelledServer } from './labels.ts';
import type { ServerLife } from './server-life.ts';
import type { Entry } from './server-table.ts';
import type { ServerStatus } from './server.ts';
import { locate } from './locate.ts';

export interface Findings {
  /** Containers with this instance's labels that aren't its own. */
  readonly strangers: readonly { readonly id: string; readonly name: string; readonly reason: string }[];
  readonly unreadable: number;
}

export async function reconcile(context: SpawnerContext, life: ServerLife, signal: AbortSignal): Promise<Findings> {
  const { parts, table } = context;
  const moment = table.moment();
  const began = parts.now();
  const { containers, unreadable } = await parts.engine.list(instanceLabel(parts.settings.instance), signal);
  const strangers: { id: string; name: string; reason: string }[] = [];
  const byKey = new Map<string, Claimed[]>();
  for (const container of containers) {
    const read = readLabels(container, parts.settings);
    if ('reason' in read) strangers.push({ id: container.id, name: container.name, reason: read.reason });
    else byKey.set(read.server.key, [...(byKey.get(read.server.key) ?? []), { container, server: read.server }]);
  }

  const keys = new Set([...table.all().map(({ record }) => record.key), ...byKey.keys()]);
  for (const key of keys) {
    try {
      const claims = (byKey.get(key) ?? []).toSorted((a, b) => b.server.generation - a.server.generation);
      const entry = table.get(key);
      if (!entry) {
        if (claims[0]) adopt(claims[0], context, life);
      } else if (entry.touched <= moment && !entry.work) settle(entry, claims[0], context, life, began);
    } catch (error) {
      parts.log.error({ key, err: error }, 'could not reconcile a server; the others go on');
    }
  }
  return { strangers, unreadable };
}

interface Claimed {
  readonly container: ContainerView;
  readonly server: LabelledServer;
}

/** One server on record, and its container if it has one. */
function settle(
  entry: Entry,
  claim: Claimed | undefined,
  context: SpawnerContext,
  life: ServerLife,
  began: Date,
): void {
  const { table } = context;
  const { record } = entry;
  if (claim && claim.server.generation > record.generation) {
    context.parts.log.warn({ key: record.key }, 'a newer container than the database knows of: the container wins');
    adopt(claim, context, life);
    return;
  }
  const container = claim?.container;
  const current = claim?.server.generation === record.generation;
  switch (record.status.state) {
    case 'starting':
      if (claim && current) {
        // The record was written before its account was known; the container's labels have it.
        const { account } = claim.server;
        if (account) table.update(entry, { account });
        life.want(entry, { kind: 'resume', container: claim.container });
      } else void life.interrupt(entry).then(() => container && life.want(entry, { kind: 'sweep' }));
      return;
    case 'stopping':
      life.want(entry, { kind: 'stop', purge: false, reason: undefined, saved: Promise.resolve() });
      return;
    case 'running': {
      const found = container && current && container.state.phase === 'running' && locate(container, record, context);
      if (!found) life.want(entry, { kind: 'bury' });
      else if (found.url !== record.status.url) table.setStatus(entry, { ...record.status, url: found.url });
      else table.observed(entry, began);
      return;
    }
    default:
      if (container) life.want(entry, { kind: 'sweep' });
      else table.observed(entry, began);
  }
}

/** A container that the database doesn't know of: the database was lost, or restored from a backup. */
function adopt({ container, server }: Claimed, context: SpawnerContext, life: ServerLife): void {
  const { parts, table } = context;
  const { deadline, ...identity } = server;
  const now = parts.now();
  const found = container.state.phase === 'running' ? locate(container, server, context) : undefined;
  const settled = deadline <= now;
  const status: ServerStatus =
    found && settled
      ? { state: 'running', since: server.requestedAt, url: found.url }
      : { state: 'starting', since: server.requestedAt, deadline: later(deadline, now), step: '' };
  const record = {
    ...identity,
    status,
    imageId: container.imageId,
    container: { id: container.id, name: container.name },
    askedAt: now,
    observedAt: now,
    ...(status.state === 'running' && { runningAt: status.since }),
  };
  const entry = table.get(server.key) ?? table.add(record);
  // Nothing of an older generation's record stays.
  entry.record = record;
  table.update(entry, {});
  parts.log.warn({ key: server.key, container: container.name }, 'adopted a container that was not on record');
  void context.recorder.keep(entry);
  if (status.state === 'starting')
    life.want(entry, container.state.phase === 'exited' ? { kind: 'bury' } : { kind: 'resume', container });
}

/** A start that is led on gets half a minute at least, whatever its old deadline said. */
function later(deadline: Date, now: Date): Date {
  return new Date(Math.max(deadline.getTime(), now.getTime() + 30_000));
}
