/** Why an account can't be used. The message says what is wrong, where, and what would be right. */

export type IdentityErrorCode =
  /** The text is no account name of any known form. */
  | 'name-invalid'
  /** The name service knows no such account, or answered with another one. */
  | 'account-unknown'
  /** uid, gid, group or name that never runs a notebook. */
  | 'account-unsafe'
  /** Another account has this uid. */
  | 'uid-collision'
  /** The id mapping gives this SID no uid. */
  | 'uid-unmapped'
  /** The home folder lies elsewhere, is missing, or isn't the user's. */
  | 'home-unsafe'
  /** The name service did not answer, or not in time. */
  | 'name-service-failed';

export class IdentityError extends Error {
  readonly code: IdentityErrorCode;
  constructor(code: IdentityErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'IdentityError';
    this.code = code;
  }
}
