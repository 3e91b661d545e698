/** A small directory in memory, and what an LDAP search finds in it. */
import { AndFilter, EqualityFilter, type Filter, NotFilter, OrFilter, PresenceFilter } from 'ldapts';
import { parseSid, sidToBytes } from '@berth/identity';
import { distinguishedNameKey } from '../distinguished-name.ts';

export interface DirectoryEntry {
  readonly dn: string;
  readonly attributes: Readonly<Record<string, readonly (string | Buffer)[]>>;
  /** Other names it may bind by. */
  readonly bindNames?: readonly string[];
  readonly password?: string;
}

export function findEntries(
  entries: readonly DirectoryEntry[],
  base: string,
  scope: 'base' | 'one' | 'sub',
  filter: Filter,
): readonly DirectoryEntry[] {
  const below = `,${base.toLowerCase()}`;
  const inScope = ({ dn }: DirectoryEntry): boolean =>
    dn.toLowerCase() === base.toLowerCase() || (scope !== 'base' && dn.toLowerCase().endsWith(below));
  return entries
    .filter((entry) => inScope(entry) && matches(entry, filter))
    .map((entry) => (scope === 'base' ? entry : withoutTokenGroups(entry)));
}

export function sidBytes(sid: string): Buffer {
  const parsed = parseSid(sid);
  if (parsed === undefined) throw new Error(`${sid} is no SID`);
  return Buffer.from(sidToBytes(parsed));
}

function withoutTokenGroups(entry: DirectoryEntry): DirectoryEntry {
  const { tokenGroups: _, ...attributes } = entry.attributes;
  return { ...entry, attributes };
}

function matches(entry: DirectoryEntry, filter: Filter): boolean {
  if (filter instanceof AndFilter) return filter.filters.every((part) => matches(entry, part));
  if (filter instanceof OrFilter) return filter.filters.some((part) => matches(entry, part));
  if (filter instanceof NotFilter) return !matches(entry, filter.filter);
  if (filter instanceof PresenceFilter) return valuesOf(entry, filter.attribute).length > 0;
  if (!(filter instanceof EqualityFilter)) throw new Error(`no filter that was expected: ${String(filter)}`);
  const wanted = filter.value.toString();
  if (filter.attribute.toLowerCase() === 'distinguishedname')
    return distinguishedNameKey(wanted) === distinguishedNameKey(entry.dn);
  return valuesOf(entry, filter.attribute).some((value) =>
    Buffer.isBuffer(value)
      ? parseSid(wanted) !== undefined && value.equals(sidBytes(wanted))
      : value.toLowerCase() === wanted.toLowerCase(),
  );
}

function valuesOf(entry: DirectoryEntry, attribute: string): readonly (string | Buffer)[] {
  const name = attribute.toLowerCase();
  if (name === 'objectclass' && entry.attributes['objectClass'] === undefined) return ['top'];
  return Object.entries(entry.attributes).flatMap(([own, values]) => (own.toLowerCase() === name ? values : []));
}
