import { expect, test } from '@jest/globals';
import { plainAddress, trustedProxies } from './client-address.ts';

const behindProxies = trustedProxies(['10.0.0.0/8', '2001:db8::/32', '192.0.2.1']);

test.each<[string, string | undefined, string[], string | undefined]>([
  ['a person directly', '203.0.113.7', [], '203.0.113.7'],
  ['a person behind one proxy', '10.1.1.1', ['203.0.113.7'], '203.0.113.7'],
  ['a person behind two proxies', '10.1.1.1', ['203.0.113.7', '192.0.2.1'], '203.0.113.7'],
  ['what a person claims in front of the proxy', '10.1.1.1', ['1.2.3.4', '203.0.113.7'], '203.0.113.7'],
  ['a claim to be a trusted proxy', '203.0.113.7', ['10.9.9.9'], '203.0.113.7'],
  ["a person behind the hub's own proxy", '127.0.0.1', ['203.0.113.7'], '203.0.113.7'],
  ["a person behind another proxy and the hub's own", '::1', ['1.2.3.4', '203.0.113.7', '10.1.1.1'], '203.0.113.7'],
  ['nothing but proxies', '10.1.1.1', ['10.2.2.2'], '10.2.2.2'],
  ['junk behind a proxy', '10.1.1.1', ['203.0.113.7', 'unknown'], '10.1.1.1'],
  ['an IPv6 person behind an IPv6 proxy', '2001:db8::1', ['2001:4860::7'], '2001:4860::7'],
  ['IPv4 written as IPv6', '::ffff:10.1.1.1', ['::ffff:203.0.113.7'], '203.0.113.7'],
  ['nobody', undefined, [], undefined],
])('the address of %s', (_, remote, forwarded, address) => {
  expect(behindProxies.addressOf(remote, forwarded)).toBe(address);
});

test('where no proxies are declared nobody can be told from a proxy', () => {
  expect(trustedProxies(undefined).addressOf('203.0.113.7', [])).toBeUndefined();
  expect(trustedProxies([]).addressOf('203.0.113.7', ['1.2.3.4'])).toBe('203.0.113.7');
  expect(trustedProxies([]).addressOf('127.0.0.1', ['1.2.3.4', '203.0.113.7'])).toBe('203.0.113.7');
});

test("the hub's own proxy comes by any address of the host, as its hub listens where containers reach it", () => {
  const own = trustedProxies([], () => ['172.17.0.1', '198.51.100.9']);
  expect(own.addressOf('198.51.100.9', ['203.0.113.7'])).toBe('203.0.113.7');
  expect(own.addressOf('172.17.0.1', ['1.2.3.4', '203.0.113.7', '10.1.1.1'])).toBe('10.1.1.1');
  // A container is none of the host's.
  expect(own.addressOf('172.17.0.2', ['1.2.3.4'])).toBe('172.17.0.2');
});

test.each([
  ['fe80::1%eth0', 'fe80::1'],
  [' 203.0.113.7 ', '203.0.113.7'],
  ['2001:DB8::1', '2001:db8::1'],
  ['203.0.113.7:443', undefined],
  ['', undefined],
])('%j is the address %s', (text, address) => {
  expect(plainAddress(text)).toBe(address);
});
