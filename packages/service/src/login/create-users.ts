/** Users, put together. */
import { DirectoryError, LoginRefused, type AdAuthenticator } from '@berth/ad-authenticator';
import { IdentityError, type HubNameFormat, type PosixAccount, type UserRecord } from '@berth/identity';
import type { TicketKeeper } from '@berth/krb5-ccache';
import { SpawnError, type ServerView, type Spawner } from '@berth/spawner';
import type { Caller } from '../tokens/index.ts';
import type { AccountFinder } from './account-finder.ts';
import type { Audit } from './audit.ts';
import type { TrustedProxies } from './client-address.ts';
import type { KnownUsers } from './known-users.ts';
import { logIn, type LogInLog } from './log-in.ts';
import { refresh, type RefreshOutcome } from './refresh.ts';
import { ticketNotices } from './server-tickets.ts';
import type { Throttle } from './throttle.ts';
import { UserError, type Explained, type LoginAttempt, type Refreshed, type Users, type UserView } from './users.ts';

export interface UsersParts {
  /** Undefined: nobody logs in here; the hub has an authenticator of its own. */
  readonly directory: DirectoryParts | undefined;
  readonly known: KnownUsers;
  readonly accounts: AccountFinder | undefined;
  readonly tickets: TicketKeeper | undefined;
  /** Whether a login's password brings a ticket. */
  readonly ticketByPassword: boolean;
  readonly spawner: Pick<Spawner, 'list'>;
  readonly audit: Audit;
  readonly log: LogInLog;
  readonly now: () => Date;
}

export interface DirectoryParts {
  readonly authenticator: AdAuthenticator;
  readonly userName: HubNameFormat;
  readonly graceSeconds: number;
  readonly throttle: Throttle;
  readonly proxies: TrustedProxies;
}

export function createUsers(parts: UsersParts): Users {
  return new DirectoryUsers(parts);
}

class DirectoryUsers implements Users {
  readonly #parts: UsersParts;
  readonly #logins = new Map<string, number>();
  /** Why a user's last login brought no ticket. */
  readonly #ticketProblems = new Map<string, string>();

  constructor(parts: UsersParts) {
    this.#parts = parts;
  }

  get login(): 'directory' | 'none' {
    return this.#parts.directory === undefined ? 'none' : 'directory';
  }

  async logIn(attempt: LoginAttempt, signal: AbortSignal): Promise<UserView> {
    try {
      const user = await this.#logIn(attempt, signal);
      this.#count('ok');
      return user;
    } catch (error) {
      this.#count(codeOf(error));
      throw error;
    }
  }

  #count(outcome: string): void {
    this.#logins.set(outcome, (this.#logins.get(outcome) ?? 0) + 1);
  }

  counts() {
    const now = this.#parts.now();
    const tickets = { good: 0, failing: 0, ended: 0 };
    for (const { endsAt, problem } of this.#parts.tickets?.list() ?? [])
      tickets[endsAt <= now ? 'ended' : problem === undefined ? 'good' : 'failing'] += 1;
    return { logins: this.#logins, tickets };
  }

  async #logIn(attempt: LoginAttempt, signal: AbortSignal): Promise<UserView> {
    const { directory, known, accounts, audit, log, now, tickets, ticketByPassword } = this.#parts;
    if (directory === undefined)
      throw new UserError('login-not-configured', 'The Berth service has no directory to log anybody in by.');
    const { authenticator, ...settings } = directory;
    const { user, ticketProblem } = await logIn(
      attempt,
      {
        ...settings,
        known,
        accounts,
        audit,
        log,
        now,
        directory: authenticator,
        tickets: ticketByPassword ? tickets : undefined,
      },
      signal,
    );
    if (ticketProblem === undefined) this.#ticketProblems.delete(user.name);
    else this.#ticketProblems.set(user.name, ticketProblem);
    return this.#view(user);
  }

  async get(name: string, caller: Caller, signal: AbortSignal): Promise<UserView> {
    const view = this.#seen(name, caller) ?? (await this.#ofHost(name, caller, signal));
    if (view === undefined) throw notFound(name);
    return view;
  }

  /** From memory; undefined for a user whom the caller doesn't know. */
  #seen(name: string, caller: Caller): UserView | undefined {
    const user = this.#parts.known.get(name);
    if (user !== undefined) return maySee(caller, user) ? this.#view(user) : undefined;
    const servers = this.#servers(name).filter(({ hub }) => caller.role !== 'hub' || caller.hub === hub);
    const account = servers.find((server) => server.account !== undefined)?.account;
    return account && this.#ofServer(name, account);
  }

  /** Where hubs have authenticators of their own, an admin asks the name service: a ticket may outlive the user's last server. */
  async #ofHost(name: string, caller: Caller, signal: AbortSignal): Promise<UserView | undefined> {
    const { directory, accounts, tickets } = this.#parts;
    if (caller.role === 'hub' || directory !== undefined || accounts === undefined) return undefined;
    try {
      const account = await accounts.ofHubUser(name, signal);
      const principal = tickets?.view(account.uid)?.principal;
      return { ...this.#ofServer(name, { ...account, ...(principal === undefined ? {} : { principal }) }), account };
    } catch (error) {
      if (error instanceof IdentityError && error.code !== 'name-service-failed') return undefined;
      throw error;
    }
  }

  async refresh(name: string, caller: Caller, signal: AbortSignal): Promise<Refreshed> {
    const { directory, known, accounts, audit, log, now } = this.#parts;
    const user = known.get(name);
    if (directory === undefined || user === undefined || !maySee(caller, user)) throw notFound(name);
    const { authenticator, graceSeconds } = directory;
    const outcome: RefreshOutcome = await refresh(
      user,
      by(caller),
      { directory: authenticator, graceSeconds, known, accounts, audit, log, now },
      signal,
    );
    return { ...outcome, user: this.#view(known.get(name) ?? user) };
  }

  async explain(name: string, signal: AbortSignal): Promise<Explained> {
    const { directory, known, accounts } = this.#parts;
    const user = known.get(name);
    const explanation = await directory?.authenticator.explain(user ? { sid: user.sid } : { name }, signal);
    let account: PosixAccount | undefined;
    let accountProblem: string | undefined;
    try {
      if (explanation === undefined) account = await accounts?.ofHubUser(name, signal);
      else
        account = await accounts?.ofDirectory(
          { ...explanation.account, allowedBy: '', admin: explanation.admin, hubGroups: [] },
          signal,
        );
    } catch (error) {
      if (!(error instanceof IdentityError)) throw error;
      accountProblem = error.message;
    }
    const ticket = account && this.#parts.tickets?.view(account.uid);
    return { name, known: user !== undefined, directory: explanation, account, accountProblem, ticket };
  }

  async destroyTicket(name: string, caller: Caller, signal: AbortSignal): Promise<UserView> {
    const view = await this.get(name, caller, signal);
    if (view.account !== undefined) await this.#parts.tickets?.wipe(view.account.uid);
    await this.#parts.audit.write({
      event: 'ticket-destroyed',
      outcome: 'ok',
      by: by(caller),
      user: name,
      sid: view.sid,
    });
    return this.get(name, caller, signal);
  }

  async forget(name: string, caller: Caller): Promise<UserView> {
    const { known, tickets, audit } = this.#parts;
    const user = known.get(name);
    if (user === undefined) throw notFound(name);
    const running = this.#servers(name).length;
    if (running > 0)
      throw new UserError(
        'user-has-servers',
        `${name} has ${running === 1 ? 'a server' : `${running} servers`} running; stop what runs first.`,
      );
    const view = this.#view(user);
    if (user.account !== undefined) await tickets?.wipe(user.account.uid);
    await known.remove(name);
    await audit.write({ event: 'user-forgotten', outcome: 'ok', by: by(caller), user: name, sid: user.sid });
    return view;
  }

  notices(name: string, caller: Caller): readonly string[] {
    try {
      return this.#seen(name, caller)?.notices ?? [];
    } catch (error) {
      // Not yet ready: it isn't known which servers there are.
      if (error instanceof SpawnError) return [];
      throw error;
    }
  }

  #notices(name: string): readonly string[] {
    const user = this.#parts.known.get(name);
    const uid = user?.account?.uid ?? this.#servers(name).find(({ account }) => account)?.account?.uid;
    const ticket = uid === undefined ? undefined : this.#parts.tickets?.view(uid);
    const problem = ticket === undefined ? this.#ticketProblems.get(name) : undefined;
    return [
      ...(ticket === undefined ? [] : ticketNotices(ticket, this.#parts.now())),
      ...(problem === undefined ? [] : [`Your login brought no Kerberos ticket: ${problem}`]),
    ];
  }

  faults() {
    const { directory, tickets, audit } = this.#parts;
    return {
      directory: directory?.authenticator.faults() ?? [],
      tickets: tickets?.faults() ?? [],
      audit: audit.faults(),
    };
  }

  /** Those that run, or are about to. */
  #servers(name: string): ServerView[] {
    return this.#parts.spawner
      .list()
      .filter(({ user, status }) => user === name && ['starting', 'running', 'stopping'].includes(status.state));
  }

  #view(user: UserRecord): UserView {
    const { name, displayName, admin, groups, allowedBy, sid, principal, account, logins, confirmedAt } = user;
    const ticket = account && this.#parts.tickets?.view(account.uid);
    return {
      ...{ name, displayName, admin, groups, allowedBy, sid, principal, account, logins, confirmedAt, ticket },
      notices: this.#notices(name),
    };
  }

  /** A user of a hub with an authenticator of its own: all that is known is what runs. */
  #ofServer(name: string, { uid, gid, principal, name: accountName }: NonNullable<ServerView['account']>): UserView {
    const nothing = { displayName: undefined, allowedBy: undefined, sid: undefined, confirmedAt: undefined };
    return {
      ...{ name, ...nothing, admin: false, groups: [], logins: [], principal },
      account: { name: accountName, uid, gid, groups: [], home: '', shell: '', gecos: '' },
      ticket: this.#parts.tickets?.view(uid),
      notices: this.#notices(name),
    };
  }
}

/** A hub knows those who have logged in through it. */
function maySee(caller: Caller, user: UserRecord): boolean {
  return caller.role !== 'hub' || user.logins.some(({ hub }) => hub === caller.hub);
}

function by(caller: Caller): string {
  return caller.role === 'hub' ? `hub ${caller.hub}` : caller.role;
}

/** Of the catalogue; anything else is a mistake of ours. */
function codeOf(error: unknown): string {
  const known =
    error instanceof LoginRefused ||
    error instanceof DirectoryError ||
    error instanceof UserError ||
    error instanceof IdentityError;
  return known ? error.code : 'internal';
}

/** One line, whatever was asked for. */
function plainName(name: string): string {
  return name.replace(/[\p{Cc}\p{Cf}]/gu, '?').slice(0, 200);
}

function notFound(name: string): UserError {
  return new UserError('user-not-found', `No user ${plainName(name)} is known here.`);
}
