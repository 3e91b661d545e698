/** What can go wrong with one LDAP server; internal: callers see DirectoryError or LoginRefused. */

export type LdapFaultKind =
  /** Not reachable, or the connection broke. */
  | 'network'
  /** No answer in time. */
  | 'timeout'
  /** Its certificate does not prove that it is the server that was meant. */
  | 'untrusted'
  /** It answered with a result code other than success. */
  | 'result';

export class LdapFault extends Error {
  readonly kind: LdapFaultKind;
  /** LDAP result code (RFC 4511 appendix A); undefined where there was no answer. */
  readonly resultCode: number | undefined;
  /** The server's own words. AD says in them why a bind was refused. */
  readonly diagnostic: string;
  constructor(kind: LdapFaultKind, message: string, answer: { resultCode?: number; diagnostic?: string } = {}) {
    super(message);
    this.name = 'LdapFault';
    this.kind = kind;
    this.resultCode = answer.resultCode;
    this.diagnostic = answer.diagnostic ?? '';
  }
}

export const resultCodes = {
  operationsError: 1,
  timeLimitExceeded: 3,
  strongerAuthRequired: 8,
  referral: 10,
  confidentialityRequired: 13,
  noSuchObject: 32,
  invalidCredentials: 49,
  busy: 51,
  unavailable: 52,
} as const;

const otherServerMayDo: ReadonlySet<number | undefined> = new Set([
  resultCodes.timeLimitExceeded,
  resultCodes.busy,
  resultCodes.unavailable,
]);

/** Whether another server may do better. Never after a refused password: each further try would count towards the account's lockout. */
export function mayFailOver(fault: unknown): fault is LdapFault {
  return fault instanceof LdapFault && (fault.kind !== 'result' || otherServerMayDo.has(fault.resultCode));
}
