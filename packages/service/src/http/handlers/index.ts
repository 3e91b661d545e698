/** All handlers, one for each of the contract's operations. */
import type { Handlers } from '../operation.ts';
import { adminHandlers, type AdminParts } from './admin.ts';
import { healthHandlers, type HealthParts } from './health.ts';
import { serverHandlers, type ServerParts } from './servers.ts';

export type HandlerParts = ServerParts & AdminParts & HealthParts;

export function createHandlers(parts: HandlerParts): Handlers {
  return { ...serverHandlers(parts), ...adminHandlers(parts), ...healthHandlers(parts) };
}
