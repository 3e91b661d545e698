import type { SrvRecord } from 'node:dns';
import { expect, test } from '@jest/globals';
import { LdapFault } from './ldap-fault.ts';
import { parseServer } from './server-address.ts';
import { Servers, type ServersOptions, srvOrder } from './servers.ts';

const domain = 'corp.example.test';
const srv = (name: string, priority = 0, weight = 0, port = 389): SrvRecord => ({ name, port, priority, weight });

function servers(options: Partial<ServersOptions>): Servers {
  const now = () => new Date(0);
  const resolveSrv = async () => [];
  return new Servers({ domain, site: undefined, servers: [], resolveSrv, now, random: () => 0, ...options });
}

const urls = async (list: Servers) => (await list.inOrder()).map(({ url }) => url);

test.each([
  ['ldaps://dc1.corp.example.test', { host: 'dc1.corp.example.test', port: 636, tls: 'implicit' }],
  ['ldap://DC1.corp.example.test', { host: 'dc1.corp.example.test', port: 389, tls: 'starttls' }],
  ['ldaps://10.0.0.1:1636', { host: '10.0.0.1', port: 1636, tls: 'implicit' }],
  ['ldaps://[fd00::1]/', { host: 'fd00::1', port: 636, url: 'ldaps://[fd00::1]:636' }],
])('%s is a server', (url, address) => {
  expect(parseServer(url)).toMatchObject(address);
});

test.each(['dc1', 'https://dc1', 'ldaps://', 'ldaps://user:secret@dc1', 'ldaps://dc1/DC=x', 'ldaps://dc1?a'])(
  '%s is none, and a password in it is not repeated',
  (url) => {
    expect(() => parseServer(url)).toThrow(RangeError);
    expect(() => parseServer(url)).not.toThrow('secret');
  },
);

test('servers are asked as configured; one that failed comes last for a minute', async () => {
  let now = 0;
  const list = servers({ servers: ['ldaps://a', 'ldaps://b', 'ldaps://c'], now: () => new Date(now) });
  const [a, b] = await list.inOrder();
  list.failed(a!, new LdapFault('network', 'a is away'));
  now = 1000;
  list.failed(b!, new LdapFault('network', 'b is away'));
  expect(await urls(list)).toEqual(['ldaps://c:636', 'ldaps://a:636', 'ldaps://b:636']);
  expect(list.faults()).toEqual(['a is away', 'b is away']);
  list.worked(b!);
  expect(await urls(list)).toEqual(['ldaps://b:636', 'ldaps://c:636', 'ldaps://a:636']);
  now = 60_001;
  expect(await urls(list)).toEqual(['ldaps://a:636', 'ldaps://b:636', 'ldaps://c:636']);
});

test('without configured servers DNS is asked, the site first, and each server comes once', async () => {
  const answers: Record<string, SrvRecord[]> = {
    '_ldap._tcp.Zurich._sites.dc._msdcs.corp.example.test': [srv('dc2.corp.example.test')],
    '_ldap._tcp.dc._msdcs.corp.example.test': [srv('DC1.corp.example.test.'), srv('dc2.corp.example.test')],
  };
  const list = servers({ site: 'Zurich', resolveSrv: async (name) => answers[name] ?? [] });
  expect(await urls(list)).toEqual(['ldap://dc2.corp.example.test:389', 'ldap://dc1.corp.example.test:389']);
});

test('a server that DNS names outside the domain is not asked: its certificate would prove nothing', async () => {
  const resolveSrv = async () => [srv('dc.evil.test'), srv('evilcorp.example.test'), srv('dc1.corp.example.test')];
  expect(await urls(servers({ resolveSrv }))).toEqual(['ldap://dc1.corp.example.test:389']);
});

test('what DNS said holds five minutes, and longer where it says nothing any more', async () => {
  let now = 0;
  let asked = 0;
  let up = true;
  const resolveSrv = async () => {
    asked++;
    if (!up) throw new Error('SERVFAIL');
    return [srv('dc1.corp.example.test')];
  };
  const list = servers({ resolveSrv, now: () => new Date(now) });
  await list.inOrder();
  now = 299_000;
  await list.inOrder();
  expect(asked).toBe(1);
  up = false;
  now = 301_000;
  expect(await urls(list)).toEqual(['ldap://dc1.corp.example.test:389']);
  expect(asked).toBe(2);
});

test('a domain that DNS does not know is said so', async () => {
  await expect(servers({}).inOrder()).rejects.toMatchObject({
    code: 'directory-unreachable',
    message: expect.stringContaining('_ldap._tcp.dc._msdcs.corp.example.test'),
  });
});

test.each([
  [0, ['a', 'c', 'b', 'far']],
  [0.2, ['c', 'b', 'a', 'far']],
])('SRV records come by priority, equals by weight (drawn: %d)', (random, names) => {
  const records = [srv('far', 10, 100), srv('a', 0, 10), srv('b', 0, 60), srv('c', 0, 30)];
  const drawn = srvOrder(records, () => random).map(({ name }) => name);
  expect(drawn).toEqual(names);
});
