/** The state of a fresh Samba AD DC: its databases, made once per Samba version and kept as an archive. */
import { createHash } from 'node:crypto';
import { access, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from './cache.ts';
import { runCommand } from './run-command.ts';

export interface SambaDomain {
  readonly realm: string;
  readonly netbios: string;
  readonly host: string;
  readonly administratorPassword: string;
}

export interface SambaSettings extends SambaDomain {
  /** Holds private/, state/ and the rest of what `provide` unpacks. */
  readonly folder: string;
  readonly address: string;
  readonly certificate: { readonly authority: string; readonly certificate: string; readonly key: string };
  /** Binds by password also on 389 without TLS; AD's answer otherwise is strongerAuthRequired (8). */
  readonly plainLdap: boolean;
  /** The longest life of a ticket, and of its renewals; whole hours, as Samba counts in them. */
  readonly ticketHours: number;
  readonly renewHours: number;
}

/** Unpacks the databases of a new domain into `folder`; its smb.conf is to be written afterwards. Makes the archive (4 s) where missing. */
export async function unpackSambaState(domain: SambaDomain, folder: string): Promise<void> {
  const version = (await runCommand('/usr/sbin/samba', ['--version'])).trim();
  const recipe = JSON.stringify({ edition: 1, version, domain });
  const cache = cacheFolder('samba');
  const archive = join(cache, `${createHash('sha256').update(recipe).digest('hex').slice(0, 12)}.tar.gz`);
  const made = await access(archive).then(
    () => true,
    () => false,
  );
  if (!made) await provision(domain, cache, archive);
  await mkdir(folder, { recursive: true });
  await runCommand('tar', ['-C', folder, '-xzf', archive]);
}

async function provision(domain: SambaDomain, cache: string, archive: string): Promise<void> {
  const work = await mkdtemp(join(cache, 'making-'));
  try {
    const state = join(work, 'state');
    await mkdir(state);
    const options = [
      `--realm=${domain.realm}`,
      `--domain=${domain.netbios}`,
      `--host-name=${domain.host}`,
      `--adminpass=${domain.administratorPassword}`,
      `--targetdir=${state}`,
      ...['--server-role=dc', '--dns-backend=NONE', '--use-rfc2307', '--host-ip=127.0.0.1'],
      // Without the /8 Samba finds no interface.
      ...['--option=interfaces=127.0.0.1/8', '--option=bind interfaces only=yes'],
    ];
    // Python's own first in PATH may lack Samba's modules; the script names the distribution's.
    await runCommand('/usr/bin/samba-tool', ['domain', 'provision', ...options], {
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    });
    await rm(join(state, 'etc'), { recursive: true });
    const whole = join(work, 'state.tar.gz');
    await runCommand('tar', ['--numeric-owner', '-C', state, '-czf', whole, '.']);
    await rename(whole, archive);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Writes smb.conf for unpacked databases: everything that Samba writes lies below the folder. Returns its path. */
export async function writeSambaSettings(settings: SambaSettings): Promise<string> {
  const { folder, certificate } = settings;
  const services = ['ldap', 'cldap', 'kdc', 'rpc'];
  const values = {
    'netbios name': settings.host.toUpperCase(),
    realm: settings.realm,
    workgroup: settings.netbios,
    'server role': 'active directory domain controller',
    'server services': services.join(', '),
    'idmap_ldb:use rfc2307': 'yes',
    interfaces: `${settings.address}/8`,
    'bind interfaces only': 'yes',
    'private dir': join(folder, 'private'),
    'state directory': join(folder, 'state'),
    'cache directory': join(folder, 'cache'),
    'lock directory': folder,
    'binddns dir': join(folder, 'bind-dns'),
    'pid directory': join(folder, 'run'),
    'ncalrpc dir': join(folder, 'run', 'ncalrpc'),
    'winbindd socket directory': join(folder, 'run', 'winbindd'),
    'ntp signd socket directory': join(folder, 'run', 'ntp_signd'),
    'log file': join(folder, 'samba.log'),
    'tls certfile': certificate.certificate,
    'tls keyfile': certificate.key,
    'tls cafile': certificate.authority,
    'ldap server require strong auth': settings.plainLdap ? 'no' : 'yes',
    'kdc:user ticket lifetime': settings.ticketHours,
    'kdc:service ticket lifetime': settings.ticketHours,
    'kdc:renewal lifetime': settings.renewHours,
    'load printers': 'no',
    'panic action': '',
  };
  const lines = Object.entries(values).map(([name, value]) => `  ${name} = ${value}`);
  const share = ['[sysvol]', `  path = ${join(folder, 'state', 'sysvol')}`, '  read only = no'];
  for (const name of ['etc', 'run/ncalrpc', 'cache']) await mkdir(join(folder, name), { recursive: true });
  const file = join(folder, 'etc', 'smb.conf');
  await writeFile(file, ['[global]', ...lines, ...share, ''].join('\n'));
  return file;
}
