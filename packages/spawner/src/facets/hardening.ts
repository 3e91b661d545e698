import type { Facet } from './facet.ts';

/** What every container gets: no new privileges, no capabilities, an init, bounded logs. */
export const hardeningFacet: Facet = {
  name: 'hardening',
  compose: ({ settings }) => ({
    part: {
      security: { noNewPrivileges: true, dropCapabilities: ['ALL'], addCapabilities: [], init: true },
      logs: { maxBytes: settings.containers.logMaxBytes, maxFiles: settings.containers.logMaxFiles },
      stopGraceSeconds: settings.containers.stopGraceSeconds,
    },
    reason: 'the same for every container',
  }),
};
