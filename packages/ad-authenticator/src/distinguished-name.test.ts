import { expect, test } from '@jest/globals';
import { distinguishedNameKey } from './distinguished-name.ts';

test.each([
  ['CN=a b,DC=x', 'cn=A B , dc=X'],
  ['CN=risk\\20analysts,DC=x', 'CN=risk analysts,DC=x'],
  ['CN=a\\2Cb,DC=x', 'CN=a\\,b,DC=x'],
  ['CN=\\D0\\B1\\D1\\83,DC=x', 'CN=бу,DC=x'],
  ['CN=a\\ ,DC=x', 'CN=a\\20,DC=x'],
  ['CN=a\\5Cb,DC=x', 'CN=a\\\\b,DC=x'],
])('%s and %s are one DN', (one, other) => {
  expect(distinguishedNameKey(one)).toBeDefined();
  expect(distinguishedNameKey(one)).toBe(distinguishedNameKey(other));
});

test.each([
  ['CN=a,CN=b,DC=x', 'CN=a\\,CN=b,DC=x'],
  ['CN=a,DC=x', 'CN=a,DC=y'],
  ['CN=a\\ ,DC=x', 'CN=a,DC=x'],
])('%s and %s are two', (one, other) => {
  expect(distinguishedNameKey(one)).not.toBe(distinguishedNameKey(other));
});

test.each(['', 'risk analysts', 'BANK\\risk', 'CN', 'a=b,c', '=x', 'S-1-5-32-544'])('%j is no DN', (text) => {
  expect(distinguishedNameKey(text)).toBeUndefined();
});
