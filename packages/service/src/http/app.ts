/** The express app: each request is routed, authenticated, authorised, read, validated, handled and answered, in this order. */
import type { OperationId } from '@berth/contract';
import express, { type Express, type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import { randomUUID } from 'node:crypto';
import type { Caller, TokenRing } from '../tokens/index.ts';
import { authorise, bearerToken, permissions } from './authorisation.ts';
import { limitLeftover, readBody } from './body.ts';
import type { Contract } from './contract.ts';
import { docsPage } from './docs-page.ts';
import type { Metrics } from './metrics.ts';
import type { AnyReply, Handlers } from './operation.ts';
import { ProblemError, toProblem } from './problem.ts';
import { logRequest, requestIdFrom, type Log, type RequestTrail } from './request-log.ts';

export interface AppParts {
  readonly contract: Contract;
  readonly handlers: Handlers;
  readonly tokens: Pick<TokenRing, 'identify'>;
  readonly metrics: Pick<Metrics, 'request'>;
  readonly log: Log;
}

type Trails = WeakMap<Request, RequestTrail>;

export function createApp(parts: AppParts): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.set('query parser', 'simple');
  app.set('case sensitive routing', true);
  app.set('strict routing', true);
  const trails: Trails = new WeakMap();
  app.use(beginTrail(parts, trails));
  app.use('/docs', docsPage());
  app.use(operations(parts, trails));
  app.use(problems(parts.log, trails));
  return app;
}

const securityHeaders = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

function beginTrail({ log, metrics }: AppParts, trails: Trails): RequestHandler {
  return (request, response, next) => {
    const begun = performance.now();
    const trail: RequestTrail = {
      requestId: requestIdFrom(request.get('x-request-id'), randomUUID),
      method: request.method,
    };
    trails.set(request, trail);
    response.set('x-request-id', trail.requestId).set(securityHeaders);
    limitLeftover(request, response);
    response.once('close', () => {
      const ms = performance.now() - begun;
      const status = response.headersSent ? response.statusCode : 499;
      logRequest(log, trail, status, ms);
      metrics.request(trail.operationId, status, ms / 1000);
    });
    next();
  };
}

function operations({ contract, handlers, tokens }: AppParts, trails: Trails): RequestHandler {
  async function run(request: Request, response: Response): Promise<void> {
    const trail = trails.get(request);
    const route = contract.route(request.method === 'HEAD' ? 'GET' : request.method, request.path);
    if (trail !== undefined) trail.operationId = route.operationId;
    const caller = await authenticate(tokens, request, route.operationId);
    if (trail !== undefined && permissions[route.operationId] !== 'anyone') trail.caller = caller;
    authorise(caller, route.operationId);
    if (route.takesBody) await readBody(request, response);
    const { path, query } = contract.validate(route, {
      method: request.method === 'HEAD' ? 'GET' : request.method,
      path: request.path,
      query: { ...request.query } as Record<string, string | string[]>,
      headers: request.headers as Record<string, string | string[]>,
      body: request.body,
    });
    if (trail !== undefined && typeof path['key'] === 'string') trail.key = path['key'];
    const lastEventId = /^\d{1,15}$/.test(request.get('last-event-id') ?? '')
      ? Number(request.get('last-event-id'))
      : undefined;
    const signal = abortedWith(response);
    const handle = handlers[route.operationId] as unknown as (request: object) => AnyReply | Promise<AnyReply>;
    send(request, response, await handle({ caller, path, query, body: request.body, lastEventId, signal }));
  }

  // Express 5 hands what a promise rejects with to the error handler.
  return run;
}

async function authenticate(
  tokens: Pick<TokenRing, 'identify'>,
  request: Request,
  operationId: OperationId,
): Promise<Caller> {
  if (permissions[operationId] === 'anyone') return { role: 'viewer' };
  const token = bearerToken(request.get('authorization'));
  if (token === undefined)
    throw new ProblemError('token-missing', 'The request has no Authorization: Bearer header.', {
      headers: { 'www-authenticate': 'Bearer' },
    });
  const caller = await tokens.identify(token);
  if (caller === undefined)
    throw new ProblemError('token-invalid', 'This service knows no such token.', {
      headers: { 'www-authenticate': 'Bearer error="invalid_token"' },
    });
  return caller;
}

function abortedWith(response: Response): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) controller.abort(new Error('the caller went away'));
  });
  return controller.signal;
}

function send(request: Request, response: Response, reply: AnyReply): void {
  if (response.destroyed) return;
  if ('json' in reply) response.status(reply.status).json(reply.json);
  else if ('text' in reply) response.status(reply.status).set('content-type', reply.contentType).send(reply.text);
  else {
    response.writeHead(reply.status, { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
    response.flushHeaders();
    if (request.method === 'HEAD') response.end();
    else reply.stream(response);
  }
}

function problems(log: Log, trails: Trails) {
  return (thrown: unknown, request: Request, response: Response, _next: NextFunction): void => {
    const trail = trails.get(request);
    const requestId = trail?.requestId ?? randomUUID();
    const { problem, headers, ours } = toProblem(thrown, requestId);
    if (trail !== undefined) trail.code = problem.code;
    if (ours && !response.destroyed) log.error({ requestId, err: thrown }, 'a request failed by a mistake in Berth');
    if (response.headersSent) {
      response.destroy();
      return;
    }
    response.status(problem.status).set(headers);
    response.set('content-type', 'application/problem+json').send(JSON.stringify(problem));
  };
}
