import type { Mount } from '../container-spec.ts';
import { volumeName } from '../volume-name.ts';
import type { Facet } from './facet.ts';

/** The configured volumes and host folders, named after the user and server. */
export const volumesFacet: Facet = {
  name: 'volumes',
  compose({ request, settings }) {
    const mounts = settings.containers.volumes.map(({ source, target, readOnly }): Mount => {
      const name = volumeName(source, request);
      return { type: name.startsWith('/') ? 'bind' : 'volume', source: name, target, readOnly };
    });
    return { part: { mounts }, reason: 'containers.volumes of the configuration' };
  },
};
