import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTicketKeeper } from '../create-ticket-keeper.ts';
import type { TicketKeeper, TicketOwner } from '../ticket-keeper.ts';
import type { HostTickets, TicketSettings } from '../ticket-settings.ts';
import { FakeClock } from './fake-clock.ts';
import { FakeKinit } from './fake-kinit.ts';
import { ticketBytes } from './ticket-bytes.ts';

export const start = new Date('2026-01-01T00:00:00Z');

/** A keeper on folders of its own, with a clock that is moved by hand, and a kinit that says what it is told to. */
export class KeeperWorld {
  readonly clock = new FakeClock(start);
  readonly logged: string[] = [];
  readonly kinit: FakeKinit;
  readonly owner: TicketOwner;
  #keeper: TicketKeeper | undefined;

  static async make(): Promise<KeeperWorld> {
    return new KeeperWorld(await FakeKinit.make());
  }

  constructor(kinit: FakeKinit) {
    this.kinit = kinit;
    // Without root a file can only be given to oneself.
    const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
    this.owner = { uid, gid, principal: 'user1@R.TEST', username: 'user1' };
  }

  get keeper(): TicketKeeper {
    if (!this.#keeper) throw new Error('open first');
    return this.#keeper;
  }

  get keytabs(): string {
    return join(this.kinit.folder, 'keytabs');
  }

  get master(): string {
    return join(this.kinit.folder, 'run', 'tickets', String(this.owner.uid), 'krb5cc');
  }

  get published(): string {
    return join(this.kinit.folder, 'run', 'krb5', String(this.owner.uid), 'krb5cc');
  }

  /** A new service on the same folders; the one before is not told, as if it was killed. */
  async open(settings: Partial<TicketSettings> = {}, hostTickets?: HostTickets): Promise<TicketKeeper> {
    await mkdir(this.keytabs, { recursive: true, mode: 0o700 });
    this.#keeper = createTicketKeeper(
      {
        runtime: join(this.kinit.folder, 'run'),
        krb5Conf: '/nowhere/krb5.conf',
        sources: ['password'],
        keytabFolder: this.keytabs,
        minimumLifeSeconds: 300,
        renewLifetimeSeconds: 604_800,
        kinit: this.kinit.path,
        kinitSeconds: 5,
        kinitAtOnce: 4,
        ...settings,
      },
      {
        log: {
          info: (fields, message) => this.logged.push(JSON.stringify({ ...fields, message })),
          warn: (fields, message) => this.logged.push(JSON.stringify({ ...fields, message })),
        },
        now: this.clock.now,
        timers: this.clock.timers,
        random: () => 0,
        uid: this.owner.uid,
        ...(hostTickets ? { hostTickets } : {}),
      },
    );
    await this.#keeper.open();
    return this.#keeper;
  }

  /** A ticket that begins now. */
  ticket(seconds: number, renewSeconds = 604_800, principal = this.owner.principal): Uint8Array {
    return ticketBytes(principal, { startsAt: this.clock.now(), seconds, renewSeconds });
  }

  /** Seconds from the start of the clock to the kept ticket's end. */
  get ends(): number | undefined {
    return this.#sinceStart(this.keeper.view(this.owner.uid)?.endsAt);
  }

  get renewsAt(): number | undefined {
    return this.#sinceStart(this.keeper.view(this.owner.uid)?.nextRenewal);
  }

  #sinceStart(date: Date | undefined): number | undefined {
    return date && (date.getTime() - start.getTime()) / 1000;
  }

  /** Undefined where it is absent. */
  read(path: string): Promise<Buffer | undefined> {
    return readFile(path).catch(() => undefined);
  }

  async remove(): Promise<void> {
    await this.#keeper?.close();
    await rm(this.kinit.folder, { recursive: true });
  }
}

/** Background work has no promise to wait for. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`not within 5 s: ${isSo}`);
    await sleep(5);
  }
}
