/** What a person typed, before anything of it goes to a directory. */
import { type AccountName, parseAccountName } from '@berth/identity';
import { type DomainNames, isDomain } from './domain-names.ts';
import { equal, every, isUser, type LdapFilter, some } from './ldap-filter.ts';

/** Windows takes 127 characters, AD stores up to 256. */
const longestPassword = 1024;

/**
 * Undefined: no account is called so, or no password can be so, and no server is asked. An empty password above all:
 * AD may answer success to it. NUL would end the password early in some servers, and line ends would in kinit.
 */
export function guarded(typed: string, password: string): AccountName | undefined {
  if (password === '' || password.length > longestPassword || !password.isWellFormed() || /[\0\r\n]/.test(password)) {
    return undefined;
  }
  return accountName(typed);
}

/** Undefined: it is none. */
export function accountName(typed: string): AccountName | undefined {
  try {
    return parseAccountName(typed);
  } catch {
    return undefined;
  }
}

/** Undefined: the name is of another domain. */
export function accountFilter({ name, domain }: AccountName, names: DomainNames): LdapFilter | undefined {
  const byAccount = equal('sAMAccountName', name);
  if (domain === undefined) return every(isUser, byAccount);
  if ('netbios' in domain) return isDomain(names, domain) ? every(isUser, byAccount) : undefined;
  // A UPN's suffix may be any that the forest has: an account that carries it proves it.
  const byPrincipal = equal('userPrincipalName', `${name}@${domain.dns}`);
  return every(isUser, isDomain(names, domain) ? some(byAccount, byPrincipal) : byPrincipal);
}

/** Under which name somebody binds whose DN isn't known yet. */
export function principalOf({ name, domain }: AccountName, realm: string): string {
  return domain !== undefined && 'dns' in domain ? `${name}@${domain.dns}` : `${name}@${realm}`;
}
