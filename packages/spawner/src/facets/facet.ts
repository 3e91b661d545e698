/** A facet decides one side of a container: values in, part of a ContainerSpec out, with its reason. */
import type { ContainerAccount, MountedTicket } from '../accounts.ts';
import type { ContainerSpec, Mount } from '../container-spec.ts';
import type { ImageInfo, NetworkInfo } from '../engine.ts';
import type { LabelledServer } from '../labels.ts';
import type { SpawnerSettings } from '../settings.ts';
import type { StartServer } from '../spawner.ts';

/** What all facets are given. */
export interface FacetInput {
  readonly request: StartServer;
  readonly settings: SpawnerSettings;
  readonly image: ImageInfo;
  readonly network: NetworkInfo;
  readonly containerName: string;
  readonly server: LabelledServer;
  /** Where the server's certificates lie on the host, where it has some. */
  readonly certificateFolder: string | undefined;
  /** Undefined: the image's user. */
  readonly account: ContainerAccount | undefined;
  readonly ticket: MountedTicket | undefined;
}

/** Part of a spec; `environment`, `labels` and `mounts` of several facets are put together. */
export type SpecPart = Partial<Omit<ContainerSpec, 'mounts'>> & { readonly mounts?: readonly Mount[] };

export interface Facet {
  readonly name: string;
  compose(input: FacetInput): { readonly part: SpecPart; readonly reason: string };
}
