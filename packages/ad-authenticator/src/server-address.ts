/** Where a domain controller is, and how TLS begins there. */

export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte, or after a StartTLS request. There is no third way. */
  readonly tls: 'implicit' | 'starttls';
  /** As it is written in messages: `ldaps://dc1.corp.example.test:636`. */
  readonly url: string;
}

/** Throws RangeError with what is wrong. */
export function parseServer(url: string): ServerAddress {
  const parsed = URL.parse(url);
  const scheme = parsed?.protocol;
  if (parsed === null || (scheme !== 'ldaps:' && scheme !== 'ldap:') || parsed.hostname === '') {
    throw new RangeError(`${JSON.stringify(url)} is no server; right would be ldaps://dc1.corp.example.test`);
  }
  if (parsed.username !== '' || parsed.search !== '' || !['', '/'].includes(parsed.pathname)) {
    throw new RangeError(`${JSON.stringify(parsed.host)}: a server is a scheme, a name and a port, nothing more`);
  }
  const implicit = scheme === 'ldaps:';
  const host = parsed.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  return serverAddress(host, parsed.port === '' ? (implicit ? 636 : 389) : Number(parsed.port), implicit);
}

export function serverAddress(host: string, port: number, implicit: boolean): ServerAddress {
  const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  return { host, port, tls: implicit ? 'implicit' : 'starttls', url: `${implicit ? 'ldaps' : 'ldap'}://${authority}` };
}
