import { expect, test } from '@jest/globals';
import { kinitError } from './kinit-answer.ts';

// What kinit 1.20.1 wrote on its two outputs, word for word.
const ask = 'Password for user1@R.TEST: \n';
test.each([
  [`${ask}kinit: Password incorrect while getting initial credentials`, 'ticket-refused', 'refused the password'],
  ['kinit: Preauthentication failed while getting initial credentials', 'ticket-refused', 'refused the password'],
  [
    "kinit: Client 'user1@R.TEST' not found in Kerberos database while getting initial credentials",
    'ticket-refused',
    'knows no user1@R.TEST',
  ],
  [
    "kinit: Client's credentials have been revoked while getting initial credentials",
    'ticket-refused',
    'disabled or locked',
  ],
  ["kinit: Client's entry in database has expired while getting initial credentials", 'ticket-refused', 'has expired'],
  ['kinit: Clock skew too great while getting initial credentials', 'ticket-refused', 'clock'],
  ["kinit: Cannot contact any KDC for realm 'R.TEST' while getting initial credentials", 'kdc-unreachable', 'No KDC'],
  ['kinit: Cannot find KDC for realm "R.TEST" while getting initial credentials', 'kdc-unreachable', 'No KDC'],
  [
    `${ask}Password expired.  You must change it now.\nEnter new password: \nkinit: Cannot read password while getting initial credentials`,
    'ticket-refused',
    'must be changed',
  ],
  [
    'kinit: Pre-authentication failed: Cannot read password while getting initial credentials',
    'ticket-refused',
    'asked for more',
  ],
  [
    "kinit: Pre-authentication failed: Key table file '/k/u.keytab' not found while getting initial credentials",
    'ticket-refused',
    'keytab',
  ],
  [
    'kinit: Keytab contains no suitable keys for user1@R.TEST while getting initial credentials',
    'ticket-refused',
    'keytab',
  ],
  ['kinit: KDC policy rejects request while getting initial credentials', 'ticket-refused', 'policy'],
  ['kinit: Ticket expired while renewing credentials', 'ticket-ended', 'new login'],
  ["kinit: KDC can't fulfill requested option while renewing credentials", 'ticket-refused', 'not renewable'],
  [
    'kinit: KDC has no support for encryption type while getting initial credentials',
    'ticket-refused',
    'encryption type',
  ],
  [
    'kinit: Improper format of Kerberos configuration file while initializing Kerberos 5 library',
    'ticket-failed',
    'syntax',
  ],
])('%j is %s: %s', (said, code, words) => {
  const error = kinitError(said, 'user1@R.TEST', 'geheim');
  expect([error.code, error.message]).toEqual([code, expect.stringContaining(words)]);
  expect(error.message).not.toContain('{who}');
});

test('a principal of dollar signs is shown as it is', () => {
  expect(kinitError('Password incorrect', "$&$'@R.TEST", undefined).message).toContain("$&$'@R.TEST");
});

test('a kinit that says nothing has no reason that could be shown', () => {
  expect(kinitError('', 'user1@R.TEST', undefined).message).toBe(
    'kinit failed for user1@R.TEST: without a reason that can be shown.',
  );
});
