/** A container to be made: what the facets compose and an engine creates. Values only. */
export interface ContainerSpec {
  readonly name: string;
  /** Image by content id, so that what was checked is what runs. */
  readonly imageId: string;
  /** Without it, the image's own. */
  readonly command?: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** `uid[:gid]` or names; without it, the image's own. */
  readonly user?: string;
  /** Supplementary groups of its processes. */
  readonly groups?: readonly number[];
  readonly workingDirectory?: string;
  readonly hostname?: string;
  readonly mounts: readonly Mount[];
  readonly network: { readonly name: string; readonly aliases: readonly string[] };
  readonly publish: readonly { readonly containerPort: number; readonly address: string; readonly hostPort: number }[];
  readonly limits: ContainerLimits;
  readonly security: ContainerSecurity;
  readonly logs: { readonly maxBytes: number; readonly maxFiles: number };
  /** Seconds between the polite signal and the kill when the engine itself stops. */
  readonly stopGraceSeconds: number;
  readonly cgroupParent?: string;
}

export type Mount =
  | { readonly type: 'volume'; readonly source: string; readonly target: string; readonly readOnly: boolean }
  /** `source` is a path on the host that must exist: the engine makes none. */
  | { readonly type: 'bind'; readonly source: string; readonly target: string; readonly readOnly: boolean }
  | { readonly type: 'tmpfs'; readonly target: string; readonly sizeBytes: number };

export interface ContainerLimits {
  /** Memory; swap is held to the same, so that the limit is the limit. */
  readonly memoryBytes?: number;
  readonly cpus?: number;
  readonly pids: number;
  readonly openFiles: number;
  readonly shmBytes?: number;
}

export interface ContainerSecurity {
  readonly noNewPrivileges: boolean;
  readonly dropCapabilities: readonly string[];
  readonly addCapabilities: readonly string[];
  /** An init process that reaps zombies. */
  readonly init: boolean;
}
