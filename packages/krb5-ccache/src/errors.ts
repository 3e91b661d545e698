/** Why there is no usable ticket. The message says what is wrong, where, and what would be right. */

export type TicketErrorCode =
  /** The KDC refused: password, keytab, account, clock. */
  | 'ticket-refused'
  /** No KDC answered in time. */
  | 'kdc-unreachable'
  /** There is no ticket, and nothing to get one by. */
  | 'ticket-missing'
  /** There was one, and it ended. */
  | 'ticket-ended'
  /** A cache or folder that must not be trusted: link, owner, mode, principal, size, form. */
  | 'ticket-unsafe'
  /** A cache type that containers can't use (KEYRING, KCM, ...). */
  | 'cache-unsupported'
  /** The file could not be written or read: disk, rights. */
  | 'ticket-failed';

export class TicketError extends Error {
  readonly code: TicketErrorCode;
  constructor(code: TicketErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'TicketError';
    this.code = code;
  }
}
