/** The contract's operations as types: what a handler is given and what it may answer. Neither can drift from openapi/berth.yaml. */
import type { OperationId, operations } from '@berth/contract';
import type { Caller } from '../tokens/index.ts';
import type { EventStream } from './event-stream.ts';

type Parameters<Id extends OperationId> = operations[Id]['parameters'];
type Responses<Id extends OperationId> = operations[Id]['responses'];
type Given<T> = [NonNullable<T>] extends [never] ? Record<never, never> : NonNullable<T>;

/** A request that has passed authentication, authorisation and validation. */
export interface OperationRequest<Id extends OperationId> {
  /** For operations that anyone may call: a viewer. */
  readonly caller: Caller;
  readonly path: Given<Parameters<Id>['path']>;
  readonly query: Given<Parameters<Id>['query']>;
  readonly body: operations[Id] extends { requestBody: { content: { 'application/json': infer Body } } }
    ? Body
    : undefined;
  /** The Last-Event-ID header, where it is an integer. */
  readonly lastEventId: number | undefined;
  /** Aborted once nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

type Content<Status, Response> = Response extends { content: { 'application/json': infer Body } }
  ? { readonly status: Status; readonly json: Body extends Record<string, never> ? object : Body }
  : Response extends { content: { 'text/plain': string } }
    ? { readonly status: Status; readonly text: string; readonly contentType: string }
    : Response extends { content: { 'text/event-stream': unknown } }
      ? { readonly status: Status; readonly stream: EventStream }
      : never;

/** An answer that the contract names; problems are thrown (problem.ts). */
export type OperationReply<Id extends OperationId> = {
  [Status in Extract<keyof Responses<Id>, number>]: Content<Status, Responses<Id>[Status]>;
}[Extract<keyof Responses<Id>, number>];

export type Handler<Id extends OperationId> = (
  request: OperationRequest<Id>,
) => OperationReply<Id> | Promise<OperationReply<Id>>;

/** One handler for each operation, none left out. */
export type Handlers = { readonly [Id in OperationId]: Handler<Id> };

/** A reply of whichever operation. */
export type AnyReply =
  | { readonly status: number; readonly json: unknown }
  | { readonly status: number; readonly text: string; readonly contentType: string }
  | { readonly status: number; readonly stream: EventStream };
