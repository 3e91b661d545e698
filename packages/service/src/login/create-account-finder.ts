/** Accounts by the host's name service, or computed from what the directory says; either way checked before use. */
import { DirectoryError, type AdAuthenticator, type DirectoryAccount } from '@berth/ad-authenticator';
import {
  accountFromDirectory,
  accountSpellings,
  checkAccount,
  createNameService,
  getentProcess,
  IdentityError,
  parseAccountName,
  refuseUidCollision,
  type DirectoryIdentity,
  type Getent,
  type IdMapping,
  type NameService,
  type PosixAccount,
  type SpelledAccount,
} from '@berth/identity';
import type { Configuration } from '../configuration/index.ts';
import type { Finding } from '../doctor/doctor.ts';
import type { AccountFinder } from './account-finder.ts';

type AccountSettings = NonNullable<Configuration['accounts']>;

export function createAccountFinder(
  settings: AccountSettings,
  log: { warn(fields: object, message: string): void },
  directory?: Pick<AdAuthenticator, 'groups'>,
  getent: Getent = getentProcess(),
): AccountFinder {
  const { separator } = settings;
  const forms = separator === undefined ? {} : { separator };
  const names = createNameService({ getent, forms });
  const mapping = mappingOf(settings.source);
  const rules = {
    minId: settings.minId,
    forms,
    ...(settings.forbiddenGroups === undefined ? {} : { forbiddenGroups: settings.forbiddenGroups }),
  };

  const safe = async (account: PosixAccount, name: string, sid: string | undefined, signal: AbortSignal) => {
    const isLocal = await names.isLocal(name, signal);
    const judged = mapping === undefined ? account : await asTheHostCallsThem(account, names, signal);
    const checked = checkAccount(judged, rules, { fromDirectory: sid !== undefined, isLocal });
    const holder = await names.uidHolder(account.uid, signal);
    if (holder?.local) refuseUidCollision({ uid: account.uid, name: account.name, ...(sid && { sid }) }, [holder]);
    if (checked.dropped.length > 0) {
      const dropped = checked.dropped.map(({ group, reason }) => `${group.name || group.gid}: ${reason}`);
      log.warn({ account: account.name, dropped }, 'groups that notebooks never get are left out');
    }
    const kept = new Set(checked.account.groups.map(({ gid }) => gid));
    return { ...account, groups: account.groups.filter(({ gid }) => kept.has(gid)) };
  };

  return {
    async ofDirectory(found, signal) {
      const { sAMAccountName: name, netbiosDomain, dnsDomain, sid } = found;
      const account =
        mapping === undefined
          ? await names.account(accountSpellings({ name, netbiosDomain, dnsDomain }, settings.names), signal)
          : accountFromDirectory(await withGroups(found, mapping, directory, signal), {
              ...{ mapping, homeTemplate: settings.home.template, shell: settings.shell },
              ...(separator === undefined ? {} : { separator }),
            });
      return safe(account, name, sid, signal);
    },
    async ofHubUser(name, signal) {
      const spelled = spelledAccount(name);
      const account = await names.account([...new Set([name, ...accountSpellings(spelled, settings.names)])], signal);
      return safe(account, spelled.name, undefined, signal);
    },
    check: (signal) => checkNames(names, mapping, signal),
  };
}

/**
 * Where ids are computed, what a group may do on the host is said by the host's own name for its gid. A primary group of the directory
 * that is called `staff` keeps nobody out by that; the others are left out by the directory's name too, to be on the safe side.
 */
async function asTheHostCallsThem(
  account: PosixAccount,
  names: Pick<NameService, 'localGroups'>,
  signal: AbortSignal,
): Promise<PosixAccount> {
  const gids = [account.gid, ...account.groups.map(({ gid }) => gid)];
  const local = await names.localGroups(gids, signal);
  return {
    ...account,
    groupName: local.get(account.gid) ?? '',
    groups: account.groups.map(({ gid, name }) => ({ gid, name: local.get(gid) ?? name })),
  };
}

/** What ids and names of the account's groups are made of. Names alone are worth no failed login. */
async function withGroups(
  found: DirectoryAccount,
  mapping: IdMapping,
  directory: Pick<AdAuthenticator, 'groups'> | undefined,
  signal: AbortSignal,
): Promise<DirectoryIdentity> {
  const sids = [...new Set([found.primaryGroupSid, ...found.groupSids])];
  const groups = await directory?.groups(sids, signal).catch((error: unknown) => {
    if (mapping.kind !== 'rfc2307' && error instanceof DirectoryError) return undefined;
    throw error;
  });
  if (groups === undefined) return found;
  const ids = [...groups].flatMap(([sid, { gidNumber }]) =>
    gidNumber === undefined ? [] : [[sid, gidNumber] as const],
  );
  return { ...found, groupNames: new Map([...groups].map(([sid, { name }]) => [sid, name])), groupIds: new Map(ids) };
}

function spelledAccount(hubName: string): SpelledAccount {
  const { name, domain } = parseAccountName(hubName, { caret: 'itself' });
  if (domain === undefined) return { name };
  return 'dns' in domain ? { name, dnsDomain: domain.dns } : { name, netbiosDomain: domain.netbios };
}

/** Undefined: the name service says. */
function mappingOf(source: AccountSettings['source']): IdMapping | undefined {
  if (source === 'name-service') return undefined;
  if (source === 'pbis' || source === 'rfc2307' || source === 'sssd') return { kind: source };
  if ('sssd' in source) {
    const { rangeMin, rangeMax, rangeSize, defaultDomain } = source.sssd;
    return {
      kind: 'sssd',
      ...(rangeMin === undefined ? {} : { rangeMin }),
      ...(rangeMax === undefined ? {} : { rangeMax }),
      ...(rangeSize === undefined ? {} : { rangeSize }),
      ...(defaultDomain === undefined ? {} : { defaultDomain }),
    };
  }
  const { domain: sid, low, high, baseRid } = source.winbind;
  return { kind: 'winbind-rid', domains: [{ sid, low, high, baseRid }] };
}

/** Asks for root, whom every host knows. */
async function* checkNames(
  names: NameService,
  mapping: IdMapping | undefined,
  signal: AbortSignal,
): AsyncGenerator<Finding> {
  const begun = performance.now();
  try {
    const holder = await names.uidHolder(0, signal);
    const milliseconds = Math.round(performance.now() - begun);
    if (holder === undefined)
      yield {
        part: 'accounts',
        level: 'error',
        finding: "The host's name service knows nobody with the uid 0.",
        mend: 'Look at passwd: in /etc/nsswitch.conf; it must begin with files.',
      };
    else if (milliseconds > 1000)
      yield {
        part: 'accounts',
        level: 'warning',
        finding: `The host's name service took ${milliseconds} ms to say who root is.`,
        mend: 'Put files first in the passwd: line of /etc/nsswitch.conf, and look at the service behind it.',
      };
    else
      yield {
        part: 'accounts',
        level: 'ok',
        finding: `The host's name service answers${mapping === undefined ? '' : `; ids are made by ${mapping.kind}`}.`,
      };
  } catch (error) {
    if (!(error instanceof IdentityError)) throw error;
    yield { part: 'accounts', level: 'error', finding: error.message, mend: 'Try `getent passwd root` on this host.' };
  }
}
