import { writeLabels } from '../labels.ts';
import type { Facet } from './facet.ts';

/** The container's name and its signed labels. */
export const labelsFacet: Facet = {
  name: 'labels',
  compose: ({ server, containerName, settings }) => ({
    part: { name: containerName, labels: writeLabels(server, containerName, settings) },
    reason: 'what a lost database is rebuilt from',
  }),
};
