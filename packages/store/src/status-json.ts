/** A server's status, exit and failure as JSON text: the union as it is, dates in milliseconds. */
import type { ServerExit, ServerFailure, ServerStatus, SpawnErrorCode, StateName } from '@berth/spawner';
import { date, fields, flag, integer, millis, oneOf, optional, text } from './field-reader.ts';
import type { Fields } from './field-reader.ts';

const states: Readonly<Record<StateName, true>> = {
  starting: true,
  running: true,
  stopping: true,
  exited: true,
  failed: true,
  stopped: true,
};

const failureCodes: Readonly<Record<SpawnErrorCode, true>> = {
  'server-not-found': true,
  'key-mismatch': true,
  'generation-superseded': true,
  'image-not-allowed': true,
  'command-not-allowed': true,
  'environment-not-allowed': true,
  'limits-exceeded': true,
  'hub-url-mismatch': true,
  'login-required': true,
  'directory-unreachable': true,
  'account-unknown': true,
  'account-unsafe': true,
  'uid-collision': true,
  'uid-unmapped': true,
  'home-unsafe': true,
  'name-service-failed': true,
  'name-invalid': true,
  'ticket-refused': true,
  'kdc-unreachable': true,
  'ticket-missing': true,
  'ticket-ended': true,
  'ticket-unsafe': true,
  'cache-unsupported': true,
  'ticket-failed': true,
  draining: true,
  'not-ready': true,
  'shutting-down': true,
  'docker-unreachable': true,
  'docker-timeout': true,
  'docker-refused': true,
  'image-not-found': true,
  'image-pull-failed': true,
  'image-runs-as-root': true,
  'name-taken': true,
  'exited-in-start': true,
  'start-timeout': true,
  'start-interrupted': true,
  'start-cancelled': true,
  'disk-full': true,
  'store-failed': true,
  internal: true,
};

export function statusToJson(status: ServerStatus): string {
  return JSON.stringify(plainStatus(status));
}

function plainStatus(status: ServerStatus): object {
  switch (status.state) {
    case 'starting':
      return { ...status, since: millis(status.since), deadline: millis(status.deadline) };
    case 'running':
    case 'stopping':
    case 'stopped':
      return { ...status, since: millis(status.since) };
    case 'exited':
      return { ...status, exit: plainExit(status.exit) };
    case 'failed':
      return { ...status, since: millis(status.since), failure: plainFailure(status.failure) };
  }
}

/** When the server came into this state. */
export function statusSince(status: ServerStatus): Date {
  return status.state === 'exited' ? status.exit.at : status.since;
}

/** Throws Unreadable. */
export function statusFrom(value: Fields): ServerStatus {
  const state = oneOf(value, 'state', states);
  switch (state) {
    case 'starting':
      return { state, since: date(value, 'since'), deadline: date(value, 'deadline'), step: text(value, 'step') };
    case 'running':
      return { state, since: date(value, 'since'), url: text(value, 'url') };
    case 'stopping':
    case 'stopped':
      return { state, since: date(value, 'since') };
    case 'exited':
      return { state, exit: exitFrom(fields(value['exit'], 'exit')) };
    case 'failed':
      return { state, since: date(value, 'since'), failure: failureFrom(fields(value['failure'], 'failure')) };
  }
}

export function exitToJson(exit: ServerExit): string {
  return JSON.stringify(plainExit(exit));
}

function plainExit(exit: ServerExit): object {
  return { ...exit, at: millis(exit.at) };
}

/** Throws Unreadable. */
export function exitFrom(value: Fields): ServerExit {
  return {
    at: date(value, 'at'),
    code: value['code'] === null ? null : integer(value, 'code'),
    oomKilled: flag(value, 'oomKilled'),
    reason: text(value, 'reason'),
  };
}

export function failureToJson(failure: ServerFailure): string {
  return JSON.stringify(plainFailure(failure));
}

function plainFailure(failure: ServerFailure): object {
  return failure.exit === undefined ? failure : { ...failure, exit: plainExit(failure.exit) };
}

/** Throws Unreadable. */
export function failureFrom(value: Fields): ServerFailure {
  return {
    code: oneOf(value, 'code', failureCodes),
    step: text(value, 'step'),
    message: text(value, 'message'),
    retryable: flag(value, 'retryable'),
    ...optional((from, name) => exitFrom(fields(from[name], name)), value, 'exit', 'exit'),
  };
}
