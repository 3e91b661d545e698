/** By which path an account is in each of its groups; for people who ask why. Reads group by group level, many groups in one search. */
import { parseSid, wellKnownName } from '@berth/identity';
import type { AccountFacts } from './account.ts';
import { sidOf } from './account.ts';
import type { ExplainedGroup } from './ad-authenticator.ts';
import { distinguishedNameKey } from './distinguished-name.ts';
import type { DomainNames } from './domain-names.ts';
import type { Entry } from './entry.ts';
import type { LdapConnection } from './ldap-connection.ts';
import { equal, type LdapFilter, some } from './ldap-filter.ts';

/** Groups in one search. */
const batch = 100;
/** Nesting deeper than this is shown without its path. */
const deepest = 20;

interface Group {
  readonly name: string;
  readonly parents: readonly string[];
}

export async function explainGroups(
  account: AccountFacts,
  entry: Entry,
  names: DomainNames,
  connection: LdapConnection,
  signal: AbortSignal,
): Promise<readonly ExplainedGroup[]> {
  const search = async (terms: readonly LdapFilter[]): Promise<readonly Entry[]> => {
    const found: Entry[] = [];
    for (let start = 0; start < terms.length; start += batch) {
      const filter = some(...terms.slice(start, start + batch));
      found.push(
        ...(await connection.search(
          names.namingContext,
          filter,
          ['objectSid', 'sAMAccountName', 'memberOf'],
          1000,
          signal,
        )),
      );
    }
    return found;
  };

  const explained = new Map<string, ExplainedGroup>();
  const direct = new Set(entry.texts('memberOf').map((dn) => distinguishedNameKey(dn) ?? dn));
  const primary = await search([equal('objectSid', account.primaryGroupSid)]);
  /** Paths to the groups whose own groups come next, by their DNs. */
  let next = new Map<string, readonly string[]>(entry.texts('memberOf').map((dn) => [dn, []]));
  for (const found of primary) {
    const { name, parents } = groupOf(found, names);
    explained.set(account.primaryGroupSid, { sid: account.primaryGroupSid, name, how: 'primary', path: [name] });
    for (const dn of parents) if (!next.has(dn)) next.set(dn, [name]);
  }
  for (let level = 0; level < deepest && next.size > 0; level++) {
    const above = new Map<string, readonly string[]>();
    const paths = new Map([...next].map(([dn, path]) => [distinguishedNameKey(dn) ?? dn, path]));
    for (const found of await search([...next.keys()].map((dn) => equal('distinguishedName', dn)))) {
      const sid = sidOf(found);
      const key = distinguishedNameKey(found.dn) ?? found.dn;
      if (sid === undefined || explained.has(sid)) continue;
      const { name, parents } = groupOf(found, names);
      const path = [...(paths.get(key) ?? []), name];
      explained.set(sid, { sid, name, how: direct.has(key) && path.length === 1 ? 'direct' : 'nested', path });
      for (const dn of parents) if (!above.has(dn)) above.set(dn, path);
    }
    next = above;
  }
  const unseen = account.groupSids.filter((sid) => !explained.has(sid));
  const named = new Map(
    (await search(unseen.map((sid) => equal('objectSid', sid)))).map((found) => [
      sidOf(found),
      groupOf(found, names).name,
    ]),
  );
  // What carries a login is tokenGroups: distribution groups are on the paths, but not in it.
  return account.groupSids.map((sid) => explained.get(sid) ?? withoutPath(sid, named.get(sid)));
}

function withoutPath(sid: string, found: string | undefined): ExplainedGroup {
  const parsed = parseSid(sid);
  const name = found ?? (parsed === undefined ? undefined : wellKnownName(parsed));
  return { sid, name, how: 'nested', path: [name ?? sid] };
}

function groupOf(entry: Entry, names: DomainNames): Group {
  const account = entry.text('sAMAccountName') ?? entry.dn;
  const builtin = sidOf(entry)?.startsWith('S-1-5-32-') === true;
  return { name: `${builtin ? 'BUILTIN' : names.netbios}\\${account}`, parents: entry.texts('memberOf') };
}
