/** Users of values only: what it is told stands in `calls`, what it answers is set by the test. */
import type { Caller } from '../tokens/index.ts';
import {
  UserError,
  type Explained,
  type LoginAttempt,
  type Refreshed,
  type Users,
  type UserView,
} from '../login/users.ts';
import { moment } from './fake-spawner.ts';

export const aUser: UserView = {
  name: 'user1',
  displayName: 'User One',
  admin: false,
  groups: ['BANK\\risk analysts'],
  allowedBy: 'BANK\\risk analysts',
  sid: 'S-1-5-21-1-2-3-1104',
  principal: 'user1@CORP.EXAMPLE.TEST',
  account: {
    name: 'BANK\\user1',
    uid: 10_001,
    gid: 10_000,
    groups: [{ gid: 10_002, name: 'BANK\\risk^analysts' }],
    home: '/home/BANK/user1',
    shell: '/bin/bash',
    gecos: 'User One',
  },
  ticket: {
    principal: 'user1@CORP.EXAMPLE.TEST',
    startsAt: moment,
    endsAt: moment,
    renewTill: moment,
    forwardable: true,
    uid: 10_001,
    source: 'password',
    nextRenewal: undefined,
    problem: undefined,
  },
  logins: [{ hub: 'a', at: moment }],
  confirmedAt: moment,
  notices: [],
};

export class FakeUsers implements Users {
  calls: unknown[] = [];
  /** Thrown by whatever is called next. */
  failure: unknown;
  user: UserView | undefined = aUser;
  refreshed: Partial<Refreshed> = {};
  login: 'directory' | 'none' = 'directory';
  logins = new Map<string, number>();
  tickets = { good: 0, failing: 0, ended: 0 };
  faulty = { directory: [] as string[], tickets: [] as string[], audit: [] as string[] };

  logIn = async (attempt: LoginAttempt) => this.#answer('logIn', attempt);
  get = async (name: string, caller: Caller) => this.#answer('get', { name, caller });
  destroyTicket = async (name: string, caller: Caller) => this.#answer('destroyTicket', { name, caller });
  forget = async (name: string, caller: Caller) => this.#answer('forget', { name, caller });
  notices = () => this.user?.notices ?? [];
  faults = () => this.faulty;
  counts = () => ({ logins: this.logins, tickets: this.tickets });

  async refresh(name: string, caller: Caller): Promise<Refreshed> {
    const user = this.#answer('refresh', { name, caller });
    return { loggedIn: true, asked: true, reason: undefined, user, ...this.refreshed };
  }

  async explain(name: string): Promise<Explained> {
    const { account, ticket, sid = '', principal = '' } = this.#answer('explain', { name });
    return {
      ...{ name, known: true, account, ticket, accountProblem: undefined },
      directory: {
        account: {
          ...{
            sid,
            principal,
            distinguishedName: 'CN=User One,DC=corp',
            sAMAccountName: 'user1',
            netbiosDomain: 'BANK',
          },
          ...{ dnsDomain: 'corp.example.test', userPrincipalName: undefined, displayName: undefined },
          ...{ primaryGroupSid: 'S-1-5-21-1-2-3-513', groupSids: ['S-1-5-21-1-2-3-513'] },
          posix: { uidNumber: undefined, gidNumber: undefined, unixHomeDirectory: undefined, loginShell: undefined },
        },
        refusal: undefined,
        groups: [
          { sid: 'S-1-5-21-1-2-3-513', name: 'BANK\\Domain Users', how: 'primary', path: ['BANK\\Domain Users'] },
        ],
        entries: [{ list: 'allow', entry: 'BANK\\domain^users', sid: 'S-1-5-21-1-2-3-513', matched: true }],
        allowed: true,
        admin: false,
      },
    };
  }

  #answer(call: string, told: object): UserView {
    this.calls.push({ call, ...told });
    if (this.failure !== undefined) {
      const { failure } = this;
      this.failure = undefined;
      throw failure;
    }
    if (this.user === undefined) throw new UserError('user-not-found', 'No such user is known here.');
    return this.user;
  }
}
