/** What the HTTP layer asks about users. `createUsers` (create-users.ts) makes one. */
import type { Explanation as DirectoryExplanation } from '@berth/ad-authenticator';
import type { PosixAccount } from '@berth/identity';
import type { KeptTicket } from '@berth/krb5-ccache';
import type { Caller } from '../tokens/index.ts';

export interface Users {
  /** `directory` where `logIn` can let anybody in. */
  readonly login: 'directory' | 'none';
  /**
   * Rejects with LoginRefused, DirectoryError, IdentityError, or UserError `login-throttled`, `name-rebound`,
   * `login-not-configured`. A ticket that could not be got is a notice, not a refusal.
   */
  logIn(attempt: LoginAttempt, signal: AbortSignal): Promise<UserView>;
  /** Rejects with UserError `user-not-found`; a hub knows those who logged in through it, or have servers of it. */
  get(name: string, caller: Caller, signal: AbortSignal): Promise<UserView>;
  /** Rejects with UserError `user-not-found`. Whoever can't be asked about stays logged in while the grace runs. */
  refresh(name: string, caller: Caller, signal: AbortSignal): Promise<Refreshed>;
  /** Rejects with IdentityError `name-invalid`, DirectoryError, UserError `user-not-found`. */
  explain(name: string, signal: AbortSignal): Promise<Explained>;
  /** Rejects with UserError `user-not-found`. */
  destroyTicket(name: string, caller: Caller, signal: AbortSignal): Promise<UserView>;
  /** Rejects with UserError `user-not-found`, `user-has-servers`. */
  forget(name: string, caller: Caller): Promise<UserView>;
  /** What the user should know, each a sentence; empty where there is nothing, also of users whom the caller doesn't know. */
  notices(name: string, caller: Caller): readonly string[];
  /** Logins by outcome (`ok`, or the code of the refusal), and tickets by state; for metrics. */
  counts(): { readonly logins: ReadonlyMap<string, number>; readonly tickets: Readonly<Record<TicketState, number>> };
  /** What isn't as it should be, by part. */
  faults(): {
    readonly directory: readonly string[];
    readonly tickets: readonly string[];
    readonly audit: readonly string[];
  };
}

/** `failing`: its last renewal failed. */
export type TicketState = 'good' | 'failing' | 'ended';

export interface LoginAttempt {
  readonly hub: string;
  /** As it was typed. */
  readonly username: string;
  readonly password: string;
  /** Whose connection the hub saw. */
  readonly remoteAddress: string | undefined;
  readonly forwardedFor: readonly string[];
}

export interface UserView {
  readonly name: string;
  readonly displayName: string | undefined;
  readonly admin: boolean;
  readonly groups: readonly string[];
  readonly allowedBy: string | undefined;
  readonly sid: string | undefined;
  readonly principal: string | undefined;
  readonly account: PosixAccount | undefined;
  readonly ticket: KeptTicket | undefined;
  readonly logins: readonly { readonly hub: string; readonly at: Date }[];
  readonly confirmedAt: Date | undefined;
  readonly notices: readonly string[];
}

export interface Refreshed {
  readonly loggedIn: boolean;
  /** Whether the directory answered. */
  readonly asked: boolean;
  readonly reason: string | undefined;
  readonly user: UserView | undefined;
}

export interface Explained {
  readonly name: string;
  readonly known: boolean;
  readonly directory: DirectoryExplanation | undefined;
  readonly account: PosixAccount | undefined;
  readonly accountProblem: string | undefined;
  readonly ticket: KeptTicket | undefined;
}

export type UserErrorCode =
  | 'user-not-found'
  | 'user-has-servers'
  | 'login-throttled'
  | 'login-not-configured'
  | 'login-required'
  | 'name-rebound';

export class UserError extends Error {
  readonly code: UserErrorCode;
  /** With `login-throttled`. */
  readonly retryAfterSeconds: number | undefined;
  constructor(code: UserErrorCode, message: string, options?: { retryAfterSeconds?: number }) {
    super(message);
    this.name = 'UserError';
    this.code = code;
    this.retryAfterSeconds = options?.retryAfterSeconds;
  }
}
