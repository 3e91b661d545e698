/** A folder of the host's ticket caches, and the programs that write them as PBIS and SSSD do: processes of their own. */
import { parseCcache, type Credential } from '@berth/krb5-ccache';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '../stack/run-command.ts';

export interface Holder {
  readonly uid: number;
  readonly name: string;
  readonly password: string;
}

export class HostCaches {
  readonly folder: string;

  /** A tmpfs as /tmp is one, where each reading of a file leaves its time. `krb5Conf`: of the host. */
  static async make({ folder, krb5Conf }: { readonly folder: string; readonly krb5Conf: string }): Promise<HostCaches> {
    await mkdir(folder);
    await runCommand('mount', ['-t', 'tmpfs', '-o', 'mode=1777,size=64m,strictatime', 'tmpfs', folder]);
    await writeFile(join(folder, 'krb5.conf'), krb5Conf);
    return new HostCaches(folder);
  }

  private constructor(folder: string) {
    this.folder = folder;
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** Where PBIS puts it. */
  of({ uid }: Pick<Holder, 'uid'>): string {
    return this.path(`krb5cc_${uid}`);
  }

  /** As PBIS's lsassd at a login: root makes it under another name, gives it away, renames it. */
  async byPbis(holder: Holder): Promise<void> {
    await this.#asRoot(holder, 'kinit -r 1d -c FILE:"$new" "$1" >/dev/null');
  }

  /** As lsassd renews it: a new file takes the old one's place. */
  async renewedByPbis(holder: Holder): Promise<void> {
    await this.#asRoot(holder, 'cp "krb5cc_$2" "$new" && kinit -R -c FILE:"$new"');
  }

  async #asRoot({ uid, name, password }: Holder, kinit: string): Promise<void> {
    const script = `new=.lsass_$$ && ${kinit} && chown "$2" "$new" && mv "$new" "krb5cc_$2"`;
    await runCommand('sh', ['-c', script, 'lsassd', name, String(uid)], {
      ...{ cwd: this.folder, env: environment, input: `${password}\n` },
    });
  }

  /** As SSSD's krb5_child: the user's own process writes it, under a name that nobody can foretell. Resolves with its path. */
  async bySssd({ uid, name, password }: Holder): Promise<string> {
    const file = `krb5cc_${uid}_${Math.random().toString(36).slice(2, 8)}`;
    await this.#asUser(uid, ['kinit', '-r', '1d', '-c', `FILE:${file}`, name], password);
    return this.path(file);
  }

  /** A DIR collection, made by the user's own kinit. */
  async collection({ uid, name, password }: Holder, folder: string): Promise<void> {
    await this.#asUser(uid, ['kinit', '-r', '1d', '-c', `DIR:${folder}`, name], password);
  }

  async #asUser(uid: number, command: readonly string[], password: string): Promise<void> {
    const words = ['--reuid', String(uid), '--regid', String(uid), '--clear-groups', ...command];
    // The folders above are root's alone, so that the paths are relative.
    await runCommand('setpriv', words, { cwd: this.folder, env: environment, input: `${password}\n` });
  }

  /** The bytes of a good cache of this user's. */
  async ticketOf(holder: Holder): Promise<Uint8Array> {
    await this.byPbis(holder);
    const bytes = await readFile(this.of(holder));
    await rm(this.of(holder));
    return bytes;
  }

  async remove(): Promise<void> {
    await runCommand('umount', ['-l', this.folder]);
  }
}

const environment = { PATH: '/usr/bin:/bin', KRB5_CONFIG: 'krb5.conf' };

/** The ticket-granting ticket: kinit puts notes of its own before it. */
export function tgtIn(bytes: Uint8Array): Credential {
  const found = parseCcache(bytes).credentials.find(({ server }) => server.components[0] === 'krbtgt');
  if (found === undefined) throw new Error('no ticket-granting ticket');
  return found;
}
