/** What kinit's words mean. They are those of MIT krb5 1.12 to 1.22 under LC_ALL=C (src/lib/krb5/error_tables). */
import { TicketError } from './errors.ts';
import type { TicketErrorCode } from './errors.ts';

interface Answer {
  readonly said: RegExp;
  readonly code: TicketErrorCode;
  /** `{who}` is the principal. */
  readonly sentence: string;
}

/** The first that fits counts: what kinit asked before it failed says more than how it failed. */
const answers: readonly Answer[] = [
  {
    said: /Password (has )?expired|must change it now|Password change required/i,
    code: 'ticket-refused',
    sentence: 'The password of {who} has expired or must be changed: change it, then log in again.',
  },
  {
    said: /Password incorrect|Preauthentication failed|Pre-?authentication failed: (Password|Decrypt)|Decrypt integrity check failed/i,
    code: 'ticket-refused',
    sentence: 'The KDC refused the password of {who}.',
  },
  {
    said: /Client .* not found in Kerberos database/i,
    code: 'ticket-refused',
    sentence: 'The KDC knows no {who}: check the realm and the name.',
  },
  {
    said: /credentials have been revoked/i,
    code: 'ticket-refused',
    sentence: 'The KDC says that {who} is disabled or locked.',
  },
  {
    said: /entry in database has expired|not yet valid - try again later/i,
    code: 'ticket-refused',
    sentence: 'The KDC says that the account of {who} has expired, or is not valid yet.',
  },
  {
    said: /Clock skew too great/i,
    code: 'ticket-refused',
    sentence: "This host's clock and the KDC's differ too much for a ticket of {who}: set the host's clock by NTP.",
  },
  {
    said: /Cannot (contact any|find) KDC for|Cannot resolve (network address for KDC|servers for KDC)/i,
    code: 'kdc-unreachable',
    sentence: 'No KDC could be reached for {who}: check the realms in krb5.conf and the way to the KDC.',
  },
  {
    said: /KDC policy rejects request|Requested effective lifetime is negative/i,
    code: 'ticket-refused',
    sentence: "The KDC's policy refuses a ticket to {who}: lifetime, workstation or account rules.",
  },
  {
    said: /Ticket expired/i,
    code: 'ticket-ended',
    sentence: 'The ticket of {who} has ended and can no longer be renewed: a new login is needed.',
  },
  {
    said: /KDC can't fulfill requested option/i,
    code: 'ticket-refused',
    sentence: "The KDC doesn't renew the ticket of {who}: it is not renewable, or its renewable life is over.",
  },
  {
    said: /Key table file .* not found|Keytab contains no suitable keys|Bad (format|magic) in (key ?tab|keytab)|Unsupported key table format|Cannot read (the )?key table|key table/i,
    code: 'ticket-refused',
    sentence: 'The keytab holds no usable key of {who}: make it anew (its key changes with the password).',
  },
  {
    said: /no support for encryption type|encryption type .*not (supported|permitted)|Encryption type/i,
    code: 'ticket-refused',
    sentence: 'The KDC and this host share no encryption type for {who}: compare permitted_enctypes with the account.',
  },
  {
    said: /Improper format of Kerberos configuration|Included profile|parsing|default realm/i,
    code: 'ticket-failed',
    sentence: "kinit can't read krb5.conf: check its syntax and its default_realm.",
  },
  {
    said: /KDC reply did not match expectations/i,
    code: 'ticket-refused',
    sentence: 'The KDC answered with another principal than {who}: use the spelling that the directory has.',
  },
  {
    said: /Cannot read password/i,
    code: 'ticket-refused',
    sentence: 'The KDC asked for more than the password of {who}: a second factor or a new password.',
  },
];

/**
 * The TicketError for a kinit that failed. Words that no sentence of ours fits are quoted, made plain, and only where they don't hold the `secret`.
 */
export function kinitError(said: string, principal: string, secret: string | undefined): TicketError {
  const answer = answers.find((each) => each.said.test(said));
  if (answer)
    return new TicketError(
      answer.code,
      answer.sentence.replaceAll('{who}', () => principal),
    );
  const words = lastWords(said);
  const told =
    words === '' || (secret !== undefined && words.includes(secret)) ? 'without a reason that can be shown' : words;
  return new TicketError('ticket-failed', `kinit failed for ${principal}: ${told}.`);
}

/** Its last line, printable ASCII and letters only, at most 200 characters. */
function lastWords(said: string): string {
  const line = said.trim().split('\n').at(-1) ?? '';
  return line
    .replace(/^kinit: /, '')
    .replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '')
    .slice(0, 200)
    .toWellFormed();
}
