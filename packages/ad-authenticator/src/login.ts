/**
 * A login, on one server. With a service account: search, bind, read, which is three operations however many groups
 * there are; the user's TLS handshake runs beside the search. Without: bind, search, read, all as the user.
 */
import { randomUUID } from 'node:crypto';
import type { AccountName } from '@berth/identity';
import { type AccountFacts, accountAttributes, accountFacts, sidOf } from './account.ts';
import { type DirectoryAccount, DirectoryError, type LoginRefusalCode } from './ad-authenticator.ts';
import { type BindName, bindName } from './bind-name.ts';
import { decide } from './decision.ts';
import type { Directory } from './directory.ts';
import { type DomainNames, isDomain } from './domain-names.ts';
import type { Entry } from './entry.ts';
import type { GroupList, GroupSids } from './group-list.ts';
import type { LdapConnection } from './ldap-connection.ts';
import { LdapFault, resultCodes } from './ldap-fault.ts';
import { refusalOfBind, refusalOfState, refused } from './refusals.ts';
import type { ServerAddress } from './server-address.ts';
import type { ServiceConnections } from './service-connections.ts';
import type { AdSettings } from './settings.ts';
import { accountFilter, guarded, principalOf } from './typed-name.ts';

export interface LoginParts {
  readonly settings: AdSettings;
  readonly directory: Directory;
  readonly groups: GroupList;
  readonly now: () => Date;
}

export async function login(
  parts: LoginParts,
  typed: string,
  password: string,
  caller: AbortSignal,
  beforeBind?: (sid: string) => Promise<void>,
): Promise<DirectoryAccount> {
  const name = guarded(typed, password);
  if (name === undefined) throw refused('credentials-wrong', parts.settings.messages);
  const { service } = parts.directory;
  return await parts.directory.onSomeServer(caller, async (server, signal) => {
    const attempt = { ...parts, server, signal, name, password, beforeBind };
    const found = await (service === undefined ? bySelf(attempt) : byService(attempt, service));
    return admitted(parts, found.account, found.groups);
  });
}

interface Attempt extends LoginParts {
  readonly server: ServerAddress;
  readonly signal: AbortSignal;
  readonly name: AccountName;
  readonly password: string;
  readonly beforeBind: ((sid: string) => Promise<void>) | undefined;
}

interface Found {
  readonly account: AccountFacts;
  readonly groups: GroupSids;
}

async function byService(attempt: Attempt, service: ServiceConnections): Promise<Found> {
  const { directory, server, signal, settings } = attempt;
  const opening = directory.open(server, signal);
  opening.catch(() => undefined);
  try {
    const known = await service.use(server, signal, async (connection) => {
      const names = await directory.names(connection, signal);
      const groups = attempt.groups.sids(names, connection, signal);
      groups.catch(() => undefined);
      return { names, entry: await findAccount(attempt, connection, names), groups: await groups };
    });
    const own = await opening;
    const sid = known.entry && sidOf(known.entry);
    if (sid !== undefined) await attempt.beforeBind?.(sid);
    // Nobody shall learn from a quick answer that a name doesn't exist: a bind that can't succeed takes the same time.
    await bindAs(attempt, own, known.entry?.dn ?? nobody(known.names));
    if (known.entry === undefined) throw refused('credentials-wrong', settings.messages);
    return { account: await readAccount(attempt, own, known.entry, known.names), groups: known.groups };
  } finally {
    opening.then(
      (own) => own.close(),
      () => undefined,
    );
  }
}

async function bySelf(attempt: Attempt): Promise<Found> {
  const { directory, server, signal, settings, name } = attempt;
  // Whoever is meant, it isn't the account of that name here: a wrong password must not count against that.
  const known = directory.knownNames;
  if (known !== undefined && isForeign(name, known)) throw refused('credentials-wrong', settings.messages);
  const own = await directory.open(server, signal);
  try {
    const realm = settings.realm ?? settings.domain.toUpperCase();
    await bindAs(attempt, own, principalOf(name, realm));
    const names = await directory.names(own, signal);
    if (isForeign(name, names)) throw refused('credentials-wrong', settings.messages);
    // A userPrincipalName may be another account's user@realm, and comes first in a bind: then there are two.
    const both: AccountName = {
      name: name.name,
      domain: name.domain !== undefined && 'dns' in name.domain ? name.domain : { dns: names.dns },
    };
    const entry = await findAccount({ ...attempt, name: both }, own, names);
    if (entry === undefined) throw refused('account-unknown', settings.messages);
    const account = await readAccount(attempt, own, entry, names);
    return { account, groups: await attempt.groups.sids(names, own, signal) };
  } finally {
    own.close();
  }
}

function isForeign({ domain }: AccountName, names: DomainNames): boolean {
  return domain !== undefined && 'netbios' in domain && !isDomain(names, domain);
}

async function findAccount(
  attempt: Attempt,
  connection: LdapConnection,
  names: DomainNames,
): Promise<Entry | undefined> {
  const filter = accountFilter(attempt.name, names);
  if (filter === undefined) return undefined;
  const base = attempt.settings.baseDn ?? names.namingContext;
  const found = await connection.search(base, filter, ['objectSid'], 2, attempt.signal);
  if (found.length > 1) throw twoAccounts(found);
  return found[0];
}

export function twoAccounts(found: readonly Entry[]): DirectoryError {
  const which = found.map(({ dn }) => dn).join(' and ');
  return new DirectoryError(
    'directory-refused',
    `two accounts have this name (${which}): mend their sAMAccountName and userPrincipalName`,
  );
}

async function bindAs({ signal, settings, password }: Attempt, own: LdapConnection, who: string): Promise<void> {
  let name: BindName;
  try {
    name = bindName(who);
  } catch {
    throw refused('credentials-wrong', settings.messages);
  }
  try {
    await own.bind(name, password, signal);
  } catch (error) {
    if (error instanceof LdapFault && error.resultCode === resultCodes.invalidCredentials)
      throw refused(refusalOfBind(error), settings.messages);
    throw error;
  }
}

/** By the user's own connection, so that it is the directory's word on who has just proved a password. */
async function readAccount(
  { signal, settings, now }: Attempt,
  own: LdapConnection,
  found: Entry,
  names: DomainNames,
): Promise<AccountFacts> {
  const entry = await own.read(found.dn, accountAttributes, signal);
  if (entry === undefined || sidOf(entry) === undefined || sidOf(entry) !== sidOf(found)) {
    throw new DirectoryError(
      'directory-refused',
      `${found.dn} can't read its own entry, or it was replaced during the login`,
    );
  }
  const account = accountFacts(entry, names, 'The account itself');
  const state = refusalOfState(entry, now());
  if (state !== undefined) throw refused(state, settings.messages);
  return account;
}

/** @throws LoginRefused `group-missing` */
export function admitted(
  { settings }: Pick<LoginParts, 'settings'>,
  account: AccountFacts,
  groups: GroupSids,
): DirectoryAccount {
  const { allowedBy, admin, hubGroups } = decide(account.groupSids, settings, groups);
  if (allowedBy === undefined) throw refused('group-missing' satisfies LoginRefusalCode, settings.messages);
  return { ...account, allowedBy, admin, hubGroups };
}

function nobody(names: DomainNames): string {
  return `CN=${randomUUID()},${names.namingContext}`;
}
