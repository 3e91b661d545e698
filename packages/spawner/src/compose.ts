/** Facets in their order -> one ContainerSpec. Two facets that write the same key are an error. */
import type { ContainerSpec, Mount } from './container-spec.ts';
import { SpawnError } from './errors.ts';
import { accountFacet } from './facets/account.ts';
import { certificatesFacet } from './facets/certificates.ts';
import { hubEnvironmentFacet, siteEnvironmentFacet } from './facets/environment.ts';
import type { Facet, FacetInput } from './facets/facet.ts';
import { hardeningFacet } from './facets/hardening.ts';
import { imageFacet } from './facets/image.ts';
import { labelsFacet } from './facets/labels.ts';
import { limitsFacet } from './facets/limits.ts';
import { networkFacet } from './facets/network.ts';
import { ticketFacet } from './facets/ticket.ts';
import { volumesFacet } from './facets/volumes.ts';

export const facets: readonly Facet[] = [
  imageFacet,
  accountFacet,
  limitsFacet,
  volumesFacet,
  networkFacet,
  siteEnvironmentFacet,
  hubEnvironmentFacet,
  certificatesFacet,
  ticketFacet,
  hardeningFacet,
  labelsFacet,
];

const required = ['name', 'imageId', 'network', 'publish', 'limits', 'security', 'logs', 'stopGraceSeconds'] as const;

/** Throws SpawnError of the facet that refuses, `environment-not-allowed` or `internal` where two facets clash. */
export function composeSpec(input: FacetInput, parts: readonly Facet[] = facets): ContainerSpec {
  const spec: Record<string, unknown> = {};
  const environment: Record<string, string> = {};
  const labels: Record<string, string> = {};
  const mounts: Mount[] = [];
  const owner = new Map<string, string>();

  const claim = (what: string, facet: string) => {
    const holder = owner.get(what);
    if (holder !== undefined)
      throw new SpawnError(
        what.startsWith('environment ') ? 'environment-not-allowed' : 'internal',
        `Both the ${holder} and the ${facet} set ${what}; only one of them may.`,
      );
    owner.set(what, facet);
  };

  for (const facet of parts) {
    const { part } = facet.compose(input);
    for (const [key, value] of Object.entries(part)) {
      if (key === 'environment') merge(environment, value as Record<string, string>, facet.name, 'environment');
      else if (key === 'labels') merge(labels, value as Record<string, string>, facet.name, 'label');
      else if (key === 'mounts') {
        for (const mount of value as readonly Mount[]) {
          claim(`the mount at ${mount.target}`, facet.name);
          mounts.push(mount);
        }
      } else {
        claim(key, facet.name);
        spec[key] = value;
      }
    }
  }
  for (const key of required)
    if (spec[key] === undefined) throw new SpawnError('internal', `No facet has set ${key} of the container.`);
  return { ...spec, environment, labels, mounts } as unknown as ContainerSpec;

  function merge(into: Record<string, string>, from: Record<string, string>, facet: string, what: string): void {
    for (const [name, value] of Object.entries(from)) {
      claim(`${what} ${name}`, facet);
      into[name] = value;
    }
  }
}
