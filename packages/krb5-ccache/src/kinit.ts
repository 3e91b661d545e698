/**
 * MIT's kinit as functions: in goes a password, a keytab or a cache, out come the bytes of a fresh cache.
 *
 * Each run has a temporary folder of its own: kinit leaves a cache of 34 bytes where it fails, and a service that is killed
 * leaves all. Nothing but the environment below reaches it.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TicketError } from './errors.ts';
import { kinitError } from './kinit-answer.ts';
import { KinitGate } from './kinit-gate.ts';
import { runKinit } from './kinit-process.ts';
import type { KinitEnd } from './kinit-process.ts';
import type { TicketSettings } from './ticket-settings.ts';
import { codeOf, wipeFolder } from './wipe.ts';

export interface KinitPlace {
  /** The service's own, 0700. */
  readonly staging: string;
  /** Berth's own krb5.conf, read before the site's. */
  readonly krb5Conf: string;
  readonly uid: number;
}

interface Request {
  readonly principal: string;
  readonly options: readonly string[];
  readonly password?: string;
  /** To begin with, for a renewal. */
  readonly cache?: Uint8Array;
  readonly signal: AbortSignal;
}

// MIT's buffer for a password (PASS_BUF in gic_pwd.c) has 1024 bytes; a longer one would be cut off and count as a wrong password.
const PASSWORD_LIMIT = 1023;

/** All methods reject with a TicketError, or with the signal's reason. */
export class Kinit {
  readonly #settings: TicketSettings;
  readonly #place: KinitPlace;
  readonly #gate: KinitGate;
  /** Renewals hold a quarter of the places at most, so that logins don't wait for them. */
  readonly #renewals: KinitGate;
  #turn: Promise<void> = Promise.resolve();

  constructor(settings: TicketSettings, place: KinitPlace) {
    this.#settings = settings;
    this.#place = place;
    this.#gate = new KinitGate(settings.kinitAtOnce);
    this.#renewals = new KinitGate(Math.max(1, Math.floor(settings.kinitAtOnce / 4)));
  }

  byPassword(principal: string, password: string, signal: AbortSignal): Promise<Uint8Array> {
    checkPassword(password, principal);
    return this.#cacheOf({ principal, password, options: this.#lives(), signal });
  }

  byKeytab(principal: string, keytab: string, signal: AbortSignal): Promise<Uint8Array> {
    return this.#cacheOf({ principal, options: [...this.#lives(), '-k', '-t', `FILE:${keytab}`], signal });
  }

  /** The cache's ticket with a new end. The bytes given stay as they are. */
  renew(principal: string, cache: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    const limited = this.#limited(signal);
    return this.#renewals
      .through(limited, () => this.#cacheOf({ principal, cache, options: ['-R'], signal }))
      .catch((error) => Promise.reject(this.#reason(error, principal, signal)));
  }

  /** Asks for the ticket of a principal that doesn't exist. Resolves where a KDC said so, or asked for its password. */
  async probe(realm: string, signal: AbortSignal): Promise<void> {
    const principal = `berth-doctor@${realm}`;
    try {
      await this.#cacheOf({ principal, options: [], signal });
    } catch (error) {
      if (!(error instanceof TicketError) || error.code !== 'ticket-refused') throw error;
    }
  }

  #lives(): readonly string[] {
    const { lifetimeSeconds, renewLifetimeSeconds } = this.#settings;
    const life = lifetimeSeconds === undefined ? [] : ['-l', `${lifetimeSeconds}s`];
    return ['-f', '-r', `${renewLifetimeSeconds}s`, ...life];
  }

  async #cacheOf(request: Request): Promise<Uint8Array> {
    checkPrincipal(request.principal);
    const limited = this.#limited(request.signal);
    try {
      return await this.#gate.through(limited, () => this.#inFolder(request, limited));
    } catch (error) {
      throw this.#reason(error, request.principal, request.signal);
    }
  }

  async #inFolder(request: Request, limited: AbortSignal): Promise<Uint8Array> {
    const folder = join(this.#place.staging, randomBytes(12).toString('hex'));
    const file = join(folder, 'krb5cc');
    await mkdir(folder, { mode: 0o700 });
    try {
      if (request.cache) await writeFile(file, request.cache, { mode: 0o600, flag: 'wx' });
      await this.#nextTurn();
      const end = await this.#run(request, file, limited);
      if (end.exitCode !== 0) throw kinitError(end.said, request.principal, request.password);
      return await readFile(file);
    } finally {
      await wipeFolder(folder, this.#place.uid);
    }
  }

  #run(request: Request, file: string, limited: AbortSignal): Promise<KinitEnd> {
    const { principal, options, password, cache: isRenewal } = request;
    const cache = `FILE:${file}`;
    const run = {
      program: this.#settings.kinit,
      // A renewal is for the principal of the cache, in the KDC's own spelling.
      arguments: [...options, '-c', cache, ...(isRenewal ? [] : ['--', principal])],
      environment: {
        PATH: '/usr/bin:/bin',
        HOME: '/nonexistent',
        LC_ALL: 'C',
        KRB5_CONFIG: `${this.#place.krb5Conf}:${this.#settings.krb5Conf}`,
        KRB5CCNAME: cache,
      },
      input: Buffer.from(password === undefined ? '' : `${password}\n`, 'utf8'),
    };
    return runKinit(run, limited);
  }

  /** To start a process holds the event loop up until the child runs: one a turn, so that others are served in between. */
  #nextTurn(): Promise<void> {
    this.#turn = this.#turn.then(() => new Promise((resolve) => void setImmediate(resolve)));
    return this.#turn;
  }

  /** The limit counts from the call on, so that those who wait in line behind a silent KDC end with the others. */
  #limited(signal: AbortSignal): AbortSignal {
    return AbortSignal.any([signal, AbortSignal.timeout(this.#settings.kinitSeconds * 1000)]);
  }

  #reason(error: unknown, principal: string, signal: AbortSignal): unknown {
    if (error instanceof TicketError || (signal.aborted && error === signal.reason)) return error;
    const { kinit, kinitSeconds } = this.#settings;
    if (nameOf(error) === 'TimeoutError')
      return new TicketError('kdc-unreachable', `No KDC answered for ${principal} within ${kinitSeconds} s.`);
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'EACCES')
      return new TicketError(
        'ticket-failed',
        `${kinit} can't be run (${code}): install MIT's krb5-user or name its kinit.`,
      );
    return new TicketError('ticket-failed', `kinit for ${principal} failed on this host (${code || 'no code'}).`, {
      cause: error,
    });
  }
}

/** Config words that kinit reads before the site's; the first file that has a word counts. */
export function ownKrb5Conf(renewLifetimeSeconds: number): string {
  return `# Written by Berth for its own kinit, which reads it before the site's krb5.conf.
[libdefaults]
    forwardable = true
    noaddresses = true
    renew_lifetime = ${renewLifetimeSeconds}s
`;
}

function checkPassword(password: string, principal: string): void {
  const refuse = (why: string): never => {
    throw new TicketError('ticket-refused', `The password of ${principal} ${why}.`);
  };
  if (password === '') refuse('is empty');
  // A second line would answer kinit's next question, which may be for a new password.
  if (/[\n\r\0]/.test(password)) refuse('holds a line end or a NUL, which no Kerberos password has');
  if (Buffer.byteLength(password) > PASSWORD_LIMIT) refuse(`is longer than ${PASSWORD_LIMIT} bytes`);
}

/** One name and one realm, nothing that krb5's own escapes could turn into another name. */
function checkPrincipal(principal: string): void {
  if (!/^[^@\\\p{C}\p{Zl}\p{Zp}]+@[^@\\/\s\p{C}]+$/u.test(principal))
    throw new TicketError('ticket-refused', `${JSON.stringify(principal)} is no principal: name@REALM is expected.`);
}

function nameOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'name' in error ? String(error.name) : '';
}
