import { expect, test } from '@jest/globals';
import { Entry } from './entry.ts';
import { LdapFault } from './ldap-fault.ts';
import { refusalOfBind, refusalOfState, refused } from './refusals.ts';
import { refusedWith } from './testing/ldap-server.ts';

test.each([
  ['525', 'credentials-wrong'],
  ['52e', 'credentials-wrong'],
  ['52E', 'credentials-wrong'],
  ['530', 'logon-hours'],
  ['531', 'logon-workstation'],
  ['532', 'password-expired'],
  ['533', 'account-disabled'],
  ['701', 'account-expired'],
  ['773', 'password-must-change'],
  ['775', 'account-locked'],
  ['57', 'credentials-wrong'],
])('a bind refused with data %s is %s', (data, code) => {
  expect(refusalOfBind(new LdapFault('result', '', { resultCode: 49, diagnostic: refusedWith(data) }))).toBe(code);
});

test('a bind refused without a reason is a wrong password', () => {
  expect(refusalOfBind(new LdapFault('result', '', { resultCode: 49 }))).toBe('credentials-wrong');
});

test('an unknown name and a wrong password read the same', () => {
  const texts = ['525', '52e'].map(
    (data) =>
      refused(refusalOfBind(new LdapFault('result', '', { resultCode: 49, diagnostic: refusedWith(data) })), {})
        .message,
  );
  expect(texts[0]).toBe(texts[1]);
});

test('a site writes its own sentences', () => {
  expect(refused('account-locked', { 'account-locked': 'Call 1234.' }).message).toBe('Call 1234.');
});

const now = new Date('2026-11-23T12:00:00Z');
/** In FILETIME. */
const hourAgo = '134399052000000000';
const inAnHour = '134399124000000000';

test.each([
  ['in order', {}, undefined],
  ['disabled', { userAccountControl: '514' }, 'account-disabled'],
  ['of a workstation', { userAccountControl: '4096' }, 'account-disabled'],
  ['of a trusted domain', { userAccountControl: '2048' }, 'account-disabled'],
  ['of a domain controller', { userAccountControl: '532480' }, 'account-disabled'],
  ['whose state is hidden', { userAccountControl: [] as string[] }, 'account-disabled'],
  ['whose state is no number', { userAccountControl: '0x200' }, 'account-disabled'],
  ['locked', { 'msDS-User-Account-Control-Computed': '16' }, 'account-locked'],
  ['with the lockout bit in userAccountControl, which AD never sets there', { userAccountControl: '528' }, undefined],
  ['whose password has expired', { 'msDS-User-Account-Control-Computed': '8388608' }, 'password-expired'],
  ['that never expires, written as 0', { accountExpires: '0' }, undefined],
  ['that never expires, written as the largest number', { accountExpires: '9223372036854775807' }, undefined],
  ['that expired an hour ago', { accountExpires: hourAgo }, 'account-expired'],
  ['that expires in an hour', { accountExpires: inAnHour }, undefined],
  ['whose password must be changed', { pwdLastSet: '0' }, 'password-must-change'],
  [
    'whose password must be changed, which AD shows as expired too',
    { pwdLastSet: '0', 'msDS-User-Account-Control-Computed': '8388608' },
    'password-must-change',
  ],
  ['whose password never expires', { pwdLastSet: '0', userAccountControl: '66048' }, undefined],
])('an account %s', (_, attributes, code) => {
  const entry = new Entry({
    dn: 'CN=user1',
    userAccountControl: '512',
    accountExpires: '0',
    pwdLastSet: '1',
    ...attributes,
  });
  expect(refusalOfState(entry, now)).toBe(code);
});
