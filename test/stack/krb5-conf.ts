/** A krb5.conf that MIT tools and Java read alike, and that asks no DNS. */

export interface Krb5Realm {
  readonly realm: string;
  /** Of its hosts: they and their subdomains belong to the realm. */
  readonly domain: string;
  /** Host or address, with a port where it isn't 88; tried in this order. */
  readonly kdcs: readonly string[];
}

/**
 * The first realm is the default one. TCP alone (`udp_preference_limit = 1`): a relay carries it, and a KDC that is away
 * is known at once. Hosts are taken as they are written: no reverse look-up, no canonical name.
 */
export function krb5Conf(realms: readonly [Krb5Realm, ...Krb5Realm[]]): string {
  const settings = [
    `default_realm = ${realms[0].realm}`,
    'dns_lookup_kdc = false',
    'dns_lookup_realm = false',
    'dns_canonicalize_hostname = false',
    'rdns = false',
    'udp_preference_limit = 1',
  ];
  const realmLines = realms.flatMap(({ realm, kdcs }) => [
    `  ${realm} = {`,
    ...kdcs.map((kdc) => `    kdc = ${kdc}`),
    '  }',
  ]);
  const domainLines = realms.flatMap(({ realm, domain }) => [`  .${domain} = ${realm}`, `  ${domain} = ${realm}`]);
  return [
    ...['[libdefaults]', ...settings.map((line) => `  ${line}`)],
    ...['[realms]', ...realmLines, '[domain_realm]', ...domainLines, ''],
  ].join('\n');
}
