/** One line for each request: what was asked, what became of it, how long it took. No token, body or variable ever. */
import type { Caller } from '../tokens/index.ts';
import type { OperationId } from '@berth/contract';

/** What the service logs to; pino fits. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** What becomes known of a request on its way. */
export interface RequestTrail {
  readonly requestId: string;
  readonly method: string;
  operationId?: OperationId;
  caller?: Caller;
  key?: string;
  /** The problem's code, where there was one. */
  code?: string;
}

const quiet: ReadonlySet<OperationId | undefined> = new Set<OperationId>(['getHealth', 'getReadiness', 'getMetrics']);

export function logRequest(log: Log, trail: RequestTrail, status: number, ms: number): void {
  const { requestId, method, operationId, caller, key, code } = trail;
  const fields = {
    requestId,
    method,
    operation: operationId ?? 'none',
    status,
    ms: Math.round(ms * 10) / 10,
    ...(caller === undefined ? {} : { role: caller.role }),
    ...(caller?.role === 'hub' ? { hub: caller.hub } : {}),
    ...(key === undefined ? {} : { key }),
    ...(code === undefined ? {} : { code }),
  };
  if (status >= 500) log.warn(fields, 'request');
  else if (quiet.has(operationId)) log.debug(fields, 'request');
  else log.info(fields, 'request');
}

/** The caller's own request id where it is a harmless word, else a new one. */
export function requestIdFrom(header: string | undefined, fresh: () => string): string {
  return header !== undefined && /^[A-Za-z0-9._-]{1,64}$/.test(header) ? header : fresh();
}
