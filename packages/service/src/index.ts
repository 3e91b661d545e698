/**
 * Berth's REST service.
 *
 * @module
 * @example
 * const service = await serve({ state: '/var/lib/berth', runtime: '/run/berth' });
 * console.log(service.addresses);
 * await service.close();
 */
export { ConfigurationError, loadConfiguration, type Configuration, type Fault } from './configuration/index.ts';
export { ListenerError } from './listeners/listener-error.ts';
export { serve, type ServeOptions, type ServeOverrides, type Service } from './serve.ts';
