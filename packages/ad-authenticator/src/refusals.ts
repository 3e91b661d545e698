/** Why AD, or an account's own state, refuses a login: one table of codes, and one of sentences. */
import { type LoginRefusalCode, LoginRefused } from './ad-authenticator.ts';
import type { Entry } from './entry.ts';
import type { LdapFault } from './ldap-fault.ts';

/** What the user reads. An unknown name and a wrong password sound the same: nobody learns which names exist. */
const sentences: Readonly<Record<LoginRefusalCode, string>> = {
  'credentials-wrong': 'The user name or the password is wrong.',
  'account-unknown': 'The directory knows no such account.',
  'account-disabled': 'This account is disabled. Please ask your help desk.',
  'account-locked': 'This account is locked after too many wrong passwords. Please wait, or ask your help desk.',
  'account-expired': 'This account has expired. Please ask your help desk.',
  'password-expired':
    'The password of this account has expired. Please change it on your workstation, then log in here.',
  'password-must-change': 'The password must be changed first. Please do so on your workstation, then log in here.',
  'logon-hours': 'This account may not log in at this time.',
  'logon-workstation': 'This account may not log in from this host.',
  'group-missing': 'This account is in none of the groups that may log in here. Please ask for membership.',
};

export type Messages = Partial<Readonly<Record<LoginRefusalCode, string>>>;

export function refused(code: LoginRefusalCode, messages: Messages): LoginRefused {
  return new LoginRefused(code, messages[code] ?? sentences[code]);
}

/** The `data` codes in AD's answer to a refused bind: Win32 errors in hexadecimal (winerror.h). */
const bindCodes: ReadonlyMap<string, LoginRefusalCode> = new Map([
  ['525', 'credentials-wrong'], // no such user
  ['52e', 'credentials-wrong'],
  ['530', 'logon-hours'],
  ['531', 'logon-workstation'],
  ['532', 'password-expired'],
  ['533', 'account-disabled'],
  ['701', 'account-expired'],
  ['773', 'password-must-change'],
  ['775', 'account-locked'],
]);

/** Of a bind that was answered with invalidCredentials (49). */
export function refusalOfBind({ diagnostic }: LdapFault): LoginRefusalCode {
  const data = /\bdata ([0-9a-f]+)\b/i.exec(diagnostic)?.[1]?.toLowerCase() ?? '';
  return bindCodes.get(data) ?? 'credentials-wrong';
}

/** Attributes that `refusalOfState` reads. */
export const stateAttributes = [
  'userAccountControl',
  'msDS-User-Account-Control-Computed',
  'accountExpires',
  'pwdLastSet',
] as const;

/** Bits of userAccountControl (MS-ADTS 2.2.16). */
const disabled = 0x2n;
const normalAccount = 0x200n;
const passwordNeverExpires = 0x1_0000n;
/** Bits that AD shows in msDS-User-Account-Control-Computed alone. */
const lockedOut = 0x10n;
const passwordExpired = 0x80_0000n;

/** accountExpires of an account that never does. */
const never: ReadonlySet<bigint> = new Set([0n, 0x7fff_ffff_ffff_ffffn]);
/** 1601-01-01 to 1970-01-01, in units of 100 ns. */
const fileTimeOfEpoch = 116_444_736_000_000_000n;

/** What stands against a login in the account itself; undefined: nothing. Unreadable state counts as disabled. */
export function refusalOfState(entry: Entry, now: Date): LoginRefusalCode | undefined {
  const control = entry.integer('userAccountControl');
  // Accounts of computers, domain controllers and trusts have other types.
  if (control === undefined || (control & normalAccount) === 0n || (control & disabled) !== 0n)
    return 'account-disabled';
  const computed = entry.integer('msDS-User-Account-Control-Computed') ?? 0n;
  if ((computed & lockedOut) !== 0n) return 'account-locked';
  const expires = entry.integer('accountExpires') ?? 0n;
  if (!never.has(expires) && expires <= fileTime(now)) return 'account-expired';
  const mustChange = entry.integer('pwdLastSet') === 0n && (control & passwordNeverExpires) === 0n;
  // AD shows a password that must be changed as expired, too.
  if (mustChange) return 'password-must-change';
  return (computed & passwordExpired) === 0n ? undefined : 'password-expired';
}

function fileTime(date: Date): bigint {
  return BigInt(date.getTime()) * 10_000n + fileTimeOfEpoch;
}
