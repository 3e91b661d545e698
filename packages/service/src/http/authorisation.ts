/** Who may do what: one table of roles by operation, and which servers each may know of. */
import type { ServerIdentity } from '@berth/spawner';
import type { Caller, Role } from '../tokens/index.ts';
import { ProblemError } from './problem.ts';
import type { OperationId } from '@berth/contract';

/** `anyone` needs no token. Hubs see their own servers only (`maySee`), whatever the operation. */
export const permissions: Readonly<Record<OperationId, readonly Role[] | 'anyone'>> = {
  listServers: ['hub', 'viewer', 'admin'],
  getServer: ['hub', 'viewer', 'admin'],
  startServer: ['hub'],
  stopServer: ['hub', 'admin'],
  getServerLogs: ['hub', 'admin'],
  streamEvents: ['hub', 'viewer', 'admin'],
  getHub: ['hub'],
  logIn: ['hub'],
  getUser: ['hub', 'viewer', 'admin'],
  forgetUser: ['admin'],
  refreshUser: ['hub', 'admin'],
  explainUser: ['viewer', 'admin'],
  destroyTicket: ['hub', 'admin'],
  listHistory: ['hub', 'viewer', 'admin'],
  getDrain: ['viewer', 'admin'],
  setDrain: ['admin'],
  createBackup: ['admin'],
  runDoctor: ['admin'],
  getHealth: 'anyone',
  getReadiness: 'anyone',
  getMetrics: 'anyone',
  getContract: 'anyone',
};

/** Throws `role-insufficient`. */
export function authorise(caller: Caller, operationId: OperationId): void {
  const roles = permissions[operationId];
  if (roles === 'anyone' || roles.includes(caller.role)) return;
  throw new ProblemError(
    'role-insufficient',
    `This is for a token of the role ${roles.join(' or ')}; the one sent is a ${caller.role}'s.`,
  );
}

/** Whether a server exists for this caller at all. */
export function maySee(caller: Caller, server: Pick<ServerIdentity, 'hub'>): boolean {
  return caller.role !== 'hub' || caller.hub === server.hub;
}

/** `Bearer` and a token (RFC 6750); undefined where the header is missing or of another kind. */
export function bearerToken(header: string | undefined): string | undefined {
  return /^Bearer +([\x21-\x7e]+) *$/i.exec(header ?? '')?.[1];
}
