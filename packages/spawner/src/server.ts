/** A notebook server as Berth knows it. State is a union: each state carries what is true in it and nothing else. */

import type { ServerAccount } from './accounts.ts';

/** Who a server belongs to. Unique among all servers. */
export interface ServerIdentity {
  /** The name of the declared hub that started it. */
  readonly hub: string;
  readonly user: string;
  /** Empty for the user's default server. */
  readonly serverName: string;
}

export interface ServerRecord extends ServerIdentity {
  /** See key.ts. */
  readonly key: string;
  readonly generation: number;
  readonly status: ServerStatus;
  /** The image's reference as it was asked for. */
  readonly image: string;
  readonly imageId?: string;
  /** What it runs as, once that is known; without it, the image's user. */
  readonly account?: ServerAccount;
  readonly container?: { readonly id: string; readonly name: string };
  /** The port it listens on inside its container. */
  readonly port: number;
  readonly tls: boolean;
  /** Digest of the configuration that shaped its container; empty until composed. */
  readonly configDigest: string;
  readonly requestedAt: Date;
  readonly runningAt?: Date;
  /** When a hub last asked for it. */
  readonly askedAt: Date;
  /** When its status was last known to be true. */
  readonly observedAt: Date;
}

export type ServerStatus =
  | { readonly state: 'starting'; readonly since: Date; readonly deadline: Date; readonly step: string }
  | { readonly state: 'running'; readonly since: Date; readonly url: string }
  | { readonly state: 'stopping'; readonly since: Date }
  | { readonly state: 'exited'; readonly exit: ServerExit }
  | { readonly state: 'failed'; readonly since: Date; readonly failure: ServerFailure }
  | { readonly state: 'stopped'; readonly since: Date };

export type StateName = ServerStatus['state'];

export interface ServerExit {
  readonly at: Date;
  /** Null where the container vanished before its code could be read. */
  readonly code: number | null;
  readonly oomKilled: boolean;
  /** One sentence for the user. */
  readonly reason: string;
}

export interface ServerFailure {
  readonly code: SpawnErrorCode;
  readonly step: string;
  /** One sentence for the user. */
  readonly message: string;
  readonly retryable: boolean;
  readonly exit?: ServerExit;
}

/** A server that ended, as history keeps it. */
export interface HistoryEntry extends ServerIdentity {
  readonly key: string;
  readonly generation: number;
  readonly image: string;
  readonly requestedAt: Date;
  readonly runningAt?: Date;
  readonly endedAt: Date;
  readonly outcome: 'stopped' | 'exited' | 'failed' | 'vanished';
  readonly exit?: ServerExit;
  readonly failure?: ServerFailure;
  /** Oldest first. */
  readonly logTail: readonly string[];
}

export interface Progress {
  readonly at: Date;
  readonly percent: number;
  readonly message: string;
}

/** Why a start or a stop could not be done. */
export type SpawnErrorCode =
  | 'server-not-found'
  | 'key-mismatch'
  | 'generation-superseded'
  | 'image-not-allowed'
  | 'command-not-allowed'
  | 'environment-not-allowed'
  | 'limits-exceeded'
  | 'hub-url-mismatch'
  | 'login-required'
  | 'directory-unreachable'
  | 'account-unknown'
  | 'account-unsafe'
  | 'uid-collision'
  | 'uid-unmapped'
  | 'home-unsafe'
  | 'name-service-failed'
  | 'name-invalid'
  | 'ticket-refused'
  | 'kdc-unreachable'
  | 'ticket-missing'
  | 'ticket-ended'
  | 'ticket-unsafe'
  | 'cache-unsupported'
  | 'ticket-failed'
  | 'draining'
  | 'not-ready'
  | 'shutting-down'
  | 'docker-unreachable'
  | 'docker-timeout'
  | 'docker-refused'
  | 'image-not-found'
  | 'image-pull-failed'
  | 'image-runs-as-root'
  | 'name-taken'
  | 'exited-in-start'
  | 'start-timeout'
  | 'start-interrupted'
  | 'start-cancelled'
  | 'disk-full'
  | 'store-failed'
  | 'internal';
