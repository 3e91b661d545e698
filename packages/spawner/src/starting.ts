/**
 * A start, read top to bottom. Each step ends at its fault point; a step that throws is undone by server-life.ts, which
 * also gives the reason to the user.
 */
import type { ContainerAccount, MountedTicket, ServerAccount } from './accounts.ts';
import type { Budget } from './budget.ts';
import { composeSpec } from './compose.ts';
import { nameOf, type SpawnerContext } from './context.ts';
import type { ContainerView, ImageInfo, NetworkInfo } from './engine.ts';
import { endContainer, exitOf, keepVanished } from './ending.ts';
import { vanishedReason } from './diagnosis.ts';
import { isNotFound, SpawnError } from './errors.ts';
import type { LabelledServer } from './labels.ts';
import { findNetwork, locate, type Located } from './locate.ts';
import type { Entry } from './server-table.ts';
import type { ServerRecord } from './server.ts';
import type { ImageChoice } from './settings.ts';
import type { StartServer } from './spawner.ts';
import { startStepTitles, type FaultPoint, type startSteps } from './steps.ts';

/** When a start that waits looks at its container itself, beside listening to events: after 2, 4, 8, ... s. */
const firstLookMilliseconds = 2000;
const longestLookMilliseconds = 16_000;

export class Start {
  readonly #entry: Entry;
  readonly #context: SpawnerContext;
  readonly #budget: Budget;

  constructor(entry: Entry, context: SpawnerContext, budget: Budget) {
    this.#entry = entry;
    this.#context = context;
    this.#budget = budget;
  }

  /** From nothing. `previous` is the record that this start took the place of. */
  async run(request: StartServer, choice: ImageChoice, previous: ServerRecord | undefined): Promise<void> {
    await this.#context.fault('start:recorded');
    await this.#step('previous-removed', 5, 'Clearing the way', () => this.#removePrevious(previous));
    const image = await this.#step('image-ready', 10, `Looking for the image ${choice.reference}`, () =>
      this.#findImage(choice),
    );
    const { accounts, tickets } = this.#context.parts;
    const account = await this.#step('account-ready', 60, accounts && 'Looking up your account', () =>
      this.#findAccount(image),
    );
    const network = await this.#step('network-ready', 61, 'Preparing the network', () => this.#findNetwork());
    const ticketTitle = tickets && account && 'Getting your Kerberos ticket ready';
    const ticket = await this.#step('ticket-ready', 62, ticketTitle, () => this.#prepareTicket(account));
    const made = { request, choice, image, network, account, ticket };
    const container = await this.#step('created', 65, 'Creating the container', () => this.#create(made));
    await this.#startAndWait(container);
  }

  /** From a container that an earlier run of the service has made. */
  async resume(container: ContainerView): Promise<void> {
    this.#context.table.progress(this.#entry, 65, 'The service was restarted; the start goes on');
    this.#context.table.update(this.#entry, { container: { id: container.id, name: container.name } });
    this.#throwIfEnded(container);
    await this.#startAndWait(container.id);
  }

  async #startAndWait(id: string): Promise<void> {
    const { engine } = this.#context.parts;
    await this.#step('started', 75, 'Starting the container', () => engine.start(id, this.#budget.signal));
    const found = await this.#step('located', 85, 'Container started', () => this.#locate(id));
    await this.#step('listening', 90, 'Waiting for the server to listen', () =>
      this.#listening(id, found.probeAddress, found.probePort),
    );
    await this.#step('running', 95, 'The server listens', () => this.#record(found.url));
  }

  /** Without a message the user hears nothing of it: there is nothing to do. */
  async #step<T>(
    step: (typeof startSteps)[number],
    percent: number,
    message: string | undefined,
    work: () => Promise<T>,
  ): Promise<T> {
    const { table } = this.#context;
    const title = startStepTitles[step];
    this.#budget.enter(title);
    const { status } = this.#entry.record;
    if (status.state === 'starting') this.#entry.record = { ...this.#entry.record, status: { ...status, step: title } };
    if (message !== undefined) table.progress(this.#entry, percent, message);
    const result = await this.#within(work());
    await this.#context.fault(`start:${step}` satisfies FaultPoint);
    return result;
  }

  /** The work, or the budget's end, whichever comes first: a daemon that hangs doesn't hold up the reason. */
  #within<T>(work: Promise<T>): Promise<T> {
    const { signal } = this.#budget;
    return new Promise<T>((resolve, reject) => {
      const end = () => reject(signal.reason);
      if (signal.aborted) end();
      signal.addEventListener('abort', end, { once: true });
      work
        .then(resolve, (error) => reject(signal.aborted ? signal.reason : error))
        .finally(() => signal.removeEventListener('abort', end));
    });
  }

  async #removePrevious(previous: ServerRecord | undefined): Promise<void> {
    const { settings } = this.#context.parts;
    if (!previous) return;
    const live = ['starting', 'running', 'stopping'].includes(previous.status.state);
    if (!live && !previous.container) return;
    const remains = await endContainer(this.#entry, this.#context, {
      record: previous,
      outcome: 'stopped',
      graceSeconds: settings.containers.stopGraceSeconds,
      reason: 'Replaced by a newer start.',
      signal: AbortSignal.any([this.#context.closing, this.#budget.signal]),
    });
    if (!remains && live) await keepVanished(this.#entry, this.#context, previous, 'stopped');
    const { container: _, ...record } = this.#entry.record;
    this.#entry.record = record;
  }

  async #findImage({ reference, pull }: ImageChoice): Promise<ImageInfo> {
    const { engine } = this.#context.parts;
    const { signal } = this.#budget;
    const present = pull === 'always' ? undefined : await engine.findImage(reference, signal);
    if (present) return present;
    if (pull === 'never')
      throw new SpawnError(
        'image-not-found',
        `The image ${reference} isn't on this host, and pull: never is set for it.`,
      );
    return engine.pull(
      reference,
      ({ message, fraction }) =>
        this.#context.table.progress(
          this.#entry,
          10 + Math.floor(50 * (fraction ?? 0)),
          `Pulling ${reference}: ${message}`,
        ),
      signal,
    );
  }

  async #findNetwork(): Promise<NetworkInfo> {
    this.#context.network ??= await findNetwork(this.#context, this.#budget.signal);
    return this.#context.network;
  }

  async #findAccount(image: ImageInfo): Promise<ContainerAccount | undefined> {
    const { accounts, engine } = this.#context.parts;
    if (accounts === undefined) return undefined;
    const read = (paths: readonly string[], until: AbortSignal) => engine.readFiles(image.id, paths, until);
    const files = { id: image.id, read };
    // What answers after the budget's end must not touch a record that may be another start's by then.
    const account = await this.#within(accounts.prepare(this.#entry.record, files, this.#budget.signal));
    if (account) this.#entry.record = { ...this.#entry.record, account: serverAccount(account) };
    return account;
  }

  async #prepareTicket(account: ContainerAccount | undefined): Promise<MountedTicket | undefined> {
    const { tickets } = this.#context.parts;
    if (tickets === undefined || account === undefined) return undefined;
    // From here on the keeper renews for it.
    this.#context.table.update(this.#entry, { account: serverAccount(account) });
    const ticket = await this.#within(tickets.prepare(this.#entry.record, account, this.#budget.signal));
    for (const notice of ticket?.notices ?? []) this.#context.table.progress(this.#entry, 62, notice);
    return ticket;
  }

  async #create({ request, choice, image, network, account, ticket }: Made): Promise<string> {
    const { parts, configDigest, table } = this.#context;
    const { record } = this.#entry;
    const { certificates } = request;
    const certificateFolder = certificates && (await parts.certificates.write(record.key, certificates));
    const name = nameOf(this.#entry, this.#context);
    const server: LabelledServer = {
      ...{ key: record.key, hub: record.hub, user: record.user, serverName: record.serverName },
      ...{ generation: record.generation, image: choice.reference, port: record.port, tls: record.tls, configDigest },
      requestedAt: record.requestedAt,
      deadline: this.#budget.deadline,
      ...(account && { account: serverAccount(account) }),
    };
    const spec = composeSpec({
      ...{ request, settings: parts.settings, image, network, containerName: name, server, certificateFolder },
      ...{ account, ticket },
    });
    // Not ended by the budget: a create that was asked for may succeed late, and who cleans up waits for it.
    const creating = parts.engine.create(spec, this.#context.closing);
    this.#entry.creating = creating;
    void creating
      .catch(() => undefined)
      .finally(() => {
        if (this.#entry.creating === creating) this.#entry.creating = undefined;
        if (this.#budget.signal.aborted) this.#context.resyncSoon();
      });
    const id = await this.#within(creating);
    table.update(this.#entry, { container: { id, name }, imageId: image.id });
    return id;
  }

  async #locate(id: string): Promise<Located> {
    const container = await this.#context.parts.engine.inspect(id, this.#budget.signal);
    this.#throwIfEnded(container);
    const located = locate(container, this.#entry.record, this.#context);
    if (located) return located;
    throw new SpawnError(
      'docker-refused',
      `Docker gave the container no address on the network ${this.#context.parts.settings.network.name}.`,
    );
  }

  async #listening(id: string, address: string, port: number): Promise<void> {
    const stop = new AbortController();
    const signal = AbortSignal.any([this.#budget.signal, stop.signal]);
    try {
      await Promise.race([this.#context.probe(address, port, signal), this.#ended(id, signal)]);
    } finally {
      stop.abort();
      this.#entry.onDied = undefined;
    }
  }

  /** Rejects once the container has ended: told by an event, or seen by itself where the event was missed. */
  async #ended(id: string, signal: AbortSignal): Promise<never> {
    for (let pause = firstLookMilliseconds; ; pause = Math.min(pause * 2, longestLookMilliseconds)) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, pause);
        const wake = () => {
          clearTimeout(timer);
          resolve();
        };
        this.#entry.onDied = wake;
        signal.addEventListener('abort', wake, { once: true });
        if (this.#entry.diedContainer === id) wake();
      });
      signal.throwIfAborted();
      // A daemon that doesn't answer just now says nothing about the server.
      const container = await this.#context.parts.engine.inspect(id, signal).catch((error) => {
        if (isNotFound(error)) throw vanishedInStart();
        return undefined;
      });
      if (container) this.#throwIfEnded(container);
      if (this.#entry.diedContainer === id) this.#entry.diedContainer = undefined;
    }
  }

  #throwIfEnded(container: ContainerView): void {
    const exit = exitOf(container);
    if (container.state.phase === 'removing') throw vanishedInStart();
    if (container.state.phase !== 'exited') return;
    const code = exit ? ` with exit code ${exit.code}` : '';
    throw new SpawnError('exited-in-start', `The server ended${code} while it was starting.`);
  }

  async #record(url: string): Promise<void> {
    const { table, recorder, parts } = this.#context;
    const now = parts.now();
    table.setStatus(this.#entry, { state: 'running', since: now, url }, { runningAt: now });
    await recorder.keep(this.#entry);
  }
}

interface Made {
  readonly request: StartServer;
  readonly choice: ImageChoice;
  readonly image: ImageInfo;
  readonly network: NetworkInfo;
  readonly account: ContainerAccount | undefined;
  readonly ticket: MountedTicket | undefined;
}

function serverAccount({ name, uid, gid, principal }: ContainerAccount): ServerAccount {
  return { name, uid, gid, ...(principal !== undefined && { principal }) };
}

function vanishedInStart(): SpawnError {
  return new SpawnError('exited-in-start', `The server ended while it was starting. ${vanishedReason}`);
}
