/** What can go wrong when a service is asked: it says no, it can't be reached, or the client was set up wrongly. */
import type { Problem, ProblemCode } from '@berth/contract';

/** The service answered with a problem (RFC 9457). The message is its `detail`. */
export class ProblemError extends Error {
  readonly problem: Problem;
  readonly code: ProblemCode;
  readonly status: number;
  readonly detail: string;
  constructor(problem: Problem) {
    super(problem.detail);
    this.name = 'ProblemError';
    this.problem = problem;
    this.code = problem.code;
    this.status = problem.status;
    this.detail = problem.detail;
  }
}

/**
 * Why no answer of a Berth service came: `refused` nothing listens there; `no-socket` the socket's file is missing;
 * `no-permission` this account may not open it; `unknown-host` the name has no address; `tls` no trust; `timeout`;
 * `broken` the connection ended early; `not-berth` something answered that isn't a Berth service.
 */
export type UnreachableReason =
  'refused' | 'no-socket' | 'no-permission' | 'unknown-host' | 'tls' | 'timeout' | 'broken' | 'not-berth';

/** No answer of a Berth service. The message names the URL and what to check. */
export class ServiceUnreachable extends Error {
  readonly url: string;
  readonly reason: UnreachableReason;
  constructor(url: string, reason: UnreachableReason, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'ServiceUnreachable';
    this.url = url;
    this.reason = reason;
  }
}

/** The URL, the token or the certificate authority given to `createClient` can't be used. Never repeats the token. */
export class ClientMisconfigured extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'ClientMisconfigured';
  }
}
