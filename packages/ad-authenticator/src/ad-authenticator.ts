/** What a service asks of Active Directory. `createAdAuthenticator` (create-ad-authenticator.ts) makes one. */

export interface AdAuthenticator {
  /**
   * Who this is, once the password has been proved and a whitelisted group found. Rejects with LoginRefused where the
   * directory, or the whitelist, says no, and with DirectoryError where nobody could say.
   *
   * @param typed what the person typed: `user1`, `BANK\user1`, `user1@corp.example.test`, in any case
   * @param beforeBind called, with a service account, once the account is found and before the directory counts a wrong password; what
   *   it rejects with, `login` rejects with
   */
  login(
    typed: string,
    password: string,
    signal: AbortSignal,
    beforeBind?: (sid: string) => Promise<void>,
  ): Promise<DirectoryAccount>;
  /**
   * Names and gidNumbers of those of the groups that the directory has, remembered for `groupCacheSeconds`. Empty without a service
   * account. Rejects with DirectoryError.
   */
  groups(sids: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, DirectoryGroup>>;
  /** After how many wrong passwords the domain locks an account; undefined: never. Needs the service account. Rejects with DirectoryError. */
  lockoutPolicy(signal: AbortSignal): Promise<LockoutPolicy | undefined>;
  /**
   * The account as it stands, by the service account, with the decision a login would come to, the password apart.
   * Rejects with LoginRefused (`account-unknown`, or its state) and DirectoryError (`no-service-account` where there is none).
   */
  find(account: { readonly sid: string } | { readonly name: string }, signal: AbortSignal): Promise<DirectoryAccount>;
  /** Which groups, by which path, and what each entry of the whitelist made of them. Rejects like `find`, but an account in a refused state is explained. */
  explain(account: { readonly sid: string } | { readonly name: string }, signal: AbortSignal): Promise<Explanation>;
  /** Entries of the configuration that the directory doesn't know, and what else is not as it should be; from the last look. */
  faults(): readonly string[];
  /** Tries each part: servers, TLS, service account, tokenGroups, clock, group names. Never rejects. */
  diagnose(signal: AbortSignal): AsyncIterable<DirectoryFinding>;
  close(): Promise<void>;
}

export interface DirectoryGroup {
  /** sAMAccountName, without a domain. */
  readonly name: string;
  /** RFC 2307, where the directory has it. */
  readonly gidNumber: number | undefined;
}

/** Of the domain; an account may have a stricter one (fine-grained password policy). */
export interface LockoutPolicy {
  readonly wrongPasswords: number;
  /** Within which they count. */
  readonly windowSeconds: number;
}

/** An account of the directory that may log in. Names are as the directory writes them, never as they were typed. */
export interface DirectoryAccount {
  /** `S-1-5-21-...`; what the account is known by. */
  readonly sid: string;
  readonly distinguishedName: string;
  readonly sAMAccountName: string;
  /** NetBIOS name of its domain: `BANK`. */
  readonly netbiosDomain: string;
  /** DNS name of its domain, lower-case: `corp.example.test`. */
  readonly dnsDomain: string;
  /** `sAMAccountName@REALM`: what the KDC knows it by, whatever its userPrincipalName is. */
  readonly principal: string;
  readonly userPrincipalName: string | undefined;
  readonly displayName: string | undefined;
  readonly primaryGroupSid: string;
  /** tokenGroups: nested and primary groups; security groups only. */
  readonly groupSids: readonly string[];
  /** The entry of `allow` that let it in, as it is written in the configuration. */
  readonly allowedBy: string;
  /** In one of `adminGroups`. */
  readonly admin: boolean;
  /** Those of `hubGroups` that it is in, as they are written in the configuration. */
  readonly hubGroups: readonly string[];
  /** RFC 2307, where the directory has them. */
  readonly posix: {
    readonly uidNumber: number | undefined;
    readonly gidNumber: number | undefined;
    readonly unixHomeDirectory: string | undefined;
    readonly loginShell: string | undefined;
  };
}

export interface Explanation {
  readonly account: Omit<DirectoryAccount, 'allowedBy' | 'admin' | 'hubGroups'>;
  /** Why the directory would refuse a login now; undefined: it wouldn't. */
  readonly refusal: { readonly code: LoginRefusalCode; readonly message: string } | undefined;
  readonly groups: readonly ExplainedGroup[];
  readonly entries: readonly ExplainedEntry[];
  readonly allowed: boolean;
  readonly admin: boolean;
}

export interface ExplainedGroup {
  readonly sid: string;
  /** `BANK\risk analysts`; undefined where it can't be read. */
  readonly name: string | undefined;
  readonly how: 'primary' | 'direct' | 'nested';
  /** Group names from the one the account is a member of up to this one; of length 1 for `primary` and `direct`. */
  readonly path: readonly string[];
}

export interface ExplainedEntry {
  readonly list: 'allow' | 'adminGroups' | 'hubGroups';
  /** As it is written in the configuration. */
  readonly entry: string;
  /** Undefined where the directory knows no such group. */
  readonly sid: string | undefined;
  readonly matched: boolean;
}

export interface DirectoryFinding {
  readonly part: 'directory' | 'certificate' | 'service-account' | 'groups' | 'clock';
  readonly level: 'error' | 'warning' | 'ok';
  readonly finding: string;
  readonly mend?: string;
}

/** Why a login is refused: the directory, the whitelist or a guard said no. */
export type LoginRefusalCode =
  | 'credentials-wrong'
  | 'account-unknown'
  | 'account-disabled'
  | 'account-locked'
  | 'account-expired'
  | 'password-expired'
  | 'password-must-change'
  | 'logon-hours'
  | 'logon-workstation'
  | 'group-missing';

export class LoginRefused extends Error {
  readonly code: LoginRefusalCode;
  /** The message is for the user; configurable by code. */
  constructor(code: LoginRefusalCode, message: string) {
    super(message);
    this.name = 'LoginRefused';
    this.code = code;
  }
}

/** Why nobody could say. */
export type DirectoryErrorCode =
  | 'directory-unreachable'
  | 'directory-timeout'
  /** TLS was refused: the certificate, its name or its authority. Never falls back to clear text. */
  | 'directory-untrusted'
  /** The directory answered with what it should not: the service account refused, tokenGroups unreadable, two accounts of one name. */
  | 'directory-refused'
  | 'no-service-account';

export class DirectoryError extends Error {
  readonly code: DirectoryErrorCode;
  constructor(code: DirectoryErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'DirectoryError';
    this.code = code;
  }
}
