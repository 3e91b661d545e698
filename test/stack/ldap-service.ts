/**
 * A service that takes Kerberos tickets of any realm: OpenLDAP's slapd without a database, which answers `ldapwhoami` with
 * who it sees. With an MIT KDC's strict settings it refuses a ticket two seconds after its end.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { accepts } from './accepts.ts';
import { freeAddress } from './free-address.ts';
import type { MitKdc } from './mit-kdc.ts';
import { startProgram, waitFor, type Program } from './program.ts';

export interface LdapServiceOptions {
  /** Made where missing; goes with `remove`. */
  readonly folder: string;
  /** Makes the principal `ldap/<known as>`. */
  readonly kdc: MitKdc;
  /** By which clients call it: the address of its relay, say. Default: its own address. */
  readonly knownAs?: string;
}

const PORT = 389;

export class LdapService {
  readonly folder: string;
  /** Of 127.0.0.0/8. */
  readonly address: string;
  readonly port = PORT;
  readonly #program: Program;

  /** Resolves once it answers. */
  static async start({ folder, kdc, knownAs }: LdapServiceOptions): Promise<LdapService> {
    await mkdir(folder, { recursive: true });
    const address = await freeAddress([PORT]);
    const host = knownAs ?? address;
    const keytab = await kdc.createService(`ldap/${host}`);
    const settings = [
      'modulepath /usr/lib/ldap',
      `pidfile ${folder}/pid`,
      `sasl-host ${host}`,
      `sasl-realm ${kdc.realm}`,
    ];
    await writeFile(join(folder, 'slapd.conf'), `${settings.join('\n')}\n`);
    const program = await startProgram({
      name: 'slapd',
      command: 'setpriv',
      // With -d it stays in the foreground.
      args: ['--pdeathsig', 'TERM', 'slapd', '-d', '256', '-f', join(folder, 'slapd.conf'), '-h', `ldap://${address}`],
      env: {
        PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
        KRB5_CONFIG: kdc.strictKrb5ConfFile,
        KRB5_KTNAME: `FILE:${keytab}`,
        KRB5RCACHENAME: 'none:',
      },
      cwd: folder,
      logFile: join(folder, 'slapd.log'),
    });
    await waitFor('slapd answers', () => accepts(address, PORT), { program });
    return new LdapService(folder, address, program);
  }

  private constructor(folder: string, address: string, program: Program) {
    this.folder = folder;
    this.address = address;
    this.#program = program;
  }

  /** Each connection with who bound. */
  log(): string {
    return this.#program.log();
  }

  /** Takes everything away. */
  async remove(): Promise<void> {
    await this.#program.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}
