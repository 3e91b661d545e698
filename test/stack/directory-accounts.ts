/** Users and groups of a test's directory, and the states that an account can be in. */
import type { AccountWriter } from './account-writer.ts';
import { runCommand } from './run-command.ts';

type Value = string | number | bigint | Buffer;
/** Each replaces what was there; an empty list removes the attribute. */
export type Attributes = Readonly<Record<string, Value | readonly Value[]>>;

/** Whatever has a SID. */
export interface Entry {
  readonly dn: string;
  readonly sid: string;
}

export interface NewUser {
  /** sAMAccountName and CN. */
  readonly name: string;
  readonly password: string;
  /** The DN of a container; it may leave out the domain's own part. Default: CN=Users. */
  readonly under?: string;
  readonly attributes?: Attributes;
  /** Becomes a member of these right away. */
  readonly groups?: readonly string[];
}

export interface NewGroup {
  /** CN, and sAMAccountName where `account` doesn't say another. */
  readonly name: string;
  readonly account?: string;
  readonly under?: string;
  readonly members?: readonly string[];
  /** Of a distribution group, or of another scope: groupType. Default: a global security group. */
  readonly attributes?: Attributes;
}

/** How `lockOut` asks for a bind with a wrong password. */
export interface PasswordBind {
  readonly url: string;
  readonly caFile: string;
  readonly domain: string;
}

const NORMAL_ACCOUNT = 0x200;
const DISABLED = 0x2;
const LOCKED = 0x10;
const TICKS_PER_SECOND = 10_000_000n;
/** 1601-01-01, where AD's times begin, in seconds before 1970. */
const EPOCH_DISTANCE = 11_644_473_600n;

/**
 * Where an account is named, its sAMAccountName, its DN or its SID will do. Changes are in force when the call
 * resolves; each takes 3 ms. It works on the directory's database, so a stopped directory can be changed too.
 */
export class DirectoryAccounts {
  readonly #writer: AccountWriter;
  readonly #bind: PasswordBind;
  readonly #baseDn: string;

  constructor(writer: AccountWriter, bind: PasswordBind) {
    this.#writer = writer;
    this.#bind = bind;
    this.#baseDn = bind.domain.replace(/^|\./g, (dot) => (dot === '' ? 'DC=' : ',DC='));
  }

  /** An enabled user. There are no demands on the password. */
  async createUser({ name, password, under, attributes = {}, groups = [] }: NewUser): Promise<Entry> {
    const values = { name, password, under: under ?? null, attributes: encoded(attributes) };
    const made = (await this.#writer.call('user', values)) as Entry;
    for (const group of groups) await this.addMembers(group, [made.dn]);
    return made;
  }

  async createGroup({ name, account, under, members = [], attributes = {} }: NewGroup): Promise<Entry> {
    const values = { name, account: account ?? null, under: under ?? null, attributes: encoded(attributes) };
    const made = (await this.#writer.call('group', values)) as Entry;
    if (members.length > 0) await this.addMembers(made.dn, members);
    return made;
  }

  /** An organizational unit below the domain or another; resolves with its DN. */
  async createUnit(name: string, under?: string): Promise<string> {
    return ((await this.#writer.call('unit', { name, under: under ?? null })) as Entry).dn;
  }

  async addMembers(group: string, members: readonly string[]): Promise<void> {
    await this.#writer.call('members', { name: group, add: members });
  }

  async removeMembers(group: string, members: readonly string[]): Promise<void> {
    await this.#writer.call('members', { name: group, remove: members });
  }

  async setAttributes(name: string, attributes: Attributes): Promise<void> {
    await this.#writer.call('modify', { name, attributes: encoded(attributes) });
  }

  /** Makes a group the user's primary one, as RID 513 (Domain Users) is from the start. */
  async setPrimaryGroup(name: string, group: string): Promise<void> {
    await this.addMembers(group, [name]);
    await this.setAttributes(name, { primaryGroupID: Number((await this.sidOf(group)).split('-').at(-1)) });
  }

  async setPassword(name: string, password: string): Promise<void> {
    await this.#writer.call('password', { name, password });
  }

  async disable(name: string): Promise<void> {
    await this.setAttributes(name, { userAccountControl: NORMAL_ACCOUNT | DISABLED });
  }

  async enable(name: string): Promise<void> {
    await this.setAttributes(name, { userAccountControl: NORMAL_ACCOUNT });
  }

  /** The account ends, or has ended, at this time. */
  async expire(name: string, at = new Date(Date.now() - 3_600_000)): Promise<void> {
    await this.setAttributes(name, { accountExpires: fileTime(at) });
  }

  /** The password must be changed at the next logon. */
  async mustChange(name: string): Promise<void> {
    await this.setAttributes(name, { pwdLastSet: 0 });
  }

  /** The hours of a week, in UTC from Sunday 0 h, at which the account may log on. None: never. */
  async setLogonHours(name: string, hours: readonly number[]): Promise<void> {
    const bits = Buffer.alloc(21);
    for (const hour of hours) bits.writeUInt8(bits.readUInt8(hour >> 3) | (1 << (hour & 7)), hour >> 3);
    await this.setAttributes(name, { logonHours: bits });
  }

  /** NetBIOS names of the only computers from which the account may log on. */
  async setWorkstations(name: string, workstations: readonly string[]): Promise<void> {
    await this.setAttributes(name, { userWorkstations: workstations.join(',') });
  }

  /** So many wrong passwords lock an account, for so long; 0 of them: never, which is how a directory starts. */
  async setLockoutPolicy({ wrongPasswords, seconds }: { wrongPasswords: number; seconds: number }): Promise<void> {
    const span = -BigInt(seconds) * TICKS_PER_SECOND;
    const values = { lockoutThreshold: wrongPasswords, lockoutDuration: span, lockOutObservationWindow: span };
    await this.#writer.call('domain', { attributes: encoded(values) });
  }

  /** Passwords older than this have expired, of all accounts. 0: never. The start: 42 days. */
  async setPasswordAge(seconds: number): Promise<void> {
    await this.#writer.call('domain', { attributes: encoded({ maxPwdAge: -BigInt(seconds) * TICKS_PER_SECOND }) });
  }

  /** Binds with wrong passwords until the account is locked. The directory must run and have a lockout policy. */
  async lockOut(name: string): Promise<void> {
    const { url, caFile, domain } = this.#bind;
    const args = ['-x', '-H', url, '-D', `${name}@${domain}`, '-w', 'certainly wrong', '-b', '', '-s', 'base'];
    for (let tries = 0; tries < 20; tries++) {
      const env = { PATH: '/usr/bin:/bin', LDAPTLS_CACERT: caFile, LDAPTLS_REQCERT: 'demand' };
      const answer = await runCommand('ldapsearch', args, { env }).catch((error: Error) => error.message);
      if (!answer.includes('data ')) throw new Error(`no answer about a wrong password: ${answer}`);
      if ((await this.state(name)) & LOCKED) return;
    }
    throw new Error(`20 wrong passwords don't lock ${name}: is there a lockout policy?`);
  }

  async unlock(name: string): Promise<void> {
    await this.setAttributes(name, { lockoutTime: 0 });
  }

  /** msDS-User-Account-Control-Computed: 0x10 locked, 0x800000 password expired. */
  async state(name: string): Promise<number> {
    const attribute = 'msDS-User-Account-Control-Computed';
    return Number((await this.valuesOf(name, attribute))[0]?.toString() ?? 0);
  }

  /** A new CN and sAMAccountName; the SID stays. */
  async rename(name: string, to: string): Promise<void> {
    await this.#writer.call('rename', { name, to });
  }

  /** One who is created again under the same name has another SID. */
  async delete(name: string): Promise<void> {
    await this.#writer.call('delete', { name });
  }

  async sidOf(name: string): Promise<string> {
    return (await this.#look(name)).sid;
  }

  async dnOf(name: string): Promise<string> {
    return (await this.#look(name)).dn;
  }

  async valuesOf(name: string, attribute: string): Promise<Buffer[]> {
    const { values } = await this.#look(name, attribute);
    return (values[attribute] ?? []).map((value) => Buffer.from(value, 'base64'));
  }

  /** Only members of `Pre-Windows 2000 Compatible Access` by name may read tokenGroups; at first, everyone may. */
  async hideTokenGroups(): Promise<void> {
    // Its SID alone is that of two entries.
    const authenticatedUsers = `CN=S-1-5-11,CN=ForeignSecurityPrincipals,${this.#baseDn}`;
    await this.removeMembers('Pre-Windows 2000 Compatible Access', [authenticatedUsers]);
  }

  /** Tickets for `service/host` are issued, and `name` is whose key opens them. */
  async addServiceName(name: string, ...services: readonly string[]): Promise<void> {
    await this.#writer.call('extend', { name, attributes: { servicePrincipalName: services } });
  }

  /** Adds the keys of a principal, `hdfs/nn.corp.example.test`, to a keytab; all that its account has are in it. */
  async exportKeytab(principal: string, file: string): Promise<void> {
    await this.#writer.call('keytab', { principal, file });
  }

  async #look(
    name: string,
    ...attributes: readonly string[]
  ): Promise<Entry & { readonly values: Readonly<Record<string, readonly string[]>> }> {
    return (await this.#writer.call('look', { name, attributes })) as Entry & { values: Record<string, string[]> };
  }
}

function encoded(attributes: Attributes): Record<string, unknown> {
  const encode = (value: Value) => (Buffer.isBuffer(value) ? { base64: value.toString('base64') } : String(value));
  const entries = Object.entries(attributes);
  return Object.fromEntries(
    entries.map(([name, values]) => [name, [values].flat().map((value) => encode(value as Value))]),
  );
}

/** 100 ns since 1601. */
function fileTime(at: Date): bigint {
  return (BigInt(Math.floor(at.getTime() / 1000)) + EPOCH_DISTANCE) * TICKS_PER_SECOND;
}
