/** The host's own ticket of a user: found among the places where it may lie, and checked. */
import type * as fsPromises from 'node:fs/promises';
import type { Ccache, TicketView } from './ccache.ts';
import { type CacheCandidate, type CacheSources, candidateCaches } from './ccache-name.ts';
import { principalText, shownPrincipal } from './ccache-principal.ts';
import { type CheckedFileSystem, readCheckedFile } from './checked-file.ts';
import { TicketError, type TicketErrorCode } from './errors.ts';
import { isSameOwner } from './master-ticket.ts';
import { parseCcache } from './parse-ccache.ts';
import { viewTgt } from './tgt.ts';
import type { TicketOwner } from './ticket-keeper.ts';

export type HostCacheSettings = Omit<CacheSources, 'uid' | 'username'>;

export interface HostCacheParts {
  /** `node:fs/promises`. */
  readonly fs: CheckedFileSystem & Pick<typeof fsPromises, 'opendir'>;
  readonly now: () => Date;
}

export interface HostTicket {
  readonly cache: Ccache;
  readonly view: TicketView;
  /** The file's path. */
  readonly from: string;
}

/** Clocks of KDC and host may differ by this (MIT's `clockskew`). */
const CLOCK_SKEW_SECONDS = 300;
/** Of one pattern or collection; the newest are looked at. */
const MAXIMUM_FILES = 32;

/**
 * Of the places that the settings name, the ticket of the owner's principal that ends last.
 * @throws TicketError that says of each place why it gave none. Its code is the most telling of theirs.
 */
export async function findHostTicket(
  owner: TicketOwner,
  settings: HostCacheSettings,
  parts: HostCacheParts,
): Promise<HostTicket> {
  const reasons: TicketError[] = [];
  let best: HostTicket | undefined;
  for (const candidate of candidateCaches({ ...settings, uid: owner.uid, username: owner.username })) {
    for (const attempt of await attempts(candidate, owner, parts)) {
      try {
        const found = await attempt();
        if (best === undefined || found.view.endsAt > best.view.endsAt) best = found;
      } catch (error) {
        if (!(error instanceof TicketError)) throw error;
        reasons.push(error);
      }
    }
  }
  if (best !== undefined) return best;
  const sentences = reasons.map(({ message }) => message).join('; ');
  throw new TicketError(mostTelling(reasons), `the host has no ticket of ${owner.principal}: ${sentences}`);
}

type Attempt = () => Promise<HostTicket>;

async function attempts(candidate: CacheCandidate, owner: TicketOwner, parts: HostCacheParts): Promise<Attempt[]> {
  switch (candidate.kind) {
    case 'refused':
      return [
        () => Promise.reject(new TicketError(candidate.error.code, `${candidate.from}: ${candidate.error.message}`)),
      ];
    case 'file':
      return [() => readTicket(candidate.path, owner, parts)];
    case 'files':
      return filesOf(candidate.folder, candidate.prefix, owner, parts);
    case 'collection':
      return filesOf(candidate.folder, 'tkt', owner, parts);
  }
}

/** Files of other owners are passed over: in a folder where anyone may write they say nothing about this one. */
async function filesOf(
  folder: string,
  prefix: string,
  owner: TicketOwner,
  { fs, now }: HostCacheParts,
): Promise<Attempt[]> {
  const own: { path: string; changed: bigint }[] = [];
  const none = (why: string, code: TicketErrorCode): Attempt[] => [
    () => Promise.reject(new TicketError(code, `${folder}/${prefix}* ${why}`)),
  ];
  try {
    for await (const { name } of await fs.opendir(folder)) {
      if (!name.startsWith(prefix) || !/^[\x21-\x7e]+$/.test(name)) continue;
      const path = `${folder === '/' ? '' : folder}/${name}`;
      const stats = await fs.lstat(path, { bigint: true }).catch(() => undefined);
      if (stats?.uid === BigInt(owner.uid)) own.push({ path, changed: stats.mtimeNs });
    }
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return none('does not exist', 'ticket-missing');
    return none(`can't be listed (${code ?? 'unknown'})`, 'ticket-failed');
  }
  if (own.length === 0) return none(`names no file of uid ${owner.uid}`, 'ticket-missing');
  return own
    .toSorted((a, b) => Number(b.changed - a.changed))
    .slice(0, MAXIMUM_FILES)
    .map(
      ({ path }) =>
        () =>
          readTicket(path, owner, { fs, now }),
    );
}

async function readTicket(path: string, owner: TicketOwner, { fs, now }: HostCacheParts): Promise<HostTicket> {
  const bytes = await readCheckedFile(path, { uid: owner.uid }, fs);
  const cache = sentenced(path, () => parseCcache(bytes));
  if (!isSameOwner(principalText(cache.principal), owner.principal))
    throw new TicketError(
      'ticket-unsafe',
      `${path} holds tickets of ${shownPrincipal(cache.principal)}; they must be those of ${owner.principal}`,
    );
  const view = sentenced(path, () => viewTgt(cache));
  const time = now().getTime();
  if (view.endsAt.getTime() <= time)
    throw new TicketError('ticket-ended', `the ticket in ${path} ended at ${view.endsAt.toISOString()}`);
  if (view.startsAt.getTime() > time + CLOCK_SKEW_SECONDS * 1000)
    throw new TicketError(
      'ticket-missing',
      `the ticket in ${path} begins at ${view.startsAt.toISOString()} only; is the host's clock right?`,
    );
  return { cache, view, from: path };
}

function sentenced<T>(path: string, attempt: () => T): T {
  try {
    return attempt();
  } catch (error) {
    if (!(error instanceof TicketError)) throw error;
    throw new TicketError(error.code, `${path}: ${error.message}`, { cause: error });
  }
}

/** An ended ticket asks for a login, whatever else lies about; so it comes first. */
const telling: readonly TicketErrorCode[] = ['ticket-ended', 'ticket-unsafe', 'cache-unsupported', 'ticket-failed'];

function mostTelling(reasons: readonly TicketError[]): TicketErrorCode {
  return telling.find((code) => reasons.some((reason) => reason.code === code)) ?? 'ticket-missing';
}
