/** What a spawner is built from; the composition root plugs the real ones in. */
import type { Accounts, Tickets } from './accounts.ts';
import type { Engine } from './engine.ts';
import type { Probe } from './probe.ts';
import type { SpawnerSettings } from './settings.ts';
import type { Faults } from './steps.ts';
import type { Store } from './store.ts';

export interface SpawnerParts {
  readonly settings: SpawnerSettings;
  readonly engine: Engine;
  readonly store: Store;
  readonly log: SpawnerLog;
  readonly now: () => Date;
  readonly certificates: CertificateFolders;
  /** Default: servers run as their image's user. */
  readonly accounts?: Accounts | undefined;
  /** Default: servers have no tickets. */
  readonly tickets?: Tickets | undefined;
  /** Default: tcpProbe. */
  readonly probe?: Probe;
  /** Default: none. */
  readonly faults?: Faults;
}

export interface SpawnerLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface Certificates {
  readonly key: string;
  readonly certificate: string;
  readonly authority: string;
}

/** Folders on the host, one a server, that its certificates lie in while it runs. */
export interface CertificateFolders {
  /** Replaces what was there. Returns the folder's path. */
  write(serverKey: string, certificates: Certificates): Promise<string>;
  /** Absent is success. */
  remove(serverKey: string): Promise<void>;
}
