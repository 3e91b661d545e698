/** Routing and validation by the contract itself, through openapi-backend. */
import { document, type OperationId, type Problem } from '@berth/contract';
import addFormats from 'ajv-formats';
import { OpenAPIBackend, type Document, type Operation } from 'openapi-backend';
import { ProblemError } from './problem.ts';

export interface Route {
  readonly operationId: OperationId;
  readonly takesBody: boolean;
  readonly operation: Operation;
}

export interface IncomingRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: Record<string, string | string[]>;
  readonly headers: Record<string, string | string[]>;
  readonly body: unknown;
}

export interface ValidParts {
  readonly path: Record<string, unknown>;
  readonly query: Record<string, unknown>;
}

export interface Contract {
  /** Throws `not-found`, `method-not-allowed`. */
  route(method: string, path: string): Route;
  /** Path and query in the contract's types. Throws `request-invalid` with each place that is wrong. */
  validate(route: Route, request: IncomingRequest): ValidParts;
  /** What a response has that the contract doesn't, or lacks; undefined where it fits. For tests. */
  responseFaults(operationId: OperationId, status: number, body: unknown): string | undefined;
  /** Likewise for the data of one event of a stream. */
  eventFaults(data: unknown): string | undefined;
}

type ValidationContext = Parameters<OpenAPIBackend['validator']['getAjv']>[0];
interface EventResponse {
  readonly content: { readonly 'text/event-stream': { readonly schema: object } };
}

export async function openContract(): Promise<Contract> {
  const api = new OpenAPIBackend({
    definition: document as unknown as Document,
    quick: true,
    coerceTypes: true,
    ignoreTrailingSlashes: false,
    ajvOpts: { allErrors: true, strict: false },
    customizeAjv: (ajv) => addFormats.default(ajv, ['date-time', 'uri']),
  });
  await api.init();
  api.validator.preCompileRequestValidators();

  const methodsAt = (path: string) =>
    ['get', 'put', 'post', 'delete'].filter(
      (method) => api.matchOperation({ method, path, headers: {} }) !== undefined,
    );

  return {
    route(method, path) {
      if (!isWellEncoded(path)) throw new ProblemError('not-found', 'The path has a % that stands for nothing.');
      const asked = method.toLowerCase();
      const operation = api.matchOperation({ method: asked, path, headers: {} });
      const operationId = operation?.operationId;
      if (operation !== undefined && operationId !== undefined)
        return {
          operation,
          operationId: operationId as OperationId,
          takesBody: operation.requestBody !== undefined,
        };
      const methods = methodsAt(path).map((name) => name.toUpperCase());
      if (methods.length === 0) throw new ProblemError('not-found', 'Nothing is served at this path.');
      throw new ProblemError('method-not-allowed', `This path takes ${methods.join(', ')}.`, {
        headers: { allow: methods.join(', ') },
      });
    },
    validate(route, { method, path, query, headers, body }) {
      const { errors, coerced } = api.validateRequest(
        { method, path, query, headers, ...(route.takesBody ? { body } : {}) },
        route.operation,
      );
      const wrong = (errors ?? []).map(({ instancePath, message, params, keyword }) => ({
        path: instancePath.replace(/^\/requestBody(?=\/|$)/, '/body'),
        message: faultMessage(instancePath, keyword, message, params),
      }));
      // Only what fits the contract is searched: it is a few levels deep, where any other body may be half a million.
      if (route.takesBody && wrong.length === 0) wrong.push(...brokenText(body, '/body'));
      if (wrong.length > 0) {
        const places = wrong.slice(0, 20);
        const detail = places.map((place) => `${place.path || '/'} ${place.message}`).join('; ');
        throw new ProblemError('request-invalid', detail, { errors: places as NonNullable<Problem['errors']> });
      }
      return { path: coerced?.params ?? {}, query: (coerced?.query ?? {}) as Record<string, unknown> };
    },
    eventFaults(data) {
      // openapi-backend validates JSON responses only; the schema and its validator are all the same at hand.
      const response = api.getOperation('streamEvents')?.responses?.['200'] as unknown as EventResponse;
      const { schema } = response.content['text/event-stream'];
      const check = api.validator.getAjv('responseValidator' as ValidationContext).compile(schema);
      return check(data) ? undefined : JSON.stringify(check.errors);
    },
    responseFaults(operationId, status, body) {
      const known = api.getOperation(operationId)?.responses;
      if (known === undefined || !(status in known)) return `status ${status} isn't in the contract`;
      const { errors } = api.validateResponse(body, operationId, status);
      return errors === null || errors === undefined || errors.length === 0 ? undefined : JSON.stringify(errors);
    },
  };
}

function faultMessage(instancePath: string, keyword: string, message: string | undefined, params: unknown): string {
  if (instancePath === '' && keyword === 'required') return 'the body is missing';
  const { additionalProperty, allowedValues } = params as { additionalProperty?: string; allowedValues?: string[] };
  if (keyword === 'additionalProperties' && additionalProperty !== undefined)
    return `has ${JSON.stringify(additionalProperty.slice(0, 128))}, which isn't in the contract`;
  if (keyword === 'enum' && allowedValues !== undefined) return `must be one of ${allowedValues.join(', ')}`;
  return message ?? 'is wrong';
}

function isWellEncoded(path: string): boolean {
  try {
    return decodeURIComponent(path).isWellFormed();
  } catch {
    return false;
  }
}

/** JSON may hold halves of surrogate pairs; they have no UTF-8 form, and two such names would look alike when hashed. */
function* brokenText(value: unknown, path: string): Generator<{ path: string; message: string }> {
  if (typeof value === 'string') {
    if (!value.isWellFormed()) yield { path, message: 'holds half a surrogate pair' };
  } else if (typeof value === 'object' && value !== null)
    for (const [key, inner] of Object.entries(value)) yield* brokenText(inner, `${path}/${key.toWellFormed()}`);
}
