/** A login's surroundings in memory: a directory that says what a test tells it to, records, a throttle, tickets. */
import { LoginRefused, type AdAuthenticator, type DirectoryAccount } from '@berth/ad-authenticator';
import type { AttemptLimiter, PosixAccount, UserRecord, UserRecords } from '@berth/identity';
import type { KeptTicket, TicketKeeper, TicketOwner } from '@berth/krb5-ccache';
import type { ServerView } from '@berth/spawner';
import type { AccountFinder } from '../account-finder.ts';
import type { Audit, AuditEvent } from '../audit.ts';
import { trustedProxies } from '../client-address.ts';
import { createUsers } from '../create-users.ts';
import { KnownUsers } from '../known-users.ts';
import { Throttle } from '../throttle.ts';
import type { LoginAttempt, Users } from '../users.ts';

export const noon = new Date('2026-11-23T12:00:00.000Z');
export const rightPassword = 'Pa55-of-user1';

export function directoryAccount(change: Partial<DirectoryAccount> = {}): DirectoryAccount {
  return {
    sid: 'S-1-5-21-1-2-3-1104',
    distinguishedName: 'CN=User One,DC=corp,DC=example,DC=test',
    sAMAccountName: 'User1',
    netbiosDomain: 'BANK',
    dnsDomain: 'corp.example.test',
    principal: 'User1@CORP.EXAMPLE.TEST',
    userPrincipalName: undefined,
    displayName: 'User One',
    primaryGroupSid: 'S-1-5-21-1-2-3-513',
    groupSids: ['S-1-5-21-1-2-3-513'],
    allowedBy: 'BANK\\domain^users',
    admin: false,
    hubGroups: [],
    posix: { uidNumber: undefined, gidNumber: undefined, unixHomeDirectory: undefined, loginShell: undefined },
    ...change,
  };
}

export function posixAccount(change: Partial<PosixAccount> = {}): PosixAccount {
  const base = { name: 'BANK\\user1', uid: 10_001, gid: 10_000, groups: [], home: '/home/BANK/user1' };
  return { ...base, shell: '/bin/bash', gecos: '', ...change };
}

export class LoginWorld {
  now = noon;
  /** What the directory knows, by the name that is typed. */
  accounts = new Map([['user1', directoryAccount()]]);
  /** Thrown by whatever the directory is asked next. */
  directoryFailure: unknown;
  /** What accounts become on the host, by sAMAccountName. */
  posix = new Map([['User1', posixAccount()]]);
  posixFailure: unknown;
  ticketFailure: unknown;
  kept = new Map<number, KeptTicket>();
  obtained: { owner: TicketOwner; password: string }[] = [];
  wiped: number[] = [];
  servers: ServerView[] = [];
  audited: AuditEvent[] = [];
  logged: string[] = [];
  readonly records = new MemoryRecords();
  readonly known = new KnownUsers(this.records);
  readonly limits = { account: 3, address: 5 };
  users: Users;

  constructor(options: { proxies?: readonly string[]; directory?: false } = {}) {
    const throttle = new Throttle({
      accounts: memoryLimiter(this.limits.account),
      addresses: memoryLimiter(this.limits.address),
    });
    const note = (fields: object, message: string) => void this.logged.push(JSON.stringify({ message, ...fields }));
    this.users = createUsers({
      directory:
        options.directory === false
          ? undefined
          : {
              authenticator: this.#authenticator(),
              ...{ userName: 'name', graceSeconds: 3600, throttle, proxies: trustedProxies(options.proxies) },
            },
      known: this.known,
      accounts: this.#finder(),
      tickets: this.#keeper(),
      ticketByPassword: true,
      spawner: { list: () => this.servers },
      audit: this.#audit(),
      log: { info: note, warn: note },
      now: () => this.now,
    });
  }

  attempt(change: Partial<LoginAttempt> = {}): LoginAttempt {
    const base = { hub: 'default', username: 'user1', password: rightPassword };
    return { ...base, remoteAddress: '127.0.0.1', forwardedFor: [], ...change };
  }

  logIn(change: Partial<LoginAttempt> = {}) {
    return this.users.logIn(this.attempt(change), new AbortController().signal);
  }

  later(seconds: number): void {
    this.now = new Date(this.now.getTime() + seconds * 1000);
  }

  #throwFailure(): void {
    const { directoryFailure } = this;
    this.directoryFailure = undefined;
    if (directoryFailure !== undefined) throw directoryFailure;
  }

  #authenticator(): AdAuthenticator {
    const byName = (name: string) => {
      this.#throwFailure();
      const found = this.accounts.get(name.replace(/^.*\\/, '').toLowerCase());
      if (found === undefined) throw new LoginRefused('account-unknown', 'The directory knows no such account.');
      return found;
    };
    return {
      login: async (typed, password, _signal, beforeBind) => {
        this.#throwFailure();
        const sid = this.accounts.get(typed.replace(/^.*\\/, '').toLowerCase())?.sid;
        if (sid !== undefined) await beforeBind?.(sid);
        if (password !== rightPassword) throw new LoginRefused('credentials-wrong', 'User name or password is wrong.');
        return byName(typed);
      },
      find: async (key) => {
        this.#throwFailure();
        if ('name' in key) return byName(key.name);
        const found = [...this.accounts.values()].find(({ sid }) => sid === key.sid);
        if (found === undefined) throw new LoginRefused('account-unknown', 'The directory knows no such account.');
        return found;
      },
      explain: async (key) => {
        const account = byName('name' in key ? key.name : 'user1');
        return { account, refusal: undefined, groups: [], entries: [], allowed: true, admin: account.admin };
      },
      groups: async () => new Map(),
      lockoutPolicy: async () => undefined,
      faults: () => [],
      diagnose: async function* () {},
      close: async () => undefined,
    };
  }

  #finder(): AccountFinder {
    return {
      ofDirectory: async ({ sAMAccountName }) => {
        const { posixFailure } = this;
        this.posixFailure = undefined;
        if (posixFailure !== undefined) throw posixFailure;
        return this.posix.get(sAMAccountName) ?? posixAccount({ name: sAMAccountName, uid: 10_099 });
      },
      ofHubUser: async (name) => posixAccount({ name }),
      check: async function* () {},
    };
  }

  #keeper(): TicketKeeper {
    return {
      open: async () => undefined,
      close: async () => undefined,
      obtain: async (owner, password) => {
        if (this.ticketFailure !== undefined) throw this.ticketFailure;
        this.obtained.push({ owner, password });
        const ticket = keptTicket({ uid: owner.uid, principal: owner.principal });
        this.kept.set(owner.uid, ticket);
        return ticket;
      },
      prepare: async ({ uid }) => ({
        ticket: this.kept.get(uid) ?? keptTicket({ uid }),
        folder: `/run/berth/krb5/${uid}`,
      }),
      inUse: () => undefined,
      view: (uid) => this.kept.get(uid),
      list: () => [...this.kept.values()],
      wipe: async (uid) => {
        this.wiped.push(uid);
        this.kept.delete(uid);
      },
      faults: () => [],
      diagnose: async function* () {},
    };
  }

  #audit(): Audit {
    return {
      write: async (event) => void this.audited.push(event),
      unknown: (typed) => `hash-of-${typed.length}`,
      faults: () => [],
    };
  }
}

export function keptTicket(change: Partial<KeptTicket> = {}): KeptTicket {
  return {
    ...{ uid: 10_001, principal: 'User1@CORP.EXAMPLE.TEST', startsAt: noon, forwardable: true, source: 'password' },
    endsAt: new Date(noon.getTime() + 10 * 3_600_000),
    renewTill: new Date(noon.getTime() + 7 * 86_400_000),
    ...{ nextRenewal: undefined, problem: undefined },
    ...change,
  };
}

export class MemoryRecords implements UserRecords {
  saved = new Map<string, UserRecord>();
  failure: unknown;
  loadUsers = async () => [...this.saved.values()];
  removeUser = async (name: string) => void this.saved.delete(name);
  async saveUser(user: UserRecord): Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    this.saved.set(user.name, user);
  }
}

/** Windows that never end. */
export function memoryLimiter(attempts: number): AttemptLimiter {
  const taken = new Map<string, number>();
  return {
    async take(name) {
      const count = (taken.get(name) ?? 0) + 1;
      if (count > attempts) return { taken: false, retryAfterSeconds: 1700 };
      taken.set(name, count);
      return { taken: true };
    },
    giveBack: async (name) => void taken.set(name, (taken.get(name) ?? 1) - 1),
    forget: async (name) => void taken.delete(name),
  };
}
