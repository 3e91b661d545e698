/**
 * One server's operation: it works towards the entry's intent, one thing at a time, until there is nothing left to do.
 *
 * A new intent takes the place of the one before. A start under way is cancelled by it; an end under way is let finish,
 * as ending is what every other intent begins with too.
 */
import { Budget } from './budget.ts';
import type { SpawnerContext } from './context.ts';
import { vanishedExit } from './diagnosis.ts';
import { endContainer, findContainer, historyOf, keepVanished, readRemains, type Remains } from './ending.ts';
import { SpawnError, toSpawnError } from './errors.ts';
import type { Intent } from './intent.ts';
import { locate } from './locate.ts';
import { Start } from './starting.ts';
import type { Entry } from './server-table.ts';
import type { ServerFailure, ServerRecord } from './server.ts';

/**
 * How long a failed start looks for its reason, and how long it waits for its container to go. The first keeps the user
 * waiting behind the deadline, and the adapter waits 3 s for a reason by default.
 */
const diagnosisMilliseconds = 1000;
const undoMilliseconds = 15_000;

export class ServerLife {
  readonly #context: SpawnerContext;

  constructor(context: SpawnerContext) {
    this.#context = context;
  }

  /** Gives the entry a new intent. `previous` is the record as it was before whoever calls changed it. */
  want(entry: Entry, intent: Intent, previous?: ServerRecord): void {
    entry.intent = intent;
    entry.budget?.cancel(new SpawnError('start-cancelled', 'The start was cancelled.'));
    this.#previous.set(intent, previous);
    entry.work ??= this.#work(entry);
  }

  readonly #previous = new WeakMap<Intent, ServerRecord | undefined>();

  async #work(entry: Entry): Promise<void> {
    await Promise.resolve();
    while (entry.intent && !this.#context.closing.aborted) {
      const intent = entry.intent;
      try {
        await this.#fulfil(entry, intent);
      } catch (error) {
        if (!this.#context.closing.aborted)
          this.#context.parts.log.error({ key: entry.record.key, intent: intent.kind, err: error }, 'operation failed');
      }
      if (entry.intent === intent) entry.intent = this.#next(entry);
    }
    entry.work = undefined;
  }

  /** What was heard while the operation ran and is still to be done. */
  #next(entry: Entry): Intent | undefined {
    const { status, container } = entry.record;
    const died = container !== undefined && entry.diedContainer === container.id;
    return died && status.state === 'running' ? { kind: 'bury' } : undefined;
  }

  #fulfil(entry: Entry, intent: Intent): Promise<void> {
    switch (intent.kind) {
      case 'run':
        return this.#start(entry, async (start) => {
          await intent.saved;
          await start.run(intent.request, intent.image, this.#previous.get(intent));
        });
      case 'resume':
        return this.#start(entry, (start) => start.resume(intent.container));
      case 'stop':
        return this.#stop(entry, intent);
      case 'bury':
        return this.#bury(entry);
      case 'sweep':
        return this.#sweep(entry);
    }
  }

  async #start(entry: Entry, run: (start: Start) => Promise<void>): Promise<void> {
    const { status } = entry.record;
    if (status.state !== 'starting') return;
    const budget = new Budget(status.deadline, this.#context.parts.now());
    entry.budget = budget;
    entry.diedContainer = undefined;
    try {
      await run(new Start(entry, this.#context, budget));
    } catch (error) {
      const failure = toSpawnError(error);
      // A cancelled start leaves its container to the intent that took its place, a closing service to the next one.
      if (failure.code === 'start-cancelled' || this.#context.closing.aborted) return;
      await this.#fail(entry, failure, budget.step);
    } finally {
      budget.close();
      entry.budget = undefined;
    }
  }

  async #fail(entry: Entry, error: SpawnError, step: string): Promise<void> {
    const { parts, table, recorder } = this.#context;
    if (error.code === 'internal') parts.log.error({ key: entry.record.key, err: error.cause, step }, 'start failed');
    else parts.log.warn({ key: entry.record.key, code: error.code, step, reason: error.message }, 'start failed');
    const remains = await this.#diagnose(entry);
    // What came in while the reason was looked for has precedence.
    if (entry.intent?.kind !== 'run' && entry.intent?.kind !== 'resume') return;
    if (entry.record.status.state !== 'starting') return;
    const failure: ServerFailure = {
      code: error.code,
      step,
      message: failureSentence(error, remains),
      retryable: error.code === 'start-interrupted',
      ...(remains.exit && { exit: remains.exit }),
    };
    const now = parts.now();
    table.setStatus(entry, { state: 'failed', since: now, failure });
    await recorder.keep(entry, historyOf(entry.record, 'failed', remains, now, failure));
    await this.#undo(entry);
  }

  /** Ends a start that can't be led to its end, because what it was asked with is gone. */
  async interrupt(entry: Entry): Promise<void> {
    const sentence = 'The Berth service was restarted while it was starting the server. Start it again.';
    const now = this.#context.parts.now();
    const { status } = entry.record;
    const step = status.state === 'starting' ? status.step : '';
    const failure: ServerFailure = { code: 'start-interrupted', step, message: sentence, retryable: true };
    this.#context.table.setStatus(entry, { state: 'failed', since: now, failure });
    await this.#context.recorder.keep(
      entry,
      historyOf(entry.record, 'failed', { exit: undefined, logTail: [] }, now, failure),
    );
    await this.#context.parts.certificates.remove(entry.record.key);
  }

  async #diagnose(entry: Entry): Promise<Remains> {
    const nothing: Remains = { exit: undefined, logTail: [] };
    if (!entry.record.container) return nothing;
    const signal = AbortSignal.timeout(diagnosisMilliseconds);
    try {
      const container = await findContainer(entry, this.#context, signal);
      return container ? await readRemains(container, this.#context, signal) : nothing;
    } catch {
      return nothing;
    }
  }

  async #undo(entry: Entry): Promise<void> {
    const signal = AbortSignal.any([this.#context.closing, AbortSignal.timeout(undoMilliseconds)]);
    try {
      await endContainer(entry, this.#context, { record: entry.record, outcome: undefined, graceSeconds: 0, signal });
      this.#forgetContainer(entry);
      await this.#context.recorder.keep(entry);
    } catch (error) {
      this.#context.parts.log.warn({ key: entry.record.key, err: error }, 'left for the next look at what runs');
      this.#context.resyncSoon();
    }
  }

  async #stop(entry: Entry, intent: Intent & { kind: 'stop' }): Promise<void> {
    const { parts, table, recorder } = this.#context;
    await intent.saved;
    await this.#context.fault('stop:recorded');
    const record = this.#previous.get(intent) ?? entry.record;
    const remains = await endContainer(entry, this.#context, {
      ...{ record, outcome: 'stopped', graceSeconds: parts.settings.containers.stopGraceSeconds },
      ...{ reason: intent.reason ?? 'Stopped on request.', signal: this.#context.closing },
    });
    if (!remains) await keepVanished(entry, this.#context, record, 'stopped');
    // A start may have been asked for meanwhile: it goes on from here, with its own record.
    if (entry.intent !== intent) return;
    this.#forgetContainer(entry);
    table.setStatus(entry, { state: 'stopped', since: parts.now() });
    if (intent.purge) {
      await parts.store.purgeServer(entry.record.key);
      table.delete(entry.record.key);
    } else await recorder.keep(entry);
    await this.#context.fault('stop:released');
  }

  /** The container of a running server has ended, or is gone. It may as well run again: then it lives on. */
  async #bury(entry: Entry): Promise<void> {
    const { parts, table } = this.#context;
    const signal = this.#context.closing;
    entry.diedContainer = undefined;
    const { record } = entry;
    const { status } = record;
    if (status.state !== 'running' && status.state !== 'starting') return;
    const container = await findContainer(entry, this.#context, signal);
    if (container?.state.phase === 'running' || container?.state.phase === 'created') {
      const found = locate(container, record, this.#context);
      if (found && status.state === 'running' && found.url !== status.url)
        table.setStatus(entry, { ...status, url: found.url });
      return;
    }
    const remains = container && (await readRemains(container, this.#context, signal));
    if (entry.intent?.kind !== 'bury') return;
    const exit = remains?.exit ?? vanishedExit(parts.now());
    table.setStatus(entry, { state: 'exited', exit });
    if (container && remains) {
      // One that is being removed says no more how it ended.
      const outcome = remains.exit ? 'exited' : 'vanished';
      await this.#context.recorder.keep(entry, historyOf(record, outcome, { ...remains, exit }, parts.now()));
      await this.#sweep(entry);
    } else {
      this.#forgetContainer(entry);
      await keepVanished(entry, this.#context, record, 'vanished');
      await this.#context.recorder.keep(entry);
      await parts.certificates.remove(record.key);
    }
  }

  async #sweep(entry: Entry): Promise<void> {
    const signal = this.#context.closing;
    await endContainer(entry, this.#context, { record: entry.record, outcome: undefined, graceSeconds: 0, signal });
    this.#forgetContainer(entry);
    await this.#context.recorder.keep(entry);
  }

  #forgetContainer(entry: Entry): void {
    const { container: _, ...record } = entry.record;
    entry.record = record;
  }
}

function failureSentence(error: SpawnError, remains: Remains): string {
  if (error.code !== 'exited-in-start' || !remains.exit) return error.message;
  const last = remains.logTail.findLast((line) => line.trim() !== '');
  return `The server ended while it was starting. ${remains.exit.reason}${last ? ` Its last words: ${last}` : ''}`;
}
