/**
 * /etc/passwd and /etc/group for a container: the image's own, and the account that runs in it. So `whoami`, `id`, `$HOME` and
 * `~user` are right in an image that has never heard of the account.
 */
import {
  type GroupEntry,
  groupLine,
  hasControl,
  parseGroupLine,
  parsePasswdLine,
  type PasswdEntry,
  passwdLine,
} from './account-database.ts';
import { IdentityError } from './errors.ts';
import type { PosixAccount } from './posix-account.ts';
import { shown } from './shown.ts';

export interface AccountFiles {
  readonly passwd: string;
  readonly group: string;
}

export interface InContainer {
  /** Absolute path in the container; default: the account's home. */
  readonly home?: string;
  /** Shells that the image has, the one to fall back on first; the account's own is taken where it is among them. */
  readonly shells: readonly [string, ...string[]];
}

/**
 * Entries of the image with the account's name or uid, or with the name or gid of one of its groups, give way. Lines of the image that
 * are malformed are left out. A group without a name is called `gid-<number>`.
 *
 * @param image the texts of its files; empty where it has none
 * @throws IdentityError `account-unsafe` for a field that would break a line
 */
export function composeAccountFiles(image: AccountFiles, account: PosixAccount, inside: InContainer): AccountFiles {
  const own: PasswdEntry = {
    name: account.name,
    uid: account.uid,
    gid: account.gid,
    gecos: account.gecos,
    home: inside.home ?? account.home,
    shell: inside.shells.includes(account.shell) ? account.shell : inside.shells[0],
  };
  const users = entriesOf(image.passwd, parsePasswdLine);
  const kept = users.filter(({ name, uid }) => name !== own.name && uid !== own.uid);
  const ownGroups = groupsOf(account);
  // An image's sudo:x:27:jovyan is for the jovyan that gave way.
  const gone = new Set([own.name, ...users.filter((user) => !kept.includes(user)).map(({ name }) => name)]);
  const keptGroups = entriesOf(image.group, parseGroupLine)
    .filter(({ name, gid }) => !ownGroups.some((group) => group.name === name || group.gid === gid))
    .map(({ name, gid, members }) => ({ name, gid, members: members.filter((member) => !gone.has(member)) }));

  checkFields(own, ownGroups);
  return {
    passwd: textOf([...kept, own].map(passwdLine)),
    group: textOf([...keptGroups, ...ownGroups].map(groupLine)),
  };
}

/** The primary group without a member list, as in passwd(5); each gid and each name once. */
function groupsOf({ name, gid, groupName, groups }: PosixAccount): GroupEntry[] {
  const found = new Map<number, GroupEntry>();
  const names = new Set<string>();
  for (const group of [{ gid, name: groupName ?? '' }, ...groups]) {
    if (found.has(group.gid)) continue;
    const free = group.name !== '' && !names.has(group.name);
    const called = free ? group.name : `gid-${group.gid}`;
    names.add(called);
    found.set(group.gid, { name: called, gid: group.gid, members: group.gid === gid ? [] : [name] });
  }
  return [...found.values()];
}

function entriesOf<Entry>(text: string, parse: (line: string) => Entry | undefined): Entry[] {
  return text
    .split('\n')
    .map(parse)
    .filter((entry) => entry !== undefined);
}

function checkFields(own: PasswdEntry, groups: readonly GroupEntry[]): void {
  const fields: [string, string][] = [
    ['name', own.name],
    ['full name', own.gecos],
    ['home', own.home],
    ['shell', own.shell],
    ...groups.map(({ name }): [string, string] => ['group', name]),
  ];
  const refuse = (what: string, value: string, reason: string): never => {
    throw new IdentityError(
      'account-unsafe',
      `The ${what} ${shown(value)} of the account ${shown(own.name)} can't be written to passwd or group: ${reason}. Right would be one without that.`,
    );
  };
  for (const [what, value] of fields) {
    if (value.includes(':') || hasControl(value)) refuse(what, value, "it holds ':' or a control character");
  }
  // What is written must be read back as it was: no member list torn, no entry taken for a comment.
  if (own.name.includes(',')) refuse('name', own.name, "it holds ','");
  if (!own.home.startsWith('/')) refuse('home', own.home, 'it is no absolute path');
  if (parsePasswdLine(passwdLine(own)) === undefined)
    refuse('name', own.name, "it is empty, begins with '+', '-' or '#', or an id is none");
  const bad = groups.find((group) => parseGroupLine(groupLine(group)) === undefined);
  if (bad !== undefined) refuse('group', bad.name, "it begins with '+', '-' or '#', or its gid is none");
}

function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}
