/** An account as its entry shows it. */
import { domainSidOf, parseSid, sidFromBytes, sidText } from '@berth/identity';
import { type DirectoryAccount, DirectoryError } from './ad-authenticator.ts';
import type { DomainNames } from './domain-names.ts';
import type { Entry } from './entry.ts';
import { stateAttributes } from './refusals.ts';

export type AccountFacts = Omit<DirectoryAccount, 'allowedBy' | 'admin' | 'hubGroups'>;

/** All that a decision needs, in one read. tokenGroups is given by a read of the entry alone, never by a search (MS-ADTS 3.1.1.4.5.19). */
export const accountAttributes: readonly string[] = [
  'objectSid',
  'tokenGroups',
  'sAMAccountName',
  'userPrincipalName',
  'displayName',
  'primaryGroupID',
  ...stateAttributes,
  'uidNumber',
  'gidNumber',
  'unixHomeDirectory',
  'loginShell',
];

/** @throws DirectoryError `directory-refused` where what must be there can't be read */
export function accountFacts(entry: Entry, names: DomainNames, reader: string): AccountFacts {
  const sid = sidOf(entry);
  const name = entry.text('sAMAccountName');
  const primary = entry.integer('primaryGroupID');
  if (sid === undefined || name === undefined || primary === undefined) {
    throw new DirectoryError(
      'directory-refused',
      `${reader} may not read objectSid, sAMAccountName and primaryGroupID of ${entry.dn}: grant it Read All Properties on users`,
    );
  }
  const groups = groupSids(entry, reader);
  // Hidden, it would make a disabled account of everybody's, and a refresh would log them all out.
  if (entry.integer('userAccountControl') === undefined) {
    throw new DirectoryError(
      'directory-refused',
      `${reader} may not read userAccountControl of ${entry.dn}: grant it Read Account Restrictions on users, ` +
        `or make it a member of the group 'Pre-Windows 2000 Compatible Access'`,
    );
  }
  const domainSid = domainSidOf(parseSid(sid) ?? { authority: 0, subAuthorities: [] });
  return {
    sid,
    distinguishedName: entry.dn,
    sAMAccountName: name,
    netbiosDomain: names.netbios,
    dnsDomain: names.dns,
    principal: `${name}@${names.realm}`,
    userPrincipalName: entry.text('userPrincipalName'),
    displayName: entry.text('displayName'),
    primaryGroupSid: `${domainSid}-${primary}`,
    groupSids: groups,
    posix: {
      uidNumber: smallNumber(entry, 'uidNumber'),
      gidNumber: smallNumber(entry, 'gidNumber'),
      unixHomeDirectory: entry.text('unixHomeDirectory'),
      loginShell: entry.text('loginShell'),
    },
  };
}

export function sidOf(entry: Entry): string | undefined {
  const [bytes] = entry.buffers('objectSid');
  const sid = bytes === undefined ? undefined : sidFromBytes(bytes);
  return sid === undefined ? undefined : sidText(sid);
}

/** Every account is in a group, its primary one at least: none at all means that they may not be seen. */
function groupSids(entry: Entry, reader: string): readonly string[] {
  const sids = entry.buffers('tokenGroups').map((bytes) => sidFromBytes(bytes));
  if (sids.length === 0 || sids.includes(undefined)) {
    throw new DirectoryError(
      'directory-refused',
      `${reader} may not read tokenGroups of ${entry.dn}: make it a member of the group 'Windows Authorization Access Group' ` +
        `(or of 'Pre-Windows 2000 Compatible Access')`,
    );
  }
  return sids.flatMap((sid) => (sid === undefined ? [] : [sidText(sid)]));
}

function smallNumber(entry: Entry, name: string): number | undefined {
  const value = entry.integer(name);
  return value === undefined || value < 0n || value > 0xffff_ffffn ? undefined : Number(value);
}
