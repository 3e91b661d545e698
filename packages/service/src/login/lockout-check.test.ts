import type { LockoutPolicy } from '@berth/ad-authenticator';
import { expect, test } from '@jest/globals';
import { checkLockout } from './lockout-check.ts';

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const throttle = { attempts: 4, window: 1800, addressAttempts: 50 };

test.each<[string, LockoutPolicy | undefined, object[]]>([
  ['locks nobody', undefined, [{ level: 'ok', finding: 'The domain locks no account for wrong passwords.' }]],
  [
    'locks later than Berth stops',
    { wrongPasswords: 5, windowSeconds: 1800 },
    [
      {
        level: 'ok',
        finding: 'The domain locks an account after 5 wrong passwords within 30 minutes; Berth stops at 4.',
      },
    ],
  ],
  [
    'locks as early as Berth stops',
    { wrongPasswords: 4, windowSeconds: 60 },
    [{ level: 'warning', mend: 'Set login.throttle.attempts to 3 or less.' }],
  ],
  ['locks at once', { wrongPasswords: 1, windowSeconds: 60 }, [{ mend: 'Set login.throttle.attempts to 1 or less.' }]],
  [
    'counts for longer than Berth does',
    { wrongPasswords: 10, windowSeconds: 3600 },
    [{ level: 'warning', mend: 'Set login.throttle.window to 60m or more.' }],
  ],
])('a domain that %s', async (_, policy, findings) => {
  const found = await all(checkLockout({ lockoutPolicy: async () => policy }, throttle, new AbortController().signal));
  expect(found).toMatchObject(findings);
  expect(found).toHaveLength(findings.length);
});

test('a directory that cannot be asked is no finding here', async () => {
  const away = { lockoutPolicy: () => Promise.reject(new Error('away')) };
  expect(await all(checkLockout(away, throttle, new AbortController().signal))).toEqual([]);
});
