/** A login, read top to bottom: throttle, directory, name, account, ticket, record. */
import { LoginRefused, type AdAuthenticator, type DirectoryAccount } from '@berth/ad-authenticator';
import { hubUserName, IdentityError, type HubNameFormat, type PosixAccount, type UserRecord } from '@berth/identity';
import { TicketError, type TicketKeeper } from '@berth/krb5-ccache';
import type { AccountFinder } from './account-finder.ts';
import type { Audit, AuditEvent } from './audit.ts';
import { plainAddress, type TrustedProxies } from './client-address.ts';
import type { KnownUsers } from './known-users.ts';
import type { Admission, Throttle } from './throttle.ts';
import { UserError, type LoginAttempt } from './users.ts';

export interface LogInParts {
  readonly directory: AdAuthenticator;
  readonly throttle: Throttle;
  readonly proxies: TrustedProxies;
  readonly known: KnownUsers;
  readonly userName: HubNameFormat;
  /** Undefined: servers run as their image's user. */
  readonly accounts: AccountFinder | undefined;
  /** Undefined: a password brings no ticket. */
  readonly tickets: Pick<TicketKeeper, 'obtain'> | undefined;
  readonly audit: Audit;
  readonly log: LogInLog;
  readonly now: () => Date;
}

export interface LogInLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** Who has logged in, and why there is no ticket where there should be one. */
export interface LoggedIn {
  readonly user: UserRecord;
  readonly ticketProblem: string | undefined;
}

/** Rejects like Users.logIn. */
export async function logIn(attempt: LoginAttempt, parts: LogInParts, signal: AbortSignal): Promise<LoggedIn> {
  const { hub, username, password } = attempt;
  const address = parts.proxies.addressOf(attempt.remoteAddress, attempt.forwardedFor);
  const trail: Trail = { by: `hub ${hub}`, address: address ?? plainAddress(attempt.remoteAddress ?? '') };
  try {
    const admission = await parts.throttle.admit(username, address);
    const found = await decided(admission, () =>
      parts.directory.login(username, password, signal, (sid) => admission.known(sid)),
    );
    trail.user = hubUserName(found, parts.userName);
    trail.sid = found.sid;
    const user = await userOf(trail.user, found, hub, parts, signal);
    const ticketProblem = await obtainTicket(user, password, parts, signal);
    await parts.known.save(user);
    await parts.audit.write({ event: 'login', outcome: 'ok', ...trail, allowedBy: user.allowedBy });
    parts.log.info({ user: user.name, hub, sid: user.sid, allowedBy: user.allowedBy }, 'logged in');
    return { user, ticketProblem };
  } catch (error) {
    await parts.audit.write(refusal(error, username, trail, parts));
    throw error;
  }
}

interface Trail {
  readonly by: string;
  readonly address: string | undefined;
  user?: string;
  sid?: string;
}

/** Only what the directory decided counts as an attempt. */
async function decided(admission: Admission, ask: () => Promise<DirectoryAccount>): Promise<DirectoryAccount> {
  try {
    const found = await ask();
    await admission.succeeded();
    return found;
  } catch (error) {
    // Whoever is told of a state, or of a missing group, had the right password.
    if (!(error instanceof LoginRefused)) await admission.undecided();
    else if (error.code === 'group-missing') await admission.succeeded();
    throw error;
  }
}

/** The record as it will be. Rejects with UserError `name-rebound`, or an IdentityError. */
export async function userOf(
  name: string,
  found: DirectoryAccount,
  hub: string | undefined,
  parts: Pick<LogInParts, 'known' | 'accounts' | 'now'>,
  signal: AbortSignal,
): Promise<UserRecord> {
  const before = parts.known.get(name);
  if (before !== undefined && before.sid !== found.sid)
    throw new UserError(
      'name-rebound',
      `The name ${name} belonged to another account of the directory before. An administrator has to confirm that it is yours now.`,
    );
  const account = await parts.accounts?.ofDirectory(found, signal);
  if (account !== undefined) refuseCollision(name, account, parts.known);
  const logins = before?.logins.filter((login) => login.hub !== hub) ?? [];
  const now = parts.now();
  return {
    name,
    sid: found.sid,
    principal: found.principal,
    sAMAccountName: found.sAMAccountName,
    displayName: found.displayName,
    allowedBy: found.allowedBy,
    admin: found.admin,
    groups: found.hubGroups,
    account,
    logins: hub === undefined ? logins : [...logins, { hub, at: now }],
    confirmedAt: now,
  };
}

function refuseCollision(name: string, account: PosixAccount, known: KnownUsers): void {
  const other = known.all().find((user) => user.name !== name && user.account?.uid === account.uid);
  if (other === undefined) return;
  throw new IdentityError(
    'uid-collision',
    `${name} and ${other.name} both have the uid ${account.uid}. Give one of them another uid, or have an administrator forget ${other.name} if that account is gone.`,
  );
}

/** Why there is none; undefined where there is, or where none is wanted. */
async function obtainTicket(
  user: UserRecord,
  password: string,
  { tickets, log }: LogInParts,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { account, principal, sAMAccountName: username } = user;
  if (tickets === undefined || account === undefined) return undefined;
  try {
    await tickets.obtain({ uid: account.uid, gid: account.gid, principal, username }, password, signal);
    return undefined;
  } catch (error) {
    if (!(error instanceof TicketError)) throw error;
    log.warn({ user: user.name, code: error.code, reason: error.message }, 'logged in without a ticket');
    return error.message;
  }
}

function refusal(error: unknown, typed: string, trail: Trail, { known, audit }: LogInParts): AuditEvent {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'internal';
  const said = error instanceof LoginRefused || error instanceof UserError || error instanceof IdentityError;
  const user = trail.user ?? known.get(typed.trim().toLowerCase())?.name;
  const who = user === undefined ? { unknownUser: audit.unknown(typed) } : { user };
  return { event: 'login', outcome: said ? 'refused' : 'failed', ...trail, ...who, code };
}
