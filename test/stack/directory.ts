/**
 * Active Directory of a test's own: a Samba AD DC with its KDC, for the domain of a bank.
 *
 * Everything that it reads and writes lies below one folder, and it listens on a loopback address of its own, so that
 * several may run at once. Containers reach it through relays (relay.ts). Ready in 2 s; 4 s more where its databases
 * aren't in the cache.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { accepts } from './accepts.ts';
import { AccountWriter } from './account-writer.ts';
import { makeAuthority, signCertificate } from './certificates.ts';
import { DirectoryAccounts } from './directory-accounts.ts';
import { freeAddress } from './free-address.ts';
import { krb5Conf, type Krb5Realm } from './krb5-conf.ts';
import { startProgram, waitFor, type Program } from './program.ts';
import { tryCommand } from './run-command.ts';
import { unpackSambaState, writeSambaSettings, type SambaSettings } from './samba-state.ts';

export interface DirectoryOptions {
  /** Made where missing; goes with `remove`. At most 60 characters, as unix sockets lie below it. */
  readonly folder: string;
  /** Of 127.0.0.0/8. Default: a free one. */
  readonly address?: string;
  /** More addresses and names under which relays offer it: the certificate holds for them, and LDAP takes tickets for them. */
  readonly alsoAt?: readonly string[];
  /** Takes passwords on 389 without TLS. Default: false, and the answer is code 8. */
  readonly plainLdap?: boolean;
  /** Whole hours. Defaults: 10 and 168. */
  readonly ticketHours?: number;
  readonly renewHours?: number;
}

const realm = 'CORP.EXAMPLE.TEST';
const domain = 'corp.example.test';
const PORTS = { kerberos: 88, ldap: 389, kpasswd: 464, ldaps: 636, globalCatalogue: 3268 } as const;

export class Directory {
  readonly realm = realm;
  readonly domain = domain;
  readonly netbios = 'BANK';
  readonly baseDn = 'DC=corp,DC=example,DC=test';
  readonly host = `dc1.${domain}`;
  readonly ports = PORTS;
  readonly administrator = { name: 'Administrator', password: 'Adm1n-of-bank' };
  /** No rights but those of each account: tokenGroups is readable through `Pre-Windows 2000 Compatible Access`, by name. */
  readonly service = { name: 'svc-berth', password: 'Svc-berth-Pa55' };
  readonly folder: string;
  readonly address: string;
  /** Its CA, PEM. The certificate holds for `host`, `address` and `alsoAt`. */
  readonly caFile: string;
  /** For KRB5_CONFIG on this host. */
  readonly krb5ConfFile: string;
  /** Ready for `krb5Conf` with another way to the KDC. */
  readonly krb5Realm: Krb5Realm;
  readonly accounts: DirectoryAccounts;
  readonly #smbConf: string;
  readonly #writer: AccountWriter;
  #program: Program | undefined;

  /** Resolves once it answers, with the account `service` in it. */
  static async start(options: DirectoryOptions): Promise<Directory> {
    const { folder, alsoAt = [] } = options;
    if (folder.length > 60) throw new Error(`the folder's path is too long for unix sockets: ${folder}`);
    await mkdir(folder, { recursive: true });
    const address = options.address ?? (await freeAddress(Object.values(PORTS)));
    const tls = join(folder, 'tls');
    const [authority] = await Promise.all([makeAuthority(tls), unpackSambaState(sambaDomain, folder)]);
    const names = [
      `DNS:dc1.${domain}`,
      ...[address, ...alsoAt].map((name) => (/^[\d.]+$/.test(name) ? `IP:${name}` : `DNS:${name}`)),
    ];
    const { certificate, key } = await signCertificate(authority, tls, names);
    const settings: SambaSettings = {
      ...sambaDomain,
      ...{ folder, address, certificate: { authority: authority.certificate, certificate, key } },
      ...{ plainLdap: options.plainLdap ?? false },
      ...{ ticketHours: options.ticketHours ?? 10, renewHours: options.renewHours ?? 168 },
    };
    const directory = new Directory(settings, await writeSambaSettings(settings));
    try {
      await writeFile(directory.krb5ConfFile, krb5Conf([directory.krb5Realm]));
      await Promise.all([directory.#prepare([address, ...alsoAt]), directory.start()]);
    } catch (error) {
      await directory.remove();
      throw error;
    }
    return directory;
  }

  private constructor({ folder, address, certificate }: SambaSettings, smbConf: string) {
    this.folder = folder;
    this.address = address;
    this.caFile = certificate.authority;
    this.krb5ConfFile = join(folder, 'krb5.conf');
    this.krb5Realm = { realm, domain, kdcs: [address] };
    this.#smbConf = smbConf;
    this.#writer = new AccountWriter(smbConf);
    this.accounts = new DirectoryAccounts(this.#writer, { url: this.ldapsUrl, caFile: this.caFile, domain });
  }

  get ldapsUrl(): string {
    return `ldaps://${this.address}`;
  }

  get ldapUrl(): string {
    return `ldap://${this.address}`;
  }

  /** Starts it again after `stop` or `kill`; resolves once LDAP and the KDC answer. Running is success. */
  async start(): Promise<void> {
    if (this.#program?.exit === undefined && this.#program !== undefined) return;
    const program = await startProgram({
      name: 'samba',
      // Ends with a test that died. Samba retitles its processes: those of a dead run are known by their working folder.
      command: 'setpriv',
      args: ['--pdeathsig', 'TERM', 'samba', '-s', this.#smbConf, '-i', '--no-process-group'],
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8', TMPDIR: this.folder },
      cwd: this.folder,
      logFile: join(this.folder, 'samba.out'),
    });
    this.#program = program;
    const search = ['-x', '-H', this.ldapUrl, '-b', '', '-s', 'base', 'defaultNamingContext'];
    const answers = async () =>
      (await tryCommand('ldapsearch', search)) !== undefined && (await accepts(this.address, PORTS.kerberos));
    await waitFor('LDAP and the KDC answer', answers, { program });
  }

  /** Ends it in order; resolves once nobody listens any more. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** Ends it at once, with whatever it is doing. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** From now on it takes connections and answers nothing, until `thaw`. */
  freeze(): void {
    if (this.#program?.exit === undefined && this.#program !== undefined) process.kill(-this.#program.pid, 'SIGSTOP');
  }

  thaw(): void {
    if (this.#program?.exit === undefined && this.#program !== undefined) process.kill(-this.#program.pid, 'SIGCONT');
  }

  /** What Samba wrote so far. */
  log(): string {
    return this.#program?.log() ?? '';
  }

  /** Takes everything away. May be called in any state, twice too. */
  async remove(): Promise<void> {
    await this.kill();
    await this.#writer.close();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  /** The first process ends before those that serve. */
  async #end(signal: NodeJS.Signals): Promise<void> {
    await this.#program?.stop(signal);
    const listening = () =>
      Promise.all([PORTS.ldap, PORTS.ldaps, PORTS.kerberos].map((port) => accepts(this.address, port)));
    await waitFor('Samba has ended', async () => !(await listening()).includes(true), { seconds: 20 });
  }

  async #prepare(addresses: readonly string[]): Promise<void> {
    const { name, password } = this.service;
    await this.#writer.call('domain', { attributes: { pwdProperties: [0], minPwdLength: [1], minPwdAge: [0] } });
    await this.accounts.createUser({ name, password, groups: ['Pre-Windows 2000 Compatible Access'] });
    const own = ['ldap', 'cifs'].flatMap((service) => [this.host, ...addresses].map((at) => `${service}/${at}`));
    await this.accounts.addServiceName('DC1$', ...own);
  }
}

const sambaDomain = { realm, netbios: 'BANK', host: 'dc1', administratorPassword: 'Adm1n-of-bank' };
