import type { Facet } from './facet.ts';

/** Where the hub's adapter expects key.pem, cert.pem and ca.pem inside the container. */
export const certificateTarget = '/run/berth/ssl';

/** The hub's internal SSL: three files of this server only, mounted read-only. */
export const certificatesFacet: Facet = {
  name: 'certificates',
  compose: ({ certificateFolder }) => ({
    part:
      certificateFolder === undefined
        ? {}
        : { mounts: [{ type: 'bind', source: certificateFolder, target: certificateTarget, readOnly: true }] },
    reason: certificateFolder === undefined ? 'the hub uses no internal SSL' : "the hub's internal SSL",
  }),
};
