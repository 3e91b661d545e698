/** The keeper of tickets: who has one, who uses it, and what is done about it when. */
import { join } from 'node:path';
import { TicketError } from './errors.ts';
import { Kept, mainReason, sentenceOf } from './kept-ticket.ts';
import { Kinit, ownKrb5Conf } from './kinit.ts';
import { runtimeFolder } from './master-folder.ts';
import { Masters } from './master-store.ts';
import type { Master } from './master-store.ts';
import { isSameOwner } from './master-ticket.ts';
import { Publications } from './publish.ts';
import { alarmAt } from './renewal-alarm.ts';
import { Lanes } from './renewal-lane.ts';
import { isEnded, nextRenewal, remainingSeconds } from './renewal.ts';
import { diagnoseTickets } from './ticket-diagnosis.ts';
import type {
  KeptTicket,
  PreparedTicket,
  TicketFinding,
  TicketKeeper,
  TicketOwner,
  TicketSource,
} from './ticket-keeper.ts';
import { checkTicketSettings } from './ticket-settings.ts';
import type { TicketParts, TicketSettings } from './ticket-settings.ts';
import { TicketSources } from './ticket-sources.ts';

/** Does nothing yet: `open` does. Throws a RangeError that names a setting which can't be. */
export function createTicketKeeper(settings: TicketSettings, parts: TicketParts): TicketKeeper {
  checkTicketSettings(settings, parts);
  return new Keeper(settings, parts);
}

class Keeper implements TicketKeeper {
  readonly #settings: TicketSettings;
  readonly #parts: TicketParts;
  readonly #masters: Masters;
  readonly #publications: Publications;
  readonly #kinit: Kinit;
  readonly #sources: TicketSources;
  readonly #lanes = new Lanes();
  readonly #kept = new Map<number, Kept>();
  /** Whose ticket was wiped after its end, so that a start can say so. */
  readonly #ended = new Map<number, Date>();
  readonly #faults = new Map<string, string>();
  /** Seconds that the KDC's clock was ahead at the last login. */
  #skewSeconds: number | undefined;
  /** Undefined until it is known what runs: then each ticket counts as used. */
  #users: ReadonlySet<number> | undefined;
  #closing = new AbortController();

  constructor(settings: TicketSettings, parts: TicketParts) {
    this.#settings = settings;
    this.#parts = parts;
    const { runtime } = settings;
    this.#masters = new Masters(join(runtime, 'tickets'), parts.uid);
    this.#publications = new Publications(join(runtime, 'krb5'), parts.uid);
    const { staging, krb5Conf } = this.#masters;
    this.#kinit = new Kinit(settings, { staging, krb5Conf, uid: parts.uid });
    this.#sources = new TicketSources(settings, parts, this.#kinit);
  }

  async open(): Promise<void> {
    this.#closing = new AbortController();
    await runtimeFolder(this.#settings.runtime, this.#parts.uid);
    await this.#masters.open(ownKrb5Conf(this.#settings.renewLifetimeSeconds));
    await this.#publications.open();
    const { masters, faults } = await this.#masters.load();
    for (const [uid, sentence] of faults) this.#faults.set(`master ${uid}`, sentence);
    for (const master of masters) {
      this.#keep(master);
      // A service that was killed between saving and publishing left an older one there.
      await this.#publish(master).catch((error) => this.#faults.set(`publish ${master.owner.uid}`, sentenceOf(error)));
    }
    if (masters.length > 0) this.#parts.log.info({ tickets: masters.length }, 'took up the tickets of an earlier run');
  }

  async close(): Promise<void> {
    this.#closing.abort(new TicketError('ticket-failed', 'The service is stopping.'));
    await this.#lanes.idle();
    for (const kept of this.#kept.values()) kept.end();
    this.#kept.clear();
  }

  obtain(owner: TicketOwner, password: string, signal: AbortSignal): Promise<KeptTicket> {
    const ends = this.#untilClose(signal);
    return this.#lanes.run(owner.uid, ends, async () => {
      const master = await this.#sources.byPassword(owner, password, ends);
      this.#skewSeconds = Math.round((master.view.startsAt.getTime() - this.#parts.now().getTime()) / 1000);
      return this.#adopt(master);
    });
  }

  prepare(owner: TicketOwner, signal: AbortSignal): Promise<PreparedTicket> {
    const ends = this.#untilClose(signal);
    return this.#lanes.run(owner.uid, ends, async () => {
      await this.#removeStranger(owner);
      const ticket = await this.#firstOf(owner, ends);
      return { ticket, folder: this.#publications.folderOf(owner.uid) };
    });
  }

  inUse(owners: readonly TicketOwner[]): void {
    const before = this.#users;
    this.#users = new Set(owners.map(({ uid }) => uid));
    for (const [uid, kept] of this.#kept) if ((before?.has(uid) ?? true) !== this.#isUsed(uid)) this.#schedule(kept);
  }

  view(uid: number): KeptTicket | undefined {
    return this.#kept.get(uid)?.shown();
  }

  list(): readonly KeptTicket[] {
    return [...this.#kept.values()].map((kept) => kept.shown());
  }

  wipe(uid: number): Promise<void> {
    this.#kept.get(uid)?.end();
    return this.#lanes.run(uid, this.#closing.signal, () => this.#wipe(uid));
  }

  faults(): readonly string[] {
    return [...this.#faults.values()];
  }

  diagnose(signal: AbortSignal): AsyncIterable<TicketFinding> {
    const { uid } = this.#parts;
    const state = { tickets: this.list(), faults: this.faults(), skewSeconds: this.#skewSeconds, uid };
    return diagnoseTickets(this.#settings, state, this.#kinit, this.#untilClose(signal));
  }

  /** The first source, in the configured order, that has a ticket which lives long enough. */
  async #firstOf(owner: TicketOwner, signal: AbortSignal): Promise<KeptTicket> {
    const reasons: TicketError[] = [];
    for (const source of this.#settings.sources) {
      try {
        return await this.#fromSource(source, owner, signal);
      } catch (error) {
        if (!(error instanceof TicketError)) throw error;
        reasons.push(error);
      }
    }
    throw mainReason(reasons, owner, this.#ended.get(owner.uid));
  }

  async #fromSource(source: TicketSource, owner: TicketOwner, signal: AbortSignal): Promise<KeptTicket> {
    const before = await this.#keptBy(source, owner);
    if (before && this.#shortLife(before) === undefined) {
      await this.#publish(before);
      return this.#kept.get(owner.uid)?.shown() ?? this.#adopt(before);
    }
    if (source === 'keytab') return this.#adoptLasting(await this.#sources.byKeytab(owner, signal));
    const found = source === 'host' ? await this.#hostOr(before, owner, signal) : before;
    if (!found) throw new TicketError('ticket-missing', `No login has left a ticket of ${owner.principal}.`);
    if (this.#shortLife(found) === undefined) return this.#adopt(found);
    // Of the host's ticket a copy is renewed: its file is the host's.
    return this.#adoptLasting(await this.#sources.byRenewal(found, signal));
  }

  /** What the host has, or our copy where that ends later. */
  async #hostOr(copy: Master | undefined, owner: TicketOwner, signal: AbortSignal): Promise<Master> {
    try {
      const found = await this.#sources.byHost(owner, signal);
      return copy && copy.view.endsAt > found.view.endsAt ? copy : found;
    } catch (error) {
      if (copy && error instanceof TicketError) return copy;
      throw error;
    }
  }

  async #keptBy(source: TicketSource, owner: TicketOwner): Promise<Master | undefined> {
    const kept = this.#kept.get(owner.uid);
    if (kept?.master.source !== source) return undefined;
    return { ...kept.master, owner, bytes: await this.#masters.read(owner.uid) };
  }

  #adoptLasting(master: Master): Promise<KeptTicket> {
    const why = this.#shortLife(master);
    if (why !== undefined) throw new TicketError('ticket-ended', why);
    return this.#adopt(master);
  }

  /** Why a start can't be given this ticket. */
  #shortLife({ owner, view }: Master): string | undefined {
    const { minimumLifeSeconds } = this.#settings;
    const seconds = remainingSeconds(view, this.#parts.now());
    if (seconds > 0 && seconds >= minimumLifeSeconds) return undefined;
    return `The ticket of ${owner.principal} ends at ${view.endsAt.toISOString()}, and a start needs one for ${minimumLifeSeconds} s: log in again.`;
  }

  async #adopt(master: Master): Promise<KeptTicket> {
    await this.#masters.save(master);
    const kept = this.#keep(master);
    await this.#publish(master);
    return kept.shown();
  }

  #keep(master: Master): Kept {
    const { uid } = master.owner;
    this.#kept.get(uid)?.end();
    const kept = new Kept(master);
    this.#kept.set(uid, kept);
    this.#ended.delete(uid);
    this.#faults.delete(`master ${uid}`);
    this.#faults.delete(`renewal ${uid}`);
    this.#schedule(kept);
    return kept;
  }

  async #publish({ owner, bytes }: Master): Promise<void> {
    const obstacles = await this.#publications.publish(owner, bytes);
    const key = `publish ${owner.uid}`;
    if (obstacles.length > 0) this.#faults.set(key, obstacles.join(' '));
    else this.#faults.delete(key);
  }

  /** Sets the one alarm of a ticket: its renewal while it is used, its end otherwise. */
  #schedule(kept: Kept): void {
    const { owner, source, view } = kept.master;
    const { now, random, timers, hostTickets } = this.#parts;
    const alarm = (time: Date, work: () => Promise<void>): void =>
      kept.setAlarm(alarmAt(time, now, timers, () => this.#inBackground(kept, work)));
    if (!this.#isUsed(owner.uid)) {
      kept.nextRenewal = undefined;
      kept.unwatch();
      return alarm(view.endsAt, () => this.#wipeEnded(kept));
    }
    kept.nextRenewal = nextRenewal(source, view, kept.failures, now(), random());
    if (kept.nextRenewal) alarm(kept.nextRenewal, () => this.#renew(kept));
    else kept.setAlarm(undefined);
    if (source === 'host' && hostTickets)
      kept.watch(() => hostTickets.watch(owner, () => this.#inBackground(kept, () => this.#follow(kept))));
  }

  #inBackground(kept: Kept, work: () => Promise<void>): void {
    const { uid } = kept.master.owner;
    const signal = AbortSignal.any([this.#closing.signal, kept.gone.signal]);
    this.#lanes.run(uid, signal, work).catch((error) => {
      if (!signal.aborted)
        this.#parts.log.warn({ uid, reason: sentenceOf(error) }, 'a ticket could not be looked after');
    });
  }

  async #renew(kept: Kept): Promise<void> {
    const { uid, principal } = kept.master.owner;
    const signal = AbortSignal.any([this.#closing.signal, kept.gone.signal]);
    try {
      const renewed = await this.#renewed(kept, signal);
      signal.throwIfAborted();
      await this.#adopt(renewed);
      this.#parts.log.info({ uid, principal, endsAt: renewed.view.endsAt }, 'renewed a ticket');
    } catch (error) {
      // After a ticket was saved but not published, the failure is the new one's.
      const current = this.#kept.get(uid);
      if (!current || current.gone.signal.aborted || this.#closing.signal.aborted) return;
      current.failures = kept.failures + 1;
      current.problem = sentenceOf(error);
      this.#faults.set(`renewal ${uid}`, `The ticket of ${principal} isn't renewed: ${current.problem}`);
      if (current.failures === 1)
        this.#parts.log.warn({ uid, principal, reason: current.problem }, 'a ticket was not renewed');
      this.#schedule(current);
    }
  }

  async #renewed({ master }: Kept, signal: AbortSignal): Promise<Master> {
    const { owner, source, view } = master;
    if (source === 'keytab') return this.#sources.byKeytab(owner, signal);
    const copy = { ...master, bytes: await this.#masters.read(owner.uid) };
    const best = source === 'host' ? await this.#hostOr(copy, owner, signal) : copy;
    return best.view.endsAt > view.endsAt ? best : this.#sources.byRenewal(best, signal);
  }

  /** The host's cache has changed: what it holds now is taken where it lives longer. */
  async #follow(kept: Kept): Promise<void> {
    const { owner, view } = kept.master;
    const found = await this.#sources.byHost(owner, kept.gone.signal);
    if (found.view.endsAt <= view.endsAt) return;
    await this.#adopt(found);
    this.#parts.log.info({ uid: owner.uid, endsAt: found.view.endsAt }, "took over the host's fresher ticket");
  }

  async #wipeEnded({ master: { owner, view } }: Kept): Promise<void> {
    if (this.#isUsed(owner.uid) || !isEnded(view, this.#parts.now())) return;
    await this.#wipe(owner.uid);
    this.#ended.set(owner.uid, view.endsAt);
  }

  async #wipe(uid: number): Promise<void> {
    this.#kept.get(uid)?.end();
    this.#kept.delete(uid);
    this.#ended.delete(uid);
    for (const kind of ['master', 'publish', 'renewal']) this.#faults.delete(`${kind} ${uid}`);
    await this.#masters.remove(uid);
    await this.#publications.withdraw(uid, this.#isUsed(uid));
  }

  /** A uid that now means somebody else: the ticket of the one before must not reach him. */
  async #removeStranger(owner: TicketOwner): Promise<void> {
    const kept = this.#kept.get(owner.uid);
    if (!kept || isSameOwner(kept.master.view.principal, owner.principal)) return;
    this.#parts.log.warn({ uid: owner.uid }, 'wiped the ticket of another principal, who had this uid before');
    await this.#wipe(owner.uid);
  }

  #isUsed(uid: number): boolean {
    return this.#users?.has(uid) ?? true;
  }

  #untilClose(signal: AbortSignal): AbortSignal {
    return AbortSignal.any([signal, this.#closing.signal]);
  }
}
