/**
 * Where a user's ticket cache may lie, by the names that MIT krb5, PBIS and SSSD give it.
 *
 * A library takes KRB5CCNAME, else default_ccache_name of krb5.conf, else what it was built with, and expands its tokens for
 * the calling process. Berth asks for another user, so that it expands them itself (krb5.conf(5), "Parameter expansion").
 */
import { TicketError } from './errors.ts';

/** One place to look at, or why it can't be looked at. `from` says who named it, for sentences. */
export type CacheCandidate =
  | { readonly kind: 'file'; readonly path: string; readonly from: string }
  /** Files of this folder whose names begin so. */
  | { readonly kind: 'files'; readonly folder: string; readonly prefix: string; readonly from: string }
  /** A DIR collection: the `tkt*` files of a folder. Which one is primary has no say, the principal has. */
  | { readonly kind: 'collection'; readonly folder: string; readonly from: string }
  | { readonly kind: 'refused'; readonly error: TicketError; readonly from: string };

export interface CacheSources {
  /** KRB5CCNAME, where the site sets it for all its users. */
  readonly environment?: string | undefined;
  /** `libdefault(krb5Conf, 'default_ccache_name')`. */
  readonly defaultCcacheName?: string | undefined;
  /** What the host's krb5 was built with: `FILE:/tmp/krb5cc_%{uid}` where not told otherwise (`krb5-config --defccname`). */
  readonly buildDefault?: string | undefined;
  /** Looked at as well; see `cachePattern`. */
  readonly patterns?: readonly string[] | undefined;
  readonly uid: number;
  readonly username: string;
  /** What `%{TEMP}` stands for: `/tmp` where not told otherwise. */
  readonly tmp?: string | undefined;
}

/** What PBIS writes, and SSSD (`krb5_ccname_template = FILE:%d/krb5cc_%U_XXXXXX`). */
export const hostCachePatterns: readonly string[] = ['FILE:/tmp/krb5cc_{uid}', 'FILE:/tmp/krb5cc_{uid}_*'];

/** The place that MIT krb5 would take, then the patterns; none twice. Never throws: what can't be is a `refused`. */
export function candidateCaches(sources: CacheSources): readonly CacheCandidate[] {
  const { environment, defaultCcacheName, buildDefault = 'FILE:/tmp/krb5cc_%{uid}', patterns = [] } = sources;
  const [name, from] = environment
    ? [environment, 'KRB5CCNAME']
    : defaultCcacheName
      ? [defaultCcacheName, 'default_ccache_name in krb5.conf']
      : [buildDefault, 'the default of krb5'];
  const candidates = [
    tried(from, () => candidateOf(expandTokens(name, sources), from)),
    ...patterns.map((pattern) => tried(`the pattern ${pattern}`, () => cachePattern(pattern, sources))),
  ];
  return candidates.filter((one, index) => candidates.findIndex((other) => samePlace(one, other)) === index);
}

/**
 * `FILE:/tmp/krb5cc_{uid}_*`: `{uid}` and `{username}` stand for the user's; a `*` may end the last component; a DIR
 * collection may be named too.
 * @throws TicketError `cache-unsupported` where the pattern can't be: it may be called with any user to check a pattern.
 */
export function cachePattern(pattern: string, user: Pick<CacheSources, 'uid' | 'username'>): CacheCandidate {
  const refuse = (why: string): TicketError => new TicketError('cache-unsupported', `the pattern "${pattern}" ${why}`);
  const unknown = /\{(?!uid\}|username\})[^}]*\}?/.exec(pattern);
  if (unknown) throw refuse(`has ${unknown[0]}; {uid} and {username} are known`);
  if (!/\{uid\}|\{username\}/.test(pattern))
    throw refuse('is the same for all users: it must hold {uid} or {username}');
  if (/\*(?!$)/.test(pattern)) throw refuse('has a * that is not its last letter');
  const from = `the pattern ${pattern}`;
  const name = pattern
    .replace(/\*$/, '')
    .replaceAll('{uid}', () => uidText(user.uid))
    .replaceAll('{username}', () => pathPart(user.username));
  const candidate = candidateOf(name, from);
  if (!pattern.endsWith('*')) return candidate;
  if (candidate.kind !== 'file' || name.endsWith('/')) throw refuse('has a * that does not end the name of a file');
  const { path } = candidate;
  const slash = path.lastIndexOf('/');
  return { kind: 'files', folder: path.slice(0, slash) || '/', prefix: path.slice(slash + 1), from };
}

/**
 * Expands `%{uid}` and the like for this user.
 * @throws TicketError `cache-unsupported` for a token that Berth doesn't know, `ticket-unsafe` for a username that leads elsewhere.
 */
export function expandTokens(name: string, user: Pick<CacheSources, 'uid' | 'username' | 'tmp'>): string {
  return name.replace(/%\{([^}]*)(\}?)/g, (token, key: string, end: string) => {
    const refuse = (why: string): TicketError => new TicketError('cache-unsupported', `"${name}" ${why}`);
    if (end === '') throw refuse(`has ${token}, whose } is missing`);
    switch (key) {
      case 'uid':
      case 'euid':
      case 'USERID':
        return uidText(user.uid);
      case 'username':
        return pathPart(user.username);
      case 'TEMP':
        return user.tmp ?? '/tmp';
      case 'null':
        return '';
      default:
        throw refuse(`has ${token}, which says nothing about a user; %{uid}, %{username} and %{TEMP} do`);
    }
  });
}

/** A name without tokens as a place. @throws TicketError `cache-unsupported`. */
function candidateOf(name: string, from: string): CacheCandidate {
  const [, type = 'FILE', rest = ''] = /^(?:([A-Za-z][A-Za-z0-9_]+):)?(.*)$/s.exec(name) ?? [];
  switch (type) {
    case 'FILE':
      return { kind: 'file', path: absolute(rest, name), from };
    case 'DIR':
      // `DIR::/path/tktXXXXXX` is one cache of a collection.
      return rest.startsWith(':')
        ? { kind: 'file', path: absolute(rest.slice(1), name), from }
        : { kind: 'collection', folder: absolute(rest, name), from };
    default:
      throw new TicketError('cache-unsupported', `"${name}": ${whyNot(type)}`);
  }
}

function whyNot(type: string): string {
  const files = 'default_ccache_name = FILE:/tmp/krb5cc_%{uid} in [libdefaults] of krb5.conf';
  const sssd = 'with SSSD krb5_ccname_template = FILE:/tmp/krb5cc_%U_XXXXXX in sssd.conf';
  switch (type) {
    case 'KEYRING':
      return `a cache in the kernel's keyring can't be given to a container; set ${files}, ${sssd}, with winbind krb5_ccache_type = FILE in pam_winbind.conf`;
    case 'KCM':
      return `a cache that the KCM daemon holds can't be given to a container; set ${files} (and remove krb5.conf.d/kcm_default_ccache where there is one), ${sssd}`;
    case 'MEMORY':
      return `a cache in a process's memory is gone with that process; set ${files}`;
    case 'API':
    case 'MSLSA':
      return `caches of type ${type} belong to macOS and Windows; set ${files}`;
    default:
      return `caches of type ${type} are not known; FILE and DIR are: set ${files}`;
  }
}

/** Its parts are taken as they stand: `..` would lead elsewhere than the name shows. */
function absolute(path: string, name: string): string {
  if (!path.startsWith('/') || /[\0\n\r]/.test(path) || path.split('/').includes('..'))
    throw new TicketError('cache-unsupported', `"${name}" must have an absolute path without ".."`);
  return `/${path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/')}`;
}

function uidText(uid: number): string {
  if (!Number.isInteger(uid) || uid < 0 || uid >= 0xffff_ffff)
    throw new TicketError('ticket-unsafe', `${uid} is no uid: it must be from 0 to 4294967294`);
  return String(uid);
}

function pathPart(username: string): string {
  if (username === '' || username === '.' || username === '..' || /[/\p{C}]/u.test(username))
    throw new TicketError(
      'ticket-unsafe',
      `${JSON.stringify(username)} can't be part of a file's name: no "/", no control character, not "." or ".."`,
    );
  return username;
}

function tried(from: string, make: () => CacheCandidate): CacheCandidate {
  try {
    return make();
  } catch (error) {
    if (error instanceof TicketError) return { kind: 'refused', error, from };
    throw error;
  }
}

function samePlace(a: CacheCandidate, b: CacheCandidate): boolean {
  if (a.kind === 'file') return b.kind === 'file' && a.path === b.path;
  if (a.kind === 'files') return b.kind === 'files' && a.folder === b.folder && a.prefix === b.prefix;
  if (a.kind === 'collection') return b.kind === 'collection' && a.folder === b.folder;
  return a === b;
}
