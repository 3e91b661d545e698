/** The account that the host's name service would give for one of the directory, computed: for hosts that have joined no domain. */
import { checkAccountName, parseGroupName } from './account-name.ts';
import { IdentityError } from './errors.ts';
import { type IdMapping, mapSid } from './id-mapping.ts';
import type { PosixAccount, PosixGroup } from './posix-account.ts';
import { shown } from './shown.ts';
import { fillTemplate } from './spelling.ts';

/** What the directory says; `DirectoryAccount` of @berth/ad-authenticator is one. */
export interface DirectoryIdentity {
  readonly sAMAccountName: string;
  readonly netbiosDomain: string;
  readonly dnsDomain: string;
  readonly sid: string;
  readonly primaryGroupSid: string;
  /** tokenGroups; may hold the primary group. */
  readonly groupSids: readonly string[];
  /** SID -> `risk analysts` or `BANK\risk analysts`; a group that isn't there has an empty name. */
  readonly groupNames?: ReadonlyMap<string, string>;
  /** SID -> gidNumber, for RFC 2307. */
  readonly groupIds?: ReadonlyMap<string, number>;
  readonly posix: {
    readonly uidNumber: number | undefined;
    readonly gidNumber: number | undefined;
    readonly unixHomeDirectory: string | undefined;
    readonly loginShell: string | undefined;
  };
  readonly displayName: string | undefined;
}

export interface AccountForm {
  readonly mapping: IdMapping;
  /** `{domain}` NetBIOS name, `{dnsDomain}`, `{username}` in lower case; RFC 2307's unixHomeDirectory goes first. */
  readonly homeTemplate: string;
  /** RFC 2307's loginShell goes first. */
  readonly shell: string;
  /** Names without their domain: PBIS `AssumeDefaultDomain`, winbind `use default domain`, SSSD without fully qualified names. Default false. */
  readonly assumeDefaultDomain?: boolean;
  /** winbind's separator; default `\`. */
  readonly separator?: string;
}

/** @throws IdentityError `uid-unmapped`; `name-invalid` for a name that no account can have; `home-unsafe` for a home that is no plain path */
export function accountFromDirectory(identity: DirectoryIdentity, form: AccountForm): PosixAccount {
  checkAccountName(identity.sAMAccountName);
  const uid = idOf(identity, form, 'uid');
  const gid = idOf(identity, form, 'gid');
  const { unixHomeDirectory, loginShell } = form.mapping.kind === 'rfc2307' ? identity.posix : nothing;
  return {
    name: writtenName(identity.sAMAccountName, identity, form),
    uid,
    gid,
    groupName: groupName(identity.primaryGroupSid, identity, form),
    groups: groupsOf(identity, form, gid),
    home: unixHomeDirectory ?? homeOf(identity, form),
    shell: loginShell ?? form.shell,
    gecos: (identity.displayName ?? '').replace(/[:\p{Cc}\p{Cs}]/gu, ' '),
  };
}

const nothing = { unixHomeDirectory: undefined, loginShell: undefined };

function idOf(identity: DirectoryIdentity, { mapping }: AccountForm, what: 'uid' | 'gid'): number {
  if (mapping.kind === 'rfc2307') {
    const id = what === 'uid' ? identity.posix.uidNumber : identity.posix.gidNumber;
    if (id !== undefined) return id;
    return unmapped(
      identity,
      `has no ${what}Number. Right would be to set it in the directory (RFC 2307), or another id mapping.`,
    );
  }
  const sid = what === 'uid' ? identity.sid : identity.primaryGroupSid;
  const id = mapSid(sid, mapping);
  if (id !== undefined) return id;
  return unmapped(
    identity,
    `gets no ${what}: the mapping ${mapping.kind} has none for ${shown(sid)}. Right would be a mapping with that domain and RID in its ranges.`,
  );
}

function unmapped({ sAMAccountName }: DirectoryIdentity, reason: string): never {
  throw new IdentityError('uid-unmapped', `The account ${shown(sAMAccountName)} ${reason}`);
}

function groupsOf(identity: DirectoryIdentity, form: AccountForm, gid: number): PosixGroup[] {
  const groups = new Map<number, PosixGroup>();
  for (const sid of identity.groupSids) {
    const id = form.mapping.kind === 'rfc2307' ? identity.groupIds?.get(sid) : mapSid(sid, form.mapping);
    if (id === undefined || id === gid || groups.has(id)) continue;
    groups.set(id, { gid: id, name: groupName(sid, identity, form) });
  }
  return [...groups.values()];
}

function groupName(sid: string, identity: DirectoryIdentity, form: AccountForm): string {
  const known = identity.groupNames?.get(sid);
  if (known === undefined) return '';
  const { name, domain } = parseGroupName(known, { caret: 'itself' });
  const netbiosDomain = domain !== undefined && 'netbios' in domain ? domain.netbios : identity.netbiosDomain;
  return writtenName(name, { ...identity, netbiosDomain }, form);
}

/** As the name service of that mapping writes it, in lower case. */
function writtenName(name: string, { netbiosDomain, dnsDomain }: Domains, form: AccountForm): string {
  const { mapping, assumeDefaultDomain = false, separator = '\\' } = form;
  const lower = mapping.kind === 'pbis' ? name.toLowerCase().replaceAll(' ', '^') : name.toLowerCase();
  if (assumeDefaultDomain || mapping.kind === 'rfc2307') return lower;
  if (mapping.kind === 'sssd') return `${lower}@${dnsDomain.toLowerCase()}`;
  return `${netbiosDomain.toUpperCase()}${mapping.kind === 'pbis' ? '\\' : separator}${lower}`;
}

type Domains = Pick<DirectoryIdentity, 'netbiosDomain' | 'dnsDomain'>;

function homeOf(identity: DirectoryIdentity, form: AccountForm): string {
  const username = writtenName(identity.sAMAccountName, identity, { ...form, assumeDefaultDomain: true });
  const fields = { domain: identity.netbiosDomain, dnsDomain: identity.dnsDomain, username };
  for (const [field, value] of Object.entries(fields)) {
    if (value === '' || value === '.' || value === '..' || /[/\p{Cc}]/u.test(value)) {
      throw new IdentityError(
        'home-unsafe',
        `The home of ${shown(identity.sAMAccountName)} can't be built: its ${field}, ${shown(value)}, is no name of a folder. Right would be another homeTemplate.`,
      );
    }
  }
  return fillTemplate(form.homeTemplate, fields) ?? '';
}
