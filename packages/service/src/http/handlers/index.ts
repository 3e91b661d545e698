/** All handlers, one for each of the contract's operations. */
import type { Handlers } from '../operation.ts';
import { adminHandlers, type AdminParts } from './admin.ts';
import { healthHandlers, type HealthParts } from './health.ts';
import { serverHandlers, type ServerParts } from './servers.ts';
import { userHandlers, type UserParts } from './users.ts';

export type HandlerParts = ServerParts & UserParts & AdminParts & HealthParts;

export function createHandlers(parts: HandlerParts): Handlers {
  return { ...serverHandlers(parts), ...userHandlers(parts), ...adminHandlers(parts), ...healthHandlers(parts) };
}
