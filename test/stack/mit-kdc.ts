/**
 * An MIT KDC of a test's own, for tickets that end within a minute: Samba counts in hours and refuses a ticket with less
 * than two minutes left.
 *
 * It bears the realm of the directory (directory.ts) unless told otherwise, on another address: a service whose krb5.conf
 * names this KDC checks the password there and gets the ticket here, so long as both hold the same password. Samba's own
 * services don't take these tickets; services of this realm have their keytabs from `createService`.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { accepts } from './accepts.ts';
import { freeAddress } from './free-address.ts';
import { krb5Conf, type Krb5Realm } from './krb5-conf.ts';
import { startProgram, waitFor, type Program } from './program.ts';
import { runCommand } from './run-command.ts';

export interface MitKdcOptions {
  /** Made where missing; goes with `remove`. */
  readonly folder: string;
  /** Of 127.0.0.0/8. Default: a free one. */
  readonly address?: string;
  /** Default: CORP.EXAMPLE.TEST. */
  readonly realm?: string;
  /** The longest life of a ticket. Default: 60. */
  readonly lifeSeconds?: number;
  /** How long it can be renewed. Default: 600; 0: never. */
  readonly renewSeconds?: number;
}

const PORT = 88;

export class MitKdc {
  readonly folder: string;
  readonly address: string;
  readonly realm: string;
  /** For KRB5_CONFIG on this host. */
  readonly krb5ConfFile: string;
  /** Ready for `krb5Conf` with another way to the KDC. */
  readonly krb5Realm: Krb5Realm;
  readonly #env: Readonly<Record<string, string>>;
  #program: Program | undefined;

  /** Resolves once it answers. */
  static async start(options: MitKdcOptions): Promise<MitKdc> {
    const { folder, realm = 'CORP.EXAMPLE.TEST', lifeSeconds = 60, renewSeconds = 600 } = options;
    await mkdir(folder, { recursive: true });
    const kdc = new MitKdc(folder, options.address ?? (await freeAddress([PORT])), realm);
    await writeFile(kdc.krb5ConfFile, krb5Conf([kdc.krb5Realm]));
    // Five minutes of skew, the default, would let a ticket of a minute live five times as long.
    const strict = krb5Conf([kdc.krb5Realm]).replace('[libdefaults]', `[libdefaults]\n  clockskew = ${SKEW_SECONDS}`);
    await writeFile(join(folder, 'strict-krb5.conf'), strict);
    await writeFile(join(folder, 'kdc.conf'), kdc.#settings(lifeSeconds, renewSeconds));
    try {
      await runCommand('kdb5_util', ['create', '-s', '-r', realm, '-P', 'of the database'], { env: kdc.#env });
      await kdc.start();
    } catch (error) {
      await kdc.remove();
      throw error;
    }
    return kdc;
  }

  private constructor(folder: string, address: string, realm: string) {
    this.folder = folder;
    this.address = address;
    this.realm = realm;
    this.krb5ConfFile = join(folder, 'krb5.conf');
    this.krb5Realm = { realm, domain: realm.toLowerCase(), kdcs: [address] };
    this.#env = {
      PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
      KRB5_CONFIG: this.strictKrb5ConfFile,
      KRB5_KDC_PROFILE: join(folder, 'kdc.conf'),
      KRB5RCACHENAME: 'none:',
    };
  }

  /** For services of the realm on this host: with it they refuse a ticket two seconds after its end. */
  get strictKrb5ConfFile(): string {
    return join(this.folder, 'strict-krb5.conf');
  }

  /** A person's principal; resolves once a ticket can be had. */
  async createUser(name: string, password: string, { renewable = true } = {}): Promise<void> {
    const never = renewable ? '' : '-maxrenewlife "0 seconds" ';
    await this.#admin(`addprinc -clearpolicy ${never}-pw ${quoted(password)} ${quoted(name)}`);
  }

  /** The principal of a service, `ldap/127.0.0.20`; resolves with its keytab. */
  async createService(name: string): Promise<string> {
    const keytab = join(this.folder, `${name.replaceAll('/', '_')}.keytab`);
    await this.#admin(`addprinc -clearpolicy -randkey ${quoted(name)}`, `ktadd -k ${quoted(keytab)} ${quoted(name)}`);
    return keytab;
  }

  /** A keytab of the principal that leaves its password as it is. */
  async keytabOf(name: string): Promise<string> {
    const keytab = join(this.folder, `${name.replaceAll('/', '_')}.keytab`);
    await this.#admin(`ktadd -norandkey -k ${quoted(keytab)} ${quoted(name)}`);
    return keytab;
  }

  async setPassword(name: string, password: string): Promise<void> {
    await this.#admin(`cpw -pw ${quoted(password)} ${quoted(name)}`);
  }

  /** No more tickets for this password; false takes it back. Those that there are can still be renewed: MIT doesn't ask. */
  async disable(name: string, disabled = true): Promise<void> {
    await this.#admin(`modprinc ${disabled ? '-' : '+'}allow_tix ${quoted(name)}`);
  }

  async delete(name: string): Promise<void> {
    await this.#admin(`delprinc -force ${quoted(name)}`);
  }

  /** Starts it again after `stop`; resolves once it answers. Running is success. */
  async start(): Promise<void> {
    if (this.#program !== undefined && this.#program.exit === undefined) return;
    const program = await startProgram({
      name: 'krb5kdc',
      command: 'setpriv',
      args: ['--pdeathsig', 'TERM', 'krb5kdc', '-n', '-r', this.realm, '-P', join(this.folder, 'krb5kdc.pid')],
      env: this.#env,
      cwd: this.folder,
      logFile: join(this.folder, 'krb5kdc.out'),
    });
    this.#program = program;
    await waitFor('the KDC answers', () => accepts(this.address, PORT), { program });
  }

  async stop(): Promise<void> {
    this.thaw();
    await this.#program?.stop();
  }

  /** From now on it takes connections and answers nothing, until `thaw`. */
  freeze(): void {
    this.#program?.signal('SIGSTOP');
  }

  thaw(): void {
    this.#program?.signal('SIGCONT');
  }

  /** Each request with its answer: `AS_REQ`, `TGS_REQ`, `ISSUE`, and why not. */
  log(): string {
    return this.#program?.log() ?? '';
  }

  /** Takes everything away. May be called in any state, twice too. */
  async remove(): Promise<void> {
    await this.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Through its standard input: no password stands in a list of processes. */
  async #admin(...commands: readonly string[]): Promise<void> {
    const command = ['-c', 'exec kadmin.local "$@" 2>&1', 'kadmin.local', '-r', this.realm];
    const said = await runCommand('sh', command, { env: this.#env, input: `${commands.join('\n')}\n` });
    // Its exit code is 0 whatever happens.
    const failures = said.split('\n').filter((line) => /^\S+: .* while /.test(line));
    if (failures.length > 0) throw new Error(failures.join('\n'));
  }

  #settings(lifeSeconds: number, renewSeconds: number): string {
    const { folder, address, realm } = this;
    return [
      ...['[kdcdefaults]', `  kdc_listen = ${address}:${PORT}`, `  kdc_tcp_listen = ${address}:${PORT}`],
      ...['[realms]', `  ${realm} = {`],
      `    database_name = ${join(folder, 'principal')}`,
      `    key_stash_file = ${join(folder, 'stash')}`,
      `    acl_file = ${join(folder, 'kadm5.acl')}`,
      `    max_life = ${lifeSeconds}s`,
      `    max_renewable_life = ${renewSeconds}s`,
      '    supported_enctypes = aes256-cts:normal aes128-cts:normal',
      '    default_principal_flags = +preauth',
      ...['  }', '[logging]', '  kdc = STDERR', ''],
    ].join('\n');
  }
}

const SKEW_SECONDS = 2;

/** One word of a kadmin command. */
function quoted(word: string): string {
  return `"${word.replaceAll('"', '""')}"`;
}
