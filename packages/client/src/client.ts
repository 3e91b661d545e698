/** The client: openapi-fetch over the contract's paths, with this service's address, token and trust. */
import type { paths } from '@berth/contract';
import openapi, { type Client as PathClient } from 'openapi-fetch';
import type { Agent } from 'undici';
import { parseAddress, type Address } from './address.ts';
import { ClientMisconfigured } from './errors.ts';
import { Outgoing, send } from './send.ts';

export interface ClientOptions {
  /** `http://host:port`, `https://host` or `unix:///path/to/socket`. */
  readonly url: string;
  /** The bearer token; without it only the paths outside /v1 answer. Never part of a message. */
  readonly token?: string;
  /** PEM of the authority that signed the service's certificate; without it, those that Node trusts. */
  readonly ca?: string;
}

/**
 * `GET`, `PUT`, `POST`, `DELETE` take a path of the contract. They reject with ProblemError, ServiceUnreachable or the
 * signal's reason; only `GET /readyz` resolves with `error`, the Readiness of a service that isn't ready.
 */
export interface Client extends PathClient<paths> {
  /** The service's URL as it may be shown. */
  readonly url: string;
  /** Ends all connections, event streams included. */
  close(): Promise<void>;
}

/** @throws ClientMisconfigured where the URL, the token or the authority can't be used. */
export function createClient({ url, token, ca }: ClientOptions): Client {
  const address = parseAddress(url);
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    throw new ClientMisconfigured('The token must be one word of printable ASCII; is its file a token file?');
  }
  if (ca !== undefined && !ca.includes('-----BEGIN CERTIFICATE-----')) {
    throw new ClientMisconfigured('The certificate authority must be PEM: -----BEGIN CERTIFICATE----- and so on.');
  }
  let agent: Promise<Agent> | undefined;
  const client = openapi<paths>({
    baseUrl: address.base,
    fetch: send(address.url, () => (agent ??= connect(address, ca))),
    Request: Outgoing as unknown as typeof Request,
    redirect: 'error',
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    querySerializer: { array: { style: 'form', explode: false } },
  });
  return Object.assign(client, { url: address.url, close: async () => (await agent)?.destroy() });
}

/**
 * A body that is silent for 45 s is given up: the event stream sends a comment every 15 s. undici, 28 MB in memory, is
 * loaded by the first request: `berth serve` has the client on board and never sends one.
 */
async function connect({ socketPath }: Address, ca: string | undefined): Promise<Agent> {
  const { Agent } = await import('undici');
  const timeouts = { headersTimeout: 120_000, bodyTimeout: 45_000 };
  if (socketPath !== undefined) return new Agent({ ...timeouts, connect: { socketPath, timeout: 10_000 } });
  return new Agent({ ...timeouts, connect: { timeout: 10_000, ...(ca === undefined ? {} : { ca }) } });
}
