/** Whether a user may still be logged in. Only an authoritative no logs out; whoever can't be asked about stays for a bounded grace. */
import { DirectoryError, LoginRefused, type LoginRefusalCode } from '@berth/ad-authenticator';
import { IdentityError, type UserRecord } from '@berth/identity';
import { userOf, type LogInParts } from './log-in.ts';
import { UserError } from './users.ts';

/** What ends a session. A lock-out doesn't: anybody can cause one by typing wrong passwords. */
const endings: ReadonlySet<LoginRefusalCode> = new Set([
  'account-unknown',
  'account-disabled',
  'account-expired',
  'group-missing',
]);

export interface RefreshOutcome {
  readonly loggedIn: boolean;
  readonly asked: boolean;
  readonly reason: string | undefined;
}

export interface RefreshParts extends Pick<LogInParts, 'directory' | 'known' | 'accounts' | 'audit' | 'log' | 'now'> {
  readonly graceSeconds: number;
}

export async function refresh(
  user: UserRecord,
  by: string,
  parts: RefreshParts,
  signal: AbortSignal,
): Promise<RefreshOutcome> {
  const { directory, known, audit, log, now } = parts;
  try {
    const found = await directory.find({ sid: user.sid }, signal);
    await known.save(await userOf(user.name, found, undefined, parts, signal));
    return { loggedIn: true, asked: true, reason: undefined };
  } catch (error) {
    if (error instanceof LoginRefused && !endings.has(error.code)) {
      await known.save({ ...user, confirmedAt: now() });
      return { loggedIn: true, asked: true, reason: error.message };
    }
    if (error instanceof LoginRefused || error instanceof IdentityError || error instanceof UserError) {
      if (error.code === 'name-service-failed') return withinGrace(user, error.message, parts);
      await known.save({ ...user, logins: [] });
      const { name, sid } = user;
      await audit.write({ event: 'refresh', outcome: 'refused', by, user: name, sid, code: error.code });
      log.info({ user: name, code: error.code, reason: error.message }, 'no longer logged in');
      return { loggedIn: false, asked: true, reason: error.message };
    }
    if (error instanceof DirectoryError) return withinGrace(user, error.message, parts);
    throw error;
  }
}

function withinGrace(user: UserRecord, why: string, { graceSeconds, now }: RefreshParts): RefreshOutcome {
  return isWithinGrace(user, graceSeconds, now())
    ? { loggedIn: true, asked: false, reason: why }
    : { loggedIn: false, asked: false, reason: `Nobody could be asked for too long. ${why}` };
}

/** Whether the directory's last yes still holds. */
export function isWithinGrace(
  { confirmedAt }: Pick<UserRecord, 'confirmedAt'>,
  graceSeconds: number,
  now: Date,
): boolean {
  return now.getTime() - confirmedAt.getTime() <= graceSeconds * 1000;
}
