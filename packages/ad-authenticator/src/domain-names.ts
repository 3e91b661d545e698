/** What a domain is called, and where it keeps things. */
import { foldName } from '@berth/identity';
import { DirectoryError } from './ad-authenticator.ts';
import { equal, every, present } from './ldap-filter.ts';
import { LdapFault } from './ldap-fault.ts';
import type { LdapConnection } from './ldap-connection.ts';
import type { AdSettings } from './settings.ts';

export interface DomainNames {
  readonly dns: string;
  /** `BANK`. */
  readonly netbios: string;
  /** `CORP.EXAMPLE.TEST`. */
  readonly realm: string;
  /** `DC=corp,DC=example,DC=test`. */
  readonly namingContext: string;
}

/** Whether a domain that somebody typed is this one, by either of its names. */
export function isDomain(names: DomainNames, domain: { netbios: string } | { dns: string }): boolean {
  return 'dns' in domain ? domain.dns === names.dns : foldName(domain.netbios) === foldName(names.netbios);
}

/** `corp.example.test` as a DN. */
export function namingContextOf(domain: string): string {
  const labels = domain.split('.').map((label) => label.replace(/[,+"\\<>;=#]/g, (letter) => `\\${letter}`));
  return labels.map((label) => `DC=${label}`).join(',');
}

/** Reads the NetBIOS name from CN=Partitions of the forest: two operations, once in the life of an authenticator. */
export async function readDomainNames(
  connection: LdapConnection,
  settings: AdSettings,
  signal: AbortSignal,
): Promise<DomainNames> {
  const dns = settings.domain.toLowerCase();
  const known = { dns, realm: settings.realm ?? dns.toUpperCase(), namingContext: namingContextOf(dns) };
  if (settings.netbios !== undefined) return { ...known, netbios: settings.netbios };
  const root = await connection.read('', ['configurationNamingContext'], signal);
  const configuration = root?.text('configurationNamingContext');
  const isThis = every(equal('objectClass', 'crossRef'), equal('dnsRoot', dns), present('nETBIOSName'));
  const base = `CN=Partitions,${configuration ?? `CN=Configuration,${known.namingContext}`}`;
  const found = await connection.search(base, isThis, ['nETBIOSName'], 2, signal).catch((error: unknown) => {
    if (error instanceof LdapFault && error.resultCode === 32) return [];
    throw error;
  });
  const netbios = found[0]?.text('nETBIOSName');
  if (netbios === undefined || found.length > 1) {
    throw new DirectoryError(
      'directory-refused',
      `${connection.server.url} knows no domain ${dns} in ${base}: check \`domain\`, or give its NetBIOS name as \`netbios\``,
    );
  }
  return { ...known, netbios };
}
