/** From whatever was thrown to the problem details that a caller reads (RFC 9457). Total: nothing gets past it. */
import { problems, type Problem, type ProblemCode } from '@berth/contract';
import { DirectoryError, LoginRefused } from '@berth/ad-authenticator';
import { IdentityError } from '@berth/identity';
import { TicketError } from '@berth/krb5-ccache';
import { SpawnError, StoreError, type SpawnErrorCode, type StoreErrorCode } from '@berth/spawner';
import { UserError, type UserErrorCode } from '../login/users.ts';

/** A refusal by the HTTP layer itself. */
export class ProblemError extends Error {
  readonly code: ProblemCode;
  readonly errors: Problem['errors'];
  /** Headers that go with the answer. */
  readonly headers: Readonly<Record<string, string>>;
  constructor(
    code: ProblemCode,
    detail: string,
    options?: { errors?: NonNullable<Problem['errors']>; headers?: Readonly<Record<string, string>> },
  ) {
    super(detail);
    this.name = 'ProblemError';
    this.code = code;
    this.errors = options?.errors;
    this.headers = options?.headers ?? {};
  }
}

export interface Answer {
  readonly problem: Problem;
  readonly headers: Readonly<Record<string, string>>;
  /** True where Berth itself is at fault and the log should hold the stack. */
  readonly ours: boolean;
}

/** A server that doesn't exist, or that the caller may not know of: the same words for both. */
export function serverNotFound(key: string): ProblemError {
  return new ProblemError('server-not-found', `No server has the key ${key}.`);
}

/** Never throws. `instance` is the request id. */
export function toProblem(thrown: unknown, instance: string): Answer {
  if (thrown instanceof ProblemError)
    return answer(thrown.code, thrown.message, instance, {
      headers: thrown.headers,
      ...(thrown.errors === undefined ? {} : { errors: thrown.errors }),
    });
  if (thrown instanceof SpawnError)
    return answer(
      ofSpawner(thrown.code),
      thrown.message,
      instance,
      thrown.current === undefined ? {} : { current: thrown.current },
    );
  if (thrown instanceof UserError) {
    const { retryAfterSeconds } = thrown;
    const headers = retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) };
    return answer(ofLogin(thrown.code), thrown.message, instance, { headers });
  }
  if (
    thrown instanceof LoginRefused ||
    thrown instanceof DirectoryError ||
    thrown instanceof IdentityError ||
    thrown instanceof TicketError
  )
    return answer(ofLogin(thrown.code), thrown.message, instance, {});
  if (thrown instanceof StoreError) return answer(ofStore[thrown.code], thrown.message, instance, {});
  const parsing = ofBodyParser(thrown);
  if (parsing !== undefined) return answer(parsing.code, parsing.detail, instance, {});
  return answer('internal', `Look for request ${instance} in the service's log.`, instance, {});
}

function answer(
  code: ProblemCode,
  detail: string,
  instance: string,
  extra: { errors?: NonNullable<Problem['errors']>; current?: number; headers?: Readonly<Record<string, string>> },
): Answer {
  const { headers = {}, ...members } = extra;
  const { status, title } = problems[code];
  const problem = { type: `urn:berth:problem:${code}`, title, status, code, detail, instance, ...members };
  return { problem, headers, ours: code === 'internal' };
}

/** The spawner's codes are the contract's: a code that the catalogue lacks doesn't compile. */
function ofSpawner(code: SpawnErrorCode): ProblemCode {
  return code;
}

/** Likewise for all that concerns who a user is. */
function ofLogin(code: LoginCode): ProblemCode {
  return code;
}

type LoginCode =
  UserErrorCode | LoginRefused['code'] | DirectoryError['code'] | IdentityError['code'] | TicketError['code'];

const ofStore: Readonly<Record<StoreErrorCode, ProblemCode>> = {
  'bad-cursor': 'request-invalid',
  'disk-full': 'disk-full',
  failed: 'store-failed',
  'in-use': 'store-failed',
  damaged: 'store-failed',
  'newer-version': 'store-failed',
  unreadable: 'store-failed',
};

/** body-parser's errors carry a `type`; see its README under Errors. Their messages may quote the body, so they aren't repeated. */
function ofBodyParser(thrown: unknown): { code: ProblemCode; detail: string } | undefined {
  const type = typeof thrown === 'object' && thrown !== null && 'type' in thrown ? thrown.type : undefined;
  switch (type) {
    case 'entity.parse.failed':
      return { code: 'request-invalid', detail: 'The body is not JSON, or neither an object nor a list.' };
    case 'entity.too.large':
      return { code: 'body-too-large', detail: 'The body is larger than 1 MiB.' };
    case 'encoding.unsupported':
      return { code: 'media-type-unsupported', detail: 'The body is compressed; send it as it is.' };
    case 'charset.unsupported':
      return { code: 'media-type-unsupported', detail: 'The body is not in UTF-8.' };
    case 'request.aborted':
    case 'request.size.invalid':
      return { code: 'request-invalid', detail: 'The body ended early.' };
    default:
      return undefined;
  }
}
