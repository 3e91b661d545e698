/**
 * Docker as Berth's container engine.
 *
 * @module
 * @example
 * const engine = createDockerEngine({ socketPath: '/var/run/docker.sock', callSeconds: 10 });
 * const { containers } = await engine.list('berth.instance=main', AbortSignal.timeout(5_000));
 */
export { createDockerEngine, DockerEngine, type DockerEngineOptions } from './docker-engine.ts';
export { NEWEST_API, OLDEST_API, type ApiVersion } from './api-version.ts';
