/** Which accounts never run a notebook, and which groups never come with one. */
import { type NameForms, parseGroupName } from './account-name.ts';
import { IdentityError } from './errors.ts';
import { foldName } from './fold.ts';
import type { PosixAccount, PosixGroup } from './posix-account.ts';
import { shown } from './shown.ts';

export interface SafetyRules {
  /** Lowest uid and gid that pass; default 1000 (login.defs, UID_MIN). */
  readonly minId?: number;
  /** Names that give power over the host, in any case, with a domain or without; default `powerfulGroups`. */
  readonly forbiddenGroups?: readonly string[];
  /** How the host writes names: winbind's separator. */
  readonly forms?: NameForms;
}

export interface AccountOrigin {
  /** The directory vouched for it; false: it was found by name on the host alone. */
  readonly fromDirectory: boolean;
  /** The host's own files hold an account of that name: `NameService.isLocal`. */
  readonly isLocal: boolean;
}

export interface SafeAccount {
  /** Without the groups that were dropped; each gid once. */
  readonly account: PosixAccount;
  readonly dropped: readonly DroppedGroup[];
}

export interface DroppedGroup {
  readonly group: PosixGroup;
  /** A half-sentence: `its gid is below 1000`. */
  readonly reason: string;
}

/** Groups that are root in all but name: devices, container engines, sudo, secrets. */
export const powerfulGroups: readonly string[] = [
  ...[
    'root',
    'wheel',
    'sudo',
    'admin',
    'adm',
    'staff',
    'shadow',
    'disk',
    'kmem',
    'mem',
    'tty',
    'sys',
    'systemd-journal',
  ],
  ...[
    'docker',
    'dockerroot',
    'podman',
    'containerd',
    'lxd',
    'lxc',
    'incus',
    'incus-admin',
    'libvirt',
    'libvirt-qemu',
    'kvm',
  ],
];

const unsafeNames: ReadonlySet<string> = new Set(['root', 'toor', 'nobody', 'nfsnobody']);

/** What the kernel and NFS put in place of an id that they can't say: overflow ids, and -2 and -1 of 16 and 32 bit. */
const placeholders: ReadonlySet<number> = new Set([65_534, 65_535, 0xffff_fffe, 0xffff_ffff]);

/** runc and Docker: "uids and gids must be in range 0-2147483647". */
const largestOfEngines = 0x7fff_ffff;

/**
 * Name, uid and primary group decide whether the account passes; a supplementary group that must not is left out and reported.
 *
 * @throws IdentityError `account-unsafe`
 */
export function checkAccount(account: PosixAccount, rules: SafetyRules, origin: AccountOrigin): SafeAccount {
  const { minId = 1000, forbiddenGroups = powerfulGroups, forms = {} } = rules;
  const bareName = (name: string) => withoutDomain(name, forms);
  const forbidden = new Set(forbiddenGroups.map((name) => foldName(name)));
  const isForbidden = (name: string) =>
    [name, name.replaceAll('^', ' '), bareName(name)].some((each) => forbidden.has(foldName(each)));
  const refuse = (reason: string, right: string): never => {
    throw new IdentityError(
      'account-unsafe',
      `The account ${shown(account.name)} can't run a notebook: ${reason}. ${right}`,
    );
  };

  checkName(account.name, bareName(account.name), refuse);
  if (origin.fromDirectory && origin.isLocal) {
    refuse(
      "an account of that name stands in the host's own files too",
      'Right would be another name in the directory, or in /etc/passwd.',
    );
  }
  const uidFault = faultOfId('uid', account.uid, minId);
  if (uidFault !== undefined) refuse(uidFault, `Right would be a uid from ${minId}.`);
  const groupFault = faultOfGroup({ gid: account.gid, name: account.groupName ?? '' }, minId, isForbidden);
  if (groupFault !== undefined) {
    refuse(
      `its primary group won't do, since ${groupFault}`,
      'Right would be an ordinary primary group, such as that of all users.',
    );
  }

  const groups = new Map<number, PosixGroup>();
  const dropped: DroppedGroup[] = [];
  for (const group of account.groups) {
    const reason = faultOfGroup(group, minId, isForbidden);
    if (reason !== undefined) dropped.push({ group, reason });
    else if (group.gid !== account.gid && !groups.has(group.gid)) groups.set(group.gid, group);
  }
  // One gid under two names: the forbidden name counts.
  for (const { group } of dropped) groups.delete(group.gid);
  return { account: { ...account, groups: [...groups.values()] }, dropped };
}

function checkName(name: string, bare: string, refuse: (reason: string, right: string) => never): void {
  const right = 'Right would be a name that begins with a letter and is no system account.';
  for (const part of [name, bare]) {
    if (part === '' || /^\s*(?:-|[+]?\d+\s*$)/.test(part)) {
      refuse("its name is empty, a number, or begins with '-': tools take that for a uid or an option", right);
    }
    if (unsafeNames.has(foldName(part))) refuse('its name is that of a system account', right);
  }
  if (bare === '.' || bare === '..' || bare.includes('/')) refuse('its name is a path', right);
}

function faultOfGroup(group: PosixGroup, minId: number, isForbidden: (name: string) => boolean): string | undefined {
  const powerful = group.name !== '' && isForbidden(group.name);
  return powerful ? `the group ${shown(group.name)} has power over the host` : faultOfId('gid', group.gid, minId);
}

function faultOfId(what: 'uid' | 'gid', id: number, minId: number): string | undefined {
  if (!Number.isInteger(id) || id < 0 || id > 0xffff_ffff) return `its ${what}, ${id}, is no ${what}`;
  if (id < minId || id === 0) return `its ${what}, ${id}, is below ${Math.max(minId, 1)}`;
  if (placeholders.has(id)) return `its ${what}, ${id}, stands for nobody`;
  return id > largestOfEngines
    ? `its ${what}, ${id}, is above ${largestOfEngines}, the most that container engines take`
    : undefined;
}

/** By any domain: too much is refused rather than too little. */
function withoutDomain(name: string, forms: NameForms): string {
  try {
    return parseGroupName(name, forms).name;
  } catch {
    return name;
  }
}
