/** One exchange with the service: every outcome that isn't an answer of the contract becomes a typed error. */
import type { Problem } from '@berth/contract';
import type { Dispatcher, RequestInit as UndiciRequestInit, Response as UndiciResponse } from 'undici';
import { ProblemError } from './errors.ts';
import { gateway, notBerth, unreachable } from './unreachable.ts';

/** What openapi-fetch calls; undici's classes and Node's own are the same standard under two names. */
export type Send = (request: Request) => Promise<Response>;

/** What openapi-fetch makes of a call, in place of a Request: its URL and its parts, to be sent by undici. */
export class Outgoing {
  readonly url: string;
  readonly parts: UndiciRequestInit;
  readonly signal: AbortSignal | undefined;

  constructor(url: string, parts: UndiciRequestInit) {
    this.url = url;
    this.parts = parts;
    this.signal = parts.signal as AbortSignal | undefined;
  }
}

/** What proxies answer while the service behind them is away. */
const gatewayStatuses = new Set([502, 503, 504]);

export function send(url: string, dispatcher: () => Promise<Dispatcher>): Send {
  return async (made) => {
    const request = made as unknown as Outgoing;
    const response = await exchange(url, await dispatcher(), request);
    const type = response.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? '';
    if (response.ok && type === 'text/event-stream') return response as unknown as Response;
    const body = await response.text().catch((error: unknown) => {
      throw request.signal?.aborted ? error : unreachable(url, error);
    });
    if (type === 'application/problem+json') throw new ProblemError(problem(url, body));
    // `/readyz` is the one path that answers an error status without being a problem.
    const expected = response.ok || (response.status === 503 && type === 'application/json');
    if (!expected && gatewayStatuses.has(response.status)) throw gateway(url, response.status);
    if (!expected) throw notBerth(url, `HTTP ${response.status}, ${type || 'no content type'}`);
    if (type === 'application/json') parse(url, body);
    else if (type !== 'text/plain') throw notBerth(url, `HTTP ${response.status}, ${type || 'no content type'}`);
    const { status, headers } = response;
    const { Response } = await import('undici');
    return new Response(body === '' ? null : body, { status, headers }) as unknown as Response;
  };
}

async function exchange(url: string, dispatcher: Dispatcher, request: Outgoing): Promise<UndiciResponse> {
  const { fetch } = await import('undici');
  try {
    return await fetch(request.url, { ...request.parts, dispatcher });
  } catch (error) {
    throw request.signal?.aborted ? error : unreachable(url, error);
  }
}

function problem(url: string, body: string): Problem {
  const value = parse(url, body) as Partial<Problem> | null;
  if (typeof value?.code !== 'string' || typeof value.detail !== 'string' || typeof value.status !== 'number') {
    throw notBerth(url, 'a problem without code, status and detail');
  }
  return value as Problem;
}

function parse(url: string, body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw notBerth(url, 'broken JSON');
  }
}
