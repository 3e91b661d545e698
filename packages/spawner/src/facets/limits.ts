import type { Facet } from './facet.ts';

/** Memory, CPU, processes, open files: the configuration's, or less where the hub asked for less. */
export const limitsFacet: Facet = {
  name: 'limits',
  compose({ request, settings }) {
    const { memoryBytes, cpus, pids, openFiles, shmBytes } = settings.containers;
    const memory = request.limits?.memoryBytes ?? memoryBytes;
    const processors = request.limits?.cpus ?? cpus;
    return {
      part: {
        limits: {
          ...(memory !== undefined && { memoryBytes: memory }),
          ...(processors !== undefined && { cpus: processors }),
          pids,
          openFiles,
          ...(shmBytes !== undefined && { shmBytes }),
        },
      },
      reason: request.limits
        ? 'the hub asked for less than the configuration gives'
        : 'containers of the configuration',
    };
  },
};
