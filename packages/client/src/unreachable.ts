/** From what Node says about a failed connection to a sentence for the person who can mend it. */
import { ServiceUnreachable, type UnreachableReason } from './errors.ts';

/** Codes of node:net, node:dns, node:tls (OpenSSL's verify errors) and undici, by what they mean here. */
const reasons: Readonly<Record<string, UnreachableReason>> = {
  ECONNREFUSED: 'refused',
  ENOENT: 'no-socket',
  EACCES: 'no-permission',
  EPERM: 'no-permission',
  ENOTFOUND: 'unknown-host',
  EAI_AGAIN: 'unknown-host',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'tls',
  SELF_SIGNED_CERT_IN_CHAIN: 'tls',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'tls',
  UNABLE_TO_GET_ISSUER_CERT: 'tls',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'tls',
  CERT_HAS_EXPIRED: 'tls',
  CERT_NOT_YET_VALID: 'tls',
  CERT_SIGNATURE_FAILURE: 'tls',
  ERR_TLS_CERT_ALTNAME_INVALID: 'tls',
  ERR_SSL_WRONG_VERSION_NUMBER: 'tls',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'tls',
  EPROTO: 'tls',
  ETIMEDOUT: 'timeout',
  EHOSTUNREACH: 'timeout',
  ENETUNREACH: 'timeout',
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
};

const sentences: Readonly<Record<Exclude<UnreachableReason, 'not-berth'>, (url: string, said: string) => string>> = {
  refused: (url) => `Nothing listens at ${url}: check that \`berth serve\` runs there and that the URL is right.`,
  'no-socket': (url) =>
    `The socket of ${url} does not exist: check that \`berth serve\` runs and that its path is right.`,
  'no-permission': (url) =>
    `This account may not open ${url}: run as the account that owns the socket, or as root, or join its group.`,
  'unknown-host': (url) => `The host in ${url} has no address: check the spelling and the DNS.`,
  tls: (url, said) =>
    `No trusted TLS connection to ${url} (${said}): check that it is https, that the certificate names this host and is in date, and give its authority as \`ca\`.`,
  timeout: (url) => `No answer from ${url} in time: check the address, firewalls between, and the load of its host.`,
  broken: (url, said) =>
    `The connection to ${url} broke (${said}): check that the service still runs, and http against https.`,
};

/** @param error What fetch, or reading a body, threw. */
export function unreachable(url: string, error: unknown): ServiceUnreachable {
  const code = codeOf(error);
  const reason = reasons[code] ?? 'broken';
  if (reason === 'not-berth') return notBerth(url, code);
  return new ServiceUnreachable(url, reason, sentences[reason](url, code || 'no reason given'), { cause: error });
}

/** @param said What came instead, in a few words that hold nothing of the answer's body. */
export function notBerth(url: string, said: string): ServiceUnreachable {
  const message = `What answers at ${url} is not a Berth service (${said}): check the URL, and any proxy between.`;
  return new ServiceUnreachable(url, 'not-berth', message);
}

/** A proxy answered for a service that is away; that may pass. */
export function gateway(url: string, status: number): ServiceUnreachable {
  const message = `A proxy at ${url} answered HTTP ${status}: check that \`berth serve\` runs behind it.`;
  return new ServiceUnreachable(url, 'broken', message);
}

/** The first code found along the causes; '' where there is none. */
function codeOf(error: unknown): string {
  for (let at = error; typeof at === 'object' && at !== null; at = (at as { cause?: unknown }).cause) {
    const code = (at as { code?: unknown }).code;
    if (typeof code === 'string') return code;
  }
  return '';
}
