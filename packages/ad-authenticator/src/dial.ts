/**
 * Verified TLS connections to a domain controller. ldapts is only ever given a socket that has passed here, and one that
 * it can't replace: left to itself it would connect anew after a break, and on `ldap://` in clear text.
 */
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions, type SecureContext, type TLSSocket } from 'node:tls';
import { LdapFault } from './ldap-fault.ts';
import type { ServerAddress } from './server-address.ts';
import { startTls } from './start-tls.ts';

/** Milliseconds of silence. */
const keepAliveAfter = 15_000;

export type ConnectTcp = (host: string, port: number) => Socket;

export interface DialOptions {
  /** Made once: reading the authorities for each connection would cost more than the handshake. */
  readonly secureContext: SecureContext;
  readonly connectSeconds: number;
  readonly connect: ConnectTcp;
  /** TLS sessions to take up again, by the server's URL; filled here. */
  readonly sessions: Map<string, Buffer>;
}

/** Rejects with LdapFault, or with the signal's reason. The socket is destroyed in both cases. */
export function dial(server: ServerAddress, options: DialOptions, signal: AbortSignal): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const tcp = options.connect(server.host, server.port);
    let socket: Socket = tcp;
    const timer = setTimeout(() => {
      fail(new LdapFault('timeout', `${server.url} was not connected within ${options.connectSeconds} s`));
    }, options.connectSeconds * 1000);
    const abort = (): void => fail(signal.reason);
    const settled = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      tcp.removeListener('error', broken);
      tcp.removeListener('close', closed);
    };
    const fail = (reason: unknown): void => {
      settled();
      // What comes after the end is of no interest, but must have a listener.
      for (const part of [socket, tcp]) part.on('error', () => undefined).destroy();
      if (reason instanceof LdapFault && reason.kind === 'untrusted') options.sessions.delete(server.url);
      reject(reason);
    };
    const broken = (error: NodeJS.ErrnoException): void => fail(connectFault(server, error));
    const closed = (): void => fail(new LdapFault('network', `${server.url} closed the connection before TLS was up`));
    signal.addEventListener('abort', abort, { once: true });
    tcp.on('error', broken);
    tcp.on('close', closed);
    tcp.once('connect', () => {
      tcp.setNoDelay(true);
      // What dropped a connection without a word is found out in a few seconds, not by the next login.
      tcp.setKeepAlive(true, keepAliveAfter);
      if (server.tls === 'implicit') secure();
      else startTls(tcp, server).then(secure, fail);
    });

    const secure = (): void => {
      if (tcp.destroyed) return;
      const session = options.sessions.get(server.url);
      // A host that is an address is compared with the certificate's addresses, and is never sent as a name (RFC 6066, 3).
      const name: ConnectionOptions = isIP(server.host) ? {} : { servername: server.host };
      const resumed: ConnectionOptions = session === undefined ? {} : { session };
      const { secureContext } = options;
      const tlsSocket = connectTls({
        socket: tcp,
        host: server.host,
        secureContext,
        minVersion: 'TLSv1.2',
        ...name,
        ...resumed,
      });
      socket = tlsSocket;
      tlsSocket.on('error', broken);
      tlsSocket.on('session', (session) => options.sessions.set(server.url, session));
      tlsSocket.once('secureConnect', () => {
        settled();
        tlsSocket.removeListener('error', broken);
        resolve(tlsSocket);
      });
    };
  });
}

export const directTcp: ConnectTcp = (host, port) => connectTcp({ host, port });

const notTrusted =
  /^(?:CERT_|ERR_TLS_CERT|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|INVALID_CA|INVALID_PURPOSE|HOSTNAME_MISMATCH|PATH_LENGTH|ERROR_IN_CERT)/;

function connectFault(server: ServerAddress, error: NodeJS.ErrnoException): LdapFault {
  const code = error.code ?? '';
  if (notTrusted.test(code)) return new LdapFault('untrusted', untrustedText(server, code, error.message));
  if (code === 'EPROTO' || code.startsWith('ERR_SSL'))
    return new LdapFault('network', `${server.url} does not speak TLS on this port (${code}): check \`servers\``);
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return new LdapFault(
      'network',
      `${server.url}: its name can't be resolved (${code}): check \`servers\` and this host's DNS`,
    );
  return new LdapFault('network', `${server.url} can't be reached: ${error.message || code}`);
}

function untrustedText(server: ServerAddress, code: string, message: string): string {
  const what = `${server.url}: its certificate is not trusted (${code})`;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `${what}: ${message}. Write the server in \`servers\` under a name that its certificate holds`;
  if (code === 'CERT_HAS_EXPIRED') return `${what}: renew it on the domain controller`;
  if (code === 'CERT_NOT_YET_VALID') return `${what}: check the clocks of this host and of the domain controller`;
  return `${what}: put the PEM certificate of the authority that signed it into \`authorities\``;
}
