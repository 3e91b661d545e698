/**
 * Errors of dockerode, and of the socket below it, as EngineErrors.
 *
 * Docker tells most of its errors apart by their sentence only; the sentences looked for here are those of moby's
 * daemon/errors.go, daemon/names.go and image store, the same from 20.10 to 29.
 */
import { EngineError, type EngineErrorCode } from '@berth/spawner';
import { plainText } from './plain-text.ts';

/** What a call is about: a 404 means something else for each. */
export type CallSubject = 'engine' | 'container' | 'create' | 'image' | 'network';

const MESSAGE_LENGTH = 500;

const UNREACHABLE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there',
  ENOENT: 'the socket does not exist',
  EACCES: 'this account may not use the socket',
  EPERM: 'this account may not use the socket',
  EPIPE: 'the connection broke',
  ECONNRESET: 'the connection broke',
  ECONNABORTED: 'the connection broke',
  ERR_STREAM_PREMATURE_CLOSE: 'the connection broke',
};

/** The same error for the engine's callers. An EngineError is returned as it is. */
export function toEngineError(error: unknown, subject: CallSubject, socketPath: string): EngineError {
  if (error instanceof EngineError) return error;
  const status = statusOf(error);
  if (status !== undefined) return answered(status, answerOf(error), subject, error);
  const { code, message } = error as { code?: unknown; message?: unknown };
  const why = typeof code === 'string' ? UNREACHABLE[code] : undefined;
  if (why !== undefined)
    return new EngineError('unreachable', `Docker can't be reached at ${socketPath}: ${why} (${String(code)})`, {
      cause: error,
    });
  const text = plainText(String(message ?? error), MESSAGE_LENGTH);
  return new EngineError('refused', `Docker's answer can't be read: ${text}`, { cause: error });
}

/** The HTTP status that Docker answered with, where it did. */
export function statusOf(error: unknown): number | undefined {
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === 'number' ? status : undefined;
}

/** What Docker says in a pull's stream, or as the answer to one. */
export function pullError(message: string, status?: number, cause?: unknown): EngineError {
  const text = plainText(message, MESSAGE_LENGTH);
  let code: EngineErrorCode = 'image-pull-failed';
  if (/no space left on device/i.test(text)) code = 'disk-full';
  else if (
    status === 404 ||
    /not found|does not exist|manifest unknown|access (to the resource is )?denied/i.test(text)
  )
    code = 'image-not-found';
  return new EngineError(code, text, { status, cause });
}

function answered(status: number, message: string, subject: CallSubject, cause: unknown): EngineError {
  const text = plainText(message, MESSAGE_LENGTH) || `Docker answered with status ${status}`;
  return new EngineError(codeOf(status, text, subject), text, { status, cause });
}

function codeOf(status: number, text: string, subject: CallSubject): EngineErrorCode {
  if (/no space left on device/i.test(text)) return 'disk-full';
  // A start whose network is gone is a 404 too, and so is a page that this engine doesn't have.
  if (status === 404 && subject === 'container' && /no such container/i.test(text)) return 'not-found';
  if (status === 404 && (subject === 'create' || subject === 'image') && /no such image/i.test(text))
    return 'image-not-found';
  if (status === 404 && subject === 'network' && /network .*not found|no such network/i.test(text)) return 'not-found';
  if (status === 409 && subject === 'create' && /is already in use/i.test(text)) return 'name-taken';
  return 'refused';
}

/** Docker's own sentence: from the body, or from dockerode's message `(HTTP code 404) reason - sentence `. */
function answerOf(error: unknown): string {
  const { json, message } = error as { json?: unknown; message?: unknown };
  const said = (json as { message?: unknown } | null | undefined)?.message;
  if (typeof said === 'string') return said;
  return String(message ?? '').replace(/^\(HTTP code \d+\) [^-]*- /, '');
}
