import { expect, test } from '@jest/globals';
import { EngineError } from '@berth/spawner';
import { pullError, toEngineError, type CallSubject } from './docker-errors.ts';

const answered = (status: number, message: string): unknown =>
  Object.assign(new Error(`(HTTP code ${status}) some reason - ${message} `), {
    statusCode: status,
    json: { message },
  });

test.each<[CallSubject, number, string, string]>([
  ['container', 404, 'No such container: x', 'not-found'],
  ['container', 404, 'network vanished not found', 'refused'],
  ['container', 404, 'failed to set up container networking: network vanished not found', 'refused'],
  ['container', 409, 'You cannot remove a running container x', 'refused'],
  ['container', 409, 'the name "/x" is already in use', 'refused'],
  ['container', 500, 'Bind for 127.0.0.1:20998 failed: port is already allocated', 'refused'],
  ['create', 404, 'No such image: sha256:0', 'image-not-found'],
  ['create', 409, 'Conflict. The container name "/x" is already in use by container "y".', 'name-taken'],
  ['create', 400, 'invalid mount config for type "bind"', 'refused'],
  ['create', 500, 'mkdir /var/lib/docker/overlay2/x: no space left on device', 'disk-full'],
  ['container', 500, 'write /x: No space left on device', 'disk-full'],
  ['image', 404, 'no such image: x: No such image: x', 'image-not-found'],
  ['network', 404, 'network berth not found', 'not-found'],
  ['network', 404, 'No such network: berth', 'not-found'],
  ['engine', 404, 'page not found', 'refused'],
  ['network', 404, 'page not found', 'refused'],
  ['engine', 500, 'it burns', 'refused'],
])('about a %s, status %i with "%s" is %s', (subject, status, message, code) => {
  expect(toEngineError(answered(status, message), subject, '/s')).toMatchObject({ code, status, message });
});

test.each(['ECONNREFUSED', 'ENOENT', 'EPIPE', 'ECONNRESET', 'EACCES'])('%s is unreachable', (code) => {
  const error = toEngineError(Object.assign(new Error('socket'), { code }), 'engine', '/run/d.sock');
  expect(error).toMatchObject({ code: 'unreachable', status: undefined });
  expect(error.message).toContain('/run/d.sock');
  expect(error.message).toContain(code);
});

test('a hang-up before the answer is unreachable', () => {
  const error = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
  expect(toEngineError(error, 'create', '/s').code).toBe('unreachable');
});

test("Docker's sentence is found where its body was no JSON, and cleaned and cut", () => {
  const text = Object.assign(new Error('(HTTP code 500) server error - plain words '), { statusCode: 500, json: null });
  expect(toEngineError(text, 'engine', '/s').message).toBe('plain words');
  expect(toEngineError(answered(500, `\x1b[31mred\x1b[0m\n${'x'.repeat(2000)}`), 'engine', '/s').message).toMatch(
    /^red x{495}…$/,
  );
  expect(toEngineError(answered(502, ''), 'engine', '/s').message).toBe('Docker answered with status 502');
});

test('an EngineError passes as it is', () => {
  const error = new EngineError('timeout', 'late');
  expect(toEngineError(error, 'engine', '/s')).toBe(error);
});

test.each([
  ["pull access denied for x, repository does not exist or may require 'docker login'", undefined, 'image-not-found'],
  ['manifest for x:1 not found: manifest unknown', undefined, 'image-not-found'],
  ['anything', 404, 'image-not-found'],
  ['failed to register layer: no space left on device', 500, 'disk-full'],
  ['dial tcp: lookup registry.test: no such host', 500, 'image-pull-failed'],
  ['net/http: TLS handshake timeout', undefined, 'image-pull-failed'],
] as const)('a pull that ends with "%s" (%p) is %s', (message, status, code) => {
  expect(pullError(message, status)).toMatchObject({ code, message });
});
