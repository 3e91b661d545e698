/**
 * All tokens of the service and whom each stands for.
 *
 * Files are looked at again at most once a second, when a token is presented, so that a changed file counts without a
 * restart. A file that has become unreadable, empty or wrong leaves the tokens read before in force, and readiness says
 * so: an editor that writes in two steps must not lock a hub out.
 */
import { timingSafeEqual } from 'node:crypto';
import type { Configuration, TokenFile } from '../configuration/index.ts';
import { hashToken } from './token.ts';
import { ensureTokenFile, readTokenFile, stampOf, TokenFileError } from './token-file.ts';

export type Role = 'hub' | 'viewer' | 'admin';

/** Who speaks, as the token says. */
export type Caller =
  { readonly role: 'hub'; readonly hub: string } | { readonly role: 'viewer' } | { readonly role: 'admin' };

export interface TokenSource {
  readonly caller: Caller;
  readonly file: TokenFile;
}

export interface TokenRing {
  /** Whom the token stands for; undefined where nobody. Compares with every hash, in the same time whichever it is. */
  identify(token: string): Promise<Caller | undefined>;
  /** What is amiss with the files, as sentences; empty where nothing is. */
  faults(): readonly string[];
}

export interface TokenRingParts {
  readonly sources: readonly TokenSource[];
  readonly now: () => Date;
  /** Hears of each file made, each change read and each fault, once. */
  readonly log: {
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
  };
}

interface Loaded {
  readonly source: TokenSource;
  hashes: readonly Buffer[];
  stamp: string;
  fault: string | undefined;
}

const lookEveryMs = 1000;

export function tokenSources(configuration: Configuration): TokenSource[] {
  const sources: TokenSource[] = configuration.hubs.map(({ name, token }) => ({
    caller: { role: 'hub', hub: name },
    file: token,
  }));
  sources.push({ caller: { role: 'admin' }, file: configuration.adminToken });
  if (configuration.viewerToken !== undefined)
    sources.push({ caller: { role: 'viewer' }, file: configuration.viewerToken });
  return sources;
}

/** Makes the files that nobody declared, reads all. Rejects with a TokenFileError where a file can't be used. */
export async function openTokenRing({ sources, now, log }: TokenRingParts): Promise<TokenRing> {
  const loaded: Loaded[] = [];
  for (const source of sources) {
    const { path, declared } = source.file;
    if (!declared && (await ensureTokenFile(path)) === 'made') log.info({ file: path }, 'made a token file');
    const { hashes, stamp, exposed } = await readTokenFile(path);
    const clash = holderOf(loaded, hashes);
    if (clash !== undefined) throw new TokenFileError(path, sharedWith(clash));
    const fault = exposed ? exposure(path) : undefined;
    if (fault !== undefined) log.warn({ file: path }, fault);
    loaded.push({ source, hashes, stamp, fault });
  }
  let lookedAt = now().getTime();
  let looking: Promise<void> | undefined;

  async function look(): Promise<void> {
    for (const one of loaded) {
      const fault = await refresh(
        one,
        loaded.filter((other) => other !== one),
      );
      if (fault !== undefined && fault !== one.fault) log.warn({ file: one.source.file.path }, fault);
      one.fault = fault;
    }
  }

  async function refresh(one: Loaded, others: readonly Loaded[]): Promise<string | undefined> {
    const { path } = one.source.file;
    try {
      const { stamp, exposed } = await stampOf(path);
      if (stamp !== one.stamp) {
        const { hashes } = await readTokenFile(path);
        const clash = holderOf(others, hashes);
        if (clash !== undefined) throw new TokenFileError(path, sharedWith(clash));
        one.hashes = hashes;
        one.stamp = stamp;
        log.info({ file: path, tokens: hashes.length }, 'read a changed token file');
      }
      return exposed ? exposure(path) : undefined;
    } catch (error) {
      return `${error instanceof TokenFileError ? error.message : String(error)}; the tokens read before stay in force`;
    }
  }

  return {
    async identify(token) {
      if (looking !== undefined) await looking;
      else if (Math.abs(now().getTime() - lookedAt) >= lookEveryMs) {
        lookedAt = now().getTime();
        looking = look().finally(() => {
          looking = undefined;
        });
        await looking;
      }
      const presented = hashToken(token);
      let caller: Caller | undefined;
      for (const { source, hashes } of loaded)
        for (const hash of hashes) if (timingSafeEqual(hash, presented)) caller = source.caller;
      return caller;
    },
    faults: () => loaded.flatMap(({ fault }) => fault ?? []),
  };
}

function holderOf(loaded: readonly Loaded[], hashes: readonly Buffer[]): Loaded | undefined {
  return loaded.find((one) => one.hashes.some((held) => hashes.some((hash) => held.equals(hash))));
}

function sharedWith({ source }: Loaded): string {
  return `holds a token that ${source.file.path} holds too; a token has one role, so make a new one`;
}

function exposure(path: string): string {
  return `token file ${path} can be read by others than its owner; chmod 600 it`;
}
