import type { Facet } from './facet.ts';

/** The hub's environment; the site's own is a facet of its own, so that a clash between the two is an error. */
export const hubEnvironmentFacet: Facet = {
  name: 'hub environment',
  compose: ({ request }) => ({
    part: { environment: request.environment },
    reason: 'as the hub gave it, after the checks of choices.ts',
  }),
};

export const siteEnvironmentFacet: Facet = {
  name: 'site environment',
  compose: ({ settings }) => ({
    part: { environment: settings.containers.environment },
    reason: 'containers.environment of the configuration',
  }),
};
