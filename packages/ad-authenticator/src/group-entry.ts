/** How a group is written in a configuration, and which of the directory's entries that is. */
import { type AccountName, foldName, parseGroupName, parseSid, sidText } from '@berth/identity';
import { sidOf } from './account.ts';
import { distinguishedNameKey } from './distinguished-name.ts';
import { type DomainNames, isDomain } from './domain-names.ts';
import type { Entry } from './entry.ts';
import { equal, every, type LdapFilter, some } from './ldap-filter.ts';

/** A configured group: what to look for. */
export type GroupEntry =
  | { readonly form: 'sid'; readonly sid: string }
  | { readonly form: 'dn'; readonly dn: string }
  /** Names it may have, best first. */
  | { readonly form: 'name'; readonly names: readonly string[] };

export interface ResolvedGroup {
  readonly sid: string | undefined;
  /** What the admin ought to mend. */
  readonly fault: string | undefined;
}

export const groupAttributes = ['objectSid', 'sAMAccountName', 'cn', 'objectClass', 'groupType'] as const;

/** `BANK\risk analysts`, `risk^analysts`, `risk analysts@corp.example.test`, a DN or a SID. */
export function parseGroupEntry(text: string, names: DomainNames): GroupEntry {
  const sid = parseSid(text);
  if (sid !== undefined) return { form: 'sid', sid: sidText(sid) };
  if (distinguishedNameKey(text) !== undefined) return { form: 'dn', dn: text };
  // A group's own name may hold `\`, `@` and `^`: what is no domain of ours is part of the name.
  const parsed = asGroupName(text);
  const own = parsed?.domain !== undefined && isDomain(names, parsed.domain);
  const name = own ? parsed.name : text;
  return { form: 'name', names: [...new Set([name, name.replaceAll('^', ' ')])] };
}

/** One filter for many entries: AD answers them in one operation. */
export function groupsFilter(entries: readonly GroupEntry[]): LdapFilter {
  return some(...entries.flatMap(termsOf));
}

/** @param found what the directory has under the filter of this entry, and of others */
export function pickGroup(text: string, entry: GroupEntry, found: readonly Entry[]): ResolvedGroup {
  const [group, ...others] = candidates(entry, found);
  const known = entry.form === 'sid' ? entry.sid : undefined;
  if (group === undefined)
    return { sid: known, fault: `the directory knows no group ${text}: it lets nobody in until it does` };
  if (others.length > 0) return { sid: undefined, fault: `${text} is the name of several groups: write its DN or SID` };
  if (!group.texts('objectClass').includes('group'))
    return { sid: undefined, fault: `${text} is no group (${group.dn}): it lets nobody in` };
  // GROUP_TYPE_SECURITY_ENABLED is the sign bit (MS-ADTS 2.2.12).
  if ((group.integer('groupType') ?? 0n) >= 0n)
    return {
      sid: undefined,
      fault: `${text} is a distribution group, which no login carries: make it a security group`,
    };
  return { sid: sidOf(group), fault: undefined };
}

function asGroupName(text: string): AccountName | undefined {
  try {
    return parseGroupName(text, { caret: 'itself' });
  } catch {
    return undefined;
  }
}

function termsOf(entry: GroupEntry): readonly LdapFilter[] {
  if (entry.form === 'sid') return [equal('objectSid', entry.sid)];
  if (entry.form === 'dn') return [equal('distinguishedName', entry.dn)];
  // AD takes `\`, `*` and parentheses in a group's CN; it puts `_` for some of them into the sAMAccountName.
  return entry.names.flatMap((name) => [
    equal('sAMAccountName', name),
    every(equal('objectCategory', 'group'), equal('cn', name)),
  ]);
}

function candidates(entry: GroupEntry, found: readonly Entry[]): readonly Entry[] {
  if (entry.form === 'sid') return found.filter((group) => sidOf(group) === entry.sid);
  if (entry.form === 'dn') {
    const key = distinguishedNameKey(entry.dn);
    return found.filter(({ dn }) => distinguishedNameKey(dn) === key);
  }
  for (const name of entry.names) {
    const called = (attribute: string) => (group: Entry) => foldName(group.text(attribute) ?? '') === foldName(name);
    const byAccount = found.filter(called('sAMAccountName'));
    if (byAccount.length > 0) return byAccount;
    const byName = found.filter((group) => group.texts('objectClass').includes('group')).filter(called('cn'));
    if (byName.length > 0) return byName;
  }
  return [];
}
