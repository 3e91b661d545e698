/**
 * LDAP filters. A value goes into its BER octets as it is and never through filter syntax, so that there is nothing to
 * escape and nothing to forget: a search takes no string. (ldapts' parser would also encode escapes above \7f twice.)
 */
import { AndFilter, EqualityFilter, type Filter, OrFilter, PresenceFilter } from 'ldapts';

export type LdapFilter = Filter;

export const equal = (attribute: string, value: string): LdapFilter => new EqualityFilter({ attribute, value });
export const present = (attribute: string): LdapFilter => new PresenceFilter({ attribute });
export const every = (...filters: readonly LdapFilter[]): LdapFilter => new AndFilter({ filters: [...filters] });
export const some = (...filters: readonly LdapFilter[]): LdapFilter => new OrFilter({ filters: [...filters] });

/** What AD counts as a user: not a computer's account, not a contact. */
export const isUser: LdapFilter = every(equal('objectCategory', 'person'), equal('objectClass', 'user'));
