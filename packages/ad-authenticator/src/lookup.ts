/** Accounts looked up by the service account, without their passwords. */
import { parseSid } from '@berth/identity';
import { type AccountFacts, accountAttributes, accountFacts } from './account.ts';
import type { DirectoryAccount, LoginRefusalCode } from './ad-authenticator.ts';
import { type DomainNames } from './domain-names.ts';
import type { Entry } from './entry.ts';
import type { GroupSids } from './group-list.ts';
import type { LdapConnection } from './ldap-connection.ts';
import { equal, every, isUser, type LdapFilter } from './ldap-filter.ts';
import { admitted, type LoginParts, twoAccounts } from './login.ts';
import { refusalOfState, refused } from './refusals.ts';
import { accountFilter, accountName } from './typed-name.ts';

export type AccountKey = { readonly sid: string } | { readonly name: string };

export interface LookedUp {
  readonly account: AccountFacts;
  readonly entry: Entry;
  readonly state: LoginRefusalCode | undefined;
  readonly names: DomainNames;
  readonly groups: GroupSids;
}

export async function find(parts: LoginParts, key: AccountKey, caller: AbortSignal): Promise<DirectoryAccount> {
  const { account, state, groups } = await parts.directory.byService(caller, (connection, signal) =>
    lookUp(parts, key, connection, signal),
  );
  if (state !== undefined) throw refused(state, parts.settings.messages);
  return admitted(parts, account, groups);
}

/** @throws LoginRefused `account-unknown` */
export async function lookUp(
  { settings, directory, groups, now }: LoginParts,
  key: AccountKey,
  connection: LdapConnection,
  signal: AbortSignal,
): Promise<LookedUp> {
  const names = await directory.names(connection, signal);
  const unknown = () => refused('account-unknown', settings.messages);
  const filter = filterOf(key, names);
  if (filter === undefined) throw unknown();
  const found = await connection.search(settings.baseDn ?? names.namingContext, filter, ['objectSid'], 2, signal);
  if (found.length > 1) throw twoAccounts(found);
  const dn = found[0]?.dn;
  const entry = dn === undefined ? undefined : await connection.read(dn, [...accountAttributes, 'memberOf'], signal);
  if (entry === undefined) throw unknown();
  const sids = await groups.sids(names, connection, signal);
  const account = accountFacts(entry, names, 'The service account');
  return { account, entry, state: refusalOfState(entry, now()), names, groups: sids };
}

function filterOf(key: AccountKey, names: DomainNames): LdapFilter | undefined {
  if ('sid' in key) return parseSid(key.sid) === undefined ? undefined : every(isUser, equal('objectSid', key.sid));
  const name = accountName(key.name);
  return name === undefined ? undefined : accountFilter(name, names);
}
