/** Any record, any entry: what the store must give back as it got it. */
import * as fc from 'fast-check';
import type { PosixAccount, UserRecord } from '@berth/identity';
import type { HistoryEntry, ServerExit, ServerFailure, ServerRecord, ServerStatus } from '@berth/spawner';

/** Quotes, NULs, line ends, right-to-left marks, emoji: all that UTF-8 can say. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', "'; DROP TABLE servers; --", '"', '\\', 'bank\\user1', 'ана', '\u202eabc', '👩‍🔬', '%_', '{"a":1}'),
);
const at = fc.date({ noInvalidDate: true });
const whole = fc.maxSafeNat();

const exit: fc.Arbitrary<ServerExit> = fc.record({
  at,
  code: fc.option(fc.integer({ min: -1, max: 255 }), { nil: null }),
  oomKilled: fc.boolean(),
  reason: text,
});

const failure: fc.Arbitrary<ServerFailure> = fc.record(
  {
    code: fc.constantFrom('internal', 'disk-full', 'start-timeout'),
    step: text,
    message: text,
    retryable: fc.boolean(),
    exit,
  },
  { requiredKeys: ['code', 'step', 'message', 'retryable'] },
);

const status: fc.Arbitrary<ServerStatus> = fc.oneof(
  fc.record({ state: fc.constant('starting' as const), since: at, deadline: at, step: text }),
  fc.record({ state: fc.constant('running' as const), since: at, url: text }),
  fc.record({ state: fc.constant('stopping' as const), since: at }),
  fc.record({ state: fc.constant('exited' as const), exit }),
  fc.record({ state: fc.constant('failed' as const), since: at, failure }),
  fc.record({ state: fc.constant('stopped' as const), since: at }),
);

const id = fc.integer({ min: 1, max: 4_294_967_294 });

const identity = { key: text, hub: text, user: text, serverName: text, generation: whole, image: text };

export const anyRecord: fc.Arbitrary<ServerRecord> = fc.record(
  {
    ...identity,
    status,
    imageId: text,
    account: fc.record({ name: text, uid: id, gid: id, principal: text }, { requiredKeys: ['name', 'uid', 'gid'] }),
    container: fc.record({ id: text, name: text }),
    port: fc.integer({ min: 1, max: 65_535 }),
    tls: fc.boolean(),
    configDigest: text,
    requestedAt: at,
    runningAt: at,
    askedAt: at,
    observedAt: at,
  },
  {
    requiredKeys: [
      'key',
      'hub',
      'user',
      'serverName',
      'generation',
      'image',
      'status',
      'port',
      'tls',
      'configDigest',
      'requestedAt',
      'askedAt',
      'observedAt',
    ],
  },
);

export const anyEntry: fc.Arbitrary<HistoryEntry> = fc.record(
  {
    ...identity,
    requestedAt: at,
    runningAt: at,
    endedAt: at,
    outcome: fc.constantFrom('stopped', 'exited', 'failed', 'vanished'),
    exit,
    failure,
    logTail: fc.array(text),
  },
  {
    requiredKeys: [
      'key',
      'hub',
      'user',
      'serverName',
      'generation',
      'image',
      'requestedAt',
      'endedAt',
      'outcome',
      'logTail',
    ],
  },
);

const account: fc.Arbitrary<PosixAccount> = fc.record(
  {
    ...{ name: text, uid: id, gid: id, groupName: text, home: text, shell: text, gecos: text },
    groups: fc.array(fc.record({ gid: id, name: text })),
  },
  { requiredKeys: ['name', 'uid', 'gid', 'home', 'shell', 'gecos', 'groups'] },
);

export const anyUser: fc.Arbitrary<UserRecord> = fc.record({
  ...{ name: text, sid: text, principal: text, sAMAccountName: text, allowedBy: text },
  displayName: fc.option(text, { nil: undefined }),
  admin: fc.boolean(),
  groups: fc.array(text),
  account: fc.option(account, { nil: undefined }),
  logins: fc.array(fc.record({ hub: text, at })),
  confirmedAt: at,
});
