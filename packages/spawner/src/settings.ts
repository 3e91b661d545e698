/** What a site configures of its servers; the service makes it from berth.yaml. */

export interface SpawnerSettings {
  /** This service's id, 8 to 40 characters of [a-z0-9-]; its containers carry it. */
  readonly instance: string;
  /** Key of the labels' HMAC, 32 bytes. */
  readonly labelKey: Uint8Array;
  readonly hubs: readonly HubSettings[];
  /** What hubs may choose from; the first is the default. */
  readonly images: readonly ImageChoice[];
  /** Commands that a hub may ask for. */
  readonly commands: readonly (readonly string[])[];
  readonly containers: ContainerSettings;
  readonly network: NetworkSettings;
  readonly history: { readonly keepDays: number; readonly logLines: number };
  readonly abandoned: { readonly afterHours: number; readonly stop: boolean };
  /** Hours after which a server is stopped; undefined: never. */
  readonly maximumAgeHours: number | undefined;
  readonly engine: {
    /** Limit of one call to the engine, seconds. */
    readonly callSeconds: number;
    /** Between full looks at what runs, seconds, beside those that events call for. */
    readonly resyncSeconds: number;
  };
}

export interface HubSettings {
  readonly name: string;
  /** Hub URLs in the environment must be this one or below it; undefined: not pinned. */
  readonly apiUrl: string | undefined;
}

export interface ImageChoice {
  readonly reference: string;
  readonly title: string;
  readonly pull: 'missing' | 'always' | 'never';
}

export interface NetworkSettings {
  readonly name: string;
  /** `own`: Berth makes it, traffic between notebooks off. `existing`: it must be there, for example the hub's. */
  readonly mode: 'own' | 'existing';
}

export interface ContainerSettings {
  /** Container names begin with it. */
  readonly prefix: string;
  /** `uid[:gid]` instead of the image's user. */
  readonly user: string | undefined;
  readonly memoryBytes: number | undefined;
  readonly cpus: number | undefined;
  readonly pids: number;
  readonly openFiles: number;
  readonly shmBytes: number | undefined;
  readonly environment: Readonly<Record<string, string>>;
  /** `source` is a volume's name or an absolute path, with {username}, {servername} and the like; see volume-name.ts. */
  readonly volumes: readonly { readonly source: string; readonly target: string; readonly readOnly: boolean }[];
  readonly workingDirectory: string | undefined;
  readonly stopGraceSeconds: number;
  readonly logMaxBytes: number;
  readonly logMaxFiles: number;
}
