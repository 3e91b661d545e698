/** What an authenticator is built from, beside its settings. */
import type { SrvRecord } from 'node:dns';
import type { ConnectTcp } from './dial.ts';

export interface AdParts {
  readonly now: () => Date;
  readonly log: AdLog;
  /** Default: the host's resolver. */
  readonly resolveSrv?: (name: string) => Promise<readonly SrvRecord[]>;
  /** Opens a TCP connection, as yet without TLS. Default: by the host's resolver. */
  readonly connect?: ConnectTcp;
  /** 0 to below 1, for the weights of SRV records. Default: Math.random. */
  readonly random?: () => number;
}

export interface AdLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
