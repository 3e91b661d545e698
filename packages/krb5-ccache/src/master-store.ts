/** The masters: `<runtime>/tickets/<uid>/krb5cc` and, beside it, whose it is. Nobody but the service reads them, nothing mounts them. */
import { randomBytes } from 'node:crypto';
import { readdir, rename, rmdir, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TicketError } from './errors.ts';
import { failed, ownFolder, readOwnFile } from './master-folder.ts';
import { checkedTicket } from './master-ticket.ts';
import type { CheckedTicket } from './master-ticket.ts';
import type { TicketOwner, TicketSource } from './ticket-keeper.ts';
import { wipeFile, wipeFolder } from './wipe.ts';

export interface Master extends CheckedTicket {
  readonly owner: TicketOwner;
  readonly source: TicketSource;
}

const CACHE_LIMIT = 1 << 20;

export class Masters {
  readonly #folder: string;
  readonly #uid: number;

  constructor(folder: string, uid: number) {
    this.#folder = folder;
    this.#uid = uid;
  }

  get staging(): string {
    return join(this.#folder, '.staging');
  }

  get krb5Conf(): string {
    return join(this.#folder, 'krb5.conf');
  }

  /** Makes the folders and removes what a killed run left half done. */
  async open(krb5Conf: string): Promise<void> {
    await ownFolder(this.#folder, 0o700, this.#uid);
    await ownFolder(this.staging, 0o700, this.#uid);
    for (const name of await readdir(this.staging)) await wipeFolder(join(this.staging, name), this.#uid);
    await this.#put(krb5Conf, this.krb5Conf);
  }

  /** What there is, and a sentence for each that can't be used. */
  async load(): Promise<{ readonly masters: readonly Master[]; readonly faults: ReadonlyMap<number, string> }> {
    const masters: Master[] = [];
    const faults = new Map<number, string>();
    for (const name of await readdir(this.#folder)) {
      if (!/^\d+$/.test(name)) continue;
      const uid = Number(name);
      try {
        const master = await this.#loadOne(uid);
        if (master) masters.push(master);
      } catch (error) {
        faults.set(uid, error instanceof TicketError ? error.message : failed(join(this.#folder, name), error).message);
      }
    }
    return { masters, faults };
  }

  /** Puts a ticket in place of the one before, in one step. */
  async save({ owner, source, bytes }: Pick<Master, 'owner' | 'source' | 'bytes'>): Promise<void> {
    const folder = join(this.#folder, String(owner.uid));
    await ownFolder(folder, 0o700, this.#uid);
    const { uid, gid, principal, username } = owner;
    // The owner first: a crash in between leaves a cache whose principal doesn't fit, and that is refused.
    await this.#put(JSON.stringify({ uid, gid, principal, username, source }), join(folder, 'owner.json'));
    await this.#put(bytes, join(folder, 'krb5cc'));
  }

  /** Bytes of the kept ticket. Rejects with a TicketError: `ticket-missing`, `ticket-unsafe`. */
  async read(uid: number): Promise<Uint8Array> {
    const file = join(this.#folder, String(uid), 'krb5cc');
    const bytes = await readOwnFile(file, this.#uid, CACHE_LIMIT);
    if (!bytes) throw new TicketError('ticket-missing', `${file} is gone: a new login is needed.`);
    return bytes;
  }

  /** Overwrites and removes. Absent is success. */
  async remove(uid: number): Promise<void> {
    const folder = join(this.#folder, String(uid));
    try {
      await wipeFile(join(folder, 'krb5cc'), this.#uid);
      await unlink(join(folder, 'owner.json')).catch(() => undefined);
      await rmdir(folder).catch(() => undefined);
    } catch (error) {
      throw failed(folder, error);
    }
  }

  async #loadOne(uid: number): Promise<Master | undefined> {
    const folder = join(this.#folder, String(uid));
    await ownFolder(folder, 0o700, this.#uid);
    const text = await readOwnFile(join(folder, 'owner.json'), this.#uid, 65_536);
    const bytes = await readOwnFile(join(folder, 'krb5cc'), this.#uid, CACHE_LIMIT);
    if (!text || !bytes) return undefined;
    const described = readOwner(text.toString('utf8'));
    if (described?.owner.uid !== uid)
      throw new TicketError('ticket-unsafe', `${folder}/owner.json isn't Berth's; a new login writes it.`);
    return { ...described, ...checkedTicket(bytes, described.owner.principal, `${folder}/krb5cc`) };
  }

  async #put(content: string | Uint8Array, path: string): Promise<void> {
    const staged = join(this.staging, `file-${randomBytes(12).toString('hex')}`);
    try {
      await writeFile(staged, content, { mode: 0o600, flag: 'wx' });
      await rename(staged, path);
    } catch (error) {
      await wipeFile(staged, this.#uid).catch(() => undefined);
      throw failed(path, error);
    }
  }
}

function readOwner(text: string): Pick<Master, 'owner' | 'source'> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { uid, gid, principal, username, source } = value as Record<string, unknown>;
  if (!Number.isSafeInteger(uid) || !Number.isSafeInteger(gid)) return undefined;
  if (typeof principal !== 'string' || typeof username !== 'string') return undefined;
  if (source !== 'password' && source !== 'keytab' && source !== 'host') return undefined;
  return { owner: { uid: uid as number, gid: gid as number, principal, username }, source };
}
