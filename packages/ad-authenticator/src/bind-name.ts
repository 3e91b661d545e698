/**
 * What may stand in a bind request. ldapts takes the names `EXTERNAL`, `PLAIN`, `DIGEST-MD5`, `SCRAM-SHA-1` for SASL
 * mechanisms, and a server takes an empty name for anonymous: a name of one of the three forms below is none of these.
 */
import { LdapFault } from './ldap-fault.ts';

declare const checked: unique symbol;
/** A DN, `user@realm` or `DOMAIN\user`. */
export type BindName = string & { readonly [checked]: true };

/** Throws LdapFault (`result`) where the text has none of the forms. */
export function bindName(text: string): BindName {
  const isDn = /^[a-z][a-z0-9.-]*=[^=]/i.test(text);
  const isQualified = /^[^@\\]+[@\\][^@\\]+$/.test(text);
  if ((!isDn && !isQualified) || /[\0-\x1f\x7f]/.test(text) || !text.isWellFormed()) {
    throw new LdapFault(
      'result',
      `${JSON.stringify(text)} is neither a DN nor user@domain nor DOMAIN\\user: it is not sent`,
    );
  }
  return text as BindName;
}
