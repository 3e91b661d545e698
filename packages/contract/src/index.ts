/**
 * Berth's REST contract as TypeScript: the types of openapi/berth.yaml, the document itself and its catalogue of problems.
 *
 * @module
 */
import type { components, operations, paths } from './generated/openapi.ts';

export type { components, operations, paths };
export { document } from './generated/document.ts';
export { problems } from './generated/problems.ts';

/** What a request is, by its name in the contract. */
export type OperationId = keyof operations;

type Schemas = components['schemas'];

export type Server = Schemas['Server'];
export type Status = Schemas['Status'];
export type StateName = Schemas['StateName'];
export type StartRequest = Schemas['StartRequest'];
export type Progress = Schemas['Progress'];
export type Event = Schemas['Event'];
export type HistoryEntry = Schemas['HistoryEntry'];
export type Hub = Schemas['Hub'];
export type User = Schemas['User'];
export type Account = Schemas['Account'];
export type Ticket = Schemas['Ticket'];
export type Refresh = Schemas['Refresh'];
export type Explanation = Schemas['Explanation'];
export type Drain = Schemas['Drain'];
export type Backup = Schemas['Backup'];
export type Diagnosis = Schemas['Diagnosis'];
export type Readiness = Schemas['Readiness'];
export type Problem = Schemas['Problem'];
export type ProblemCode = Schemas['ProblemCode'];
