import { expect, test } from '@jest/globals';
import { ConfigurationError } from './configuration.ts';
import { parseConfiguration } from './load.ts';

const folders = { state: '/var/lib/berth', runtime: '/run/berth' };
const directory = 'directory: {domain: corp.example.test}';
const login = 'login: {allow: [x]}';
const accounts = 'accounts: {source: pbis}';

function faultsOf(text: string): string[] {
  try {
    parseConfiguration(text, 'berth.yaml', folders);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults.map(({ path, message }) => `${path}: ${message}`);
    throw error;
  }
  return [];
}

test('directory, login, accounts and tickets have defaults that fit together', () => {
  const text = `${directory}\n${login}\n${accounts}\ntickets: {}`;
  const configuration = parseConfiguration(text, 'berth.yaml', folders);
  expect(configuration.directory?.timeouts).toEqual({ connect: 3, operation: 5, login: 8 });
  expect(configuration.login).toMatchObject({
    userName: 'name',
    grace: 28_800,
    throttle: { attempts: 4, window: 1800 },
  });
  expect(configuration.accounts).toMatchObject({ minId: 1000, home: { roots: ['/home'], create: false, mount: true } });
  expect(configuration.tickets).toMatchObject({ sources: ['password'], start: 'required', minimumLife: 600 });
});

test('a host without a directory has accounts and tickets of its own', () => {
  expect(faultsOf('accounts: {source: name-service}\ntickets: {sources: [host], trustHub: true}')).toEqual([]);
});

test.each<[string, string, string[]]>([
  ['login without a directory', login, ['login: needs a directory']],
  ['a directory that lets nobody in', directory, ['directory: lets nobody in without login']],
  ['an empty list of groups', `${directory}\nlogin: {allow: []}`, ['login.allow: must be at least one group']],
  [
    'clear text',
    `directory: {domain: corp.example.test, servers: ['http://dc1']}\n${login}`,
    ['directory.servers[0]: must be ldaps://host, or ldap://host, which then is StartTLS'],
  ],
  [
    'a server twice, a port too high',
    `directory: {domain: a.b, servers: ['ldaps://dc1', 'ldaps://dc1', 'ldaps://dc2:99999']}\n${login}`,
    ['directory.servers[1]: stands there twice', 'directory.servers[2]: has a port above 65535'],
  ],
  [
    'a login that takes longer than the hub waits',
    `directory: {domain: a.b, timeouts: {login: 50s}}\n${login}\n${accounts}\ntickets: {timeout: 10s}`,
    ['directory.timeouts.login: with tickets.timeout a login may take 60 s, but the hub waits 60 s'],
  ],
  [
    'proxies that are no addresses',
    `${directory}\nlogin: {allow: [x], throttle: {trustedProxies: [10.0.0.0/8, 10.0.0.0/33, 1.2.3]}}`,
    [
      'login.throttle.trustedProxies[1]: 10.0.0.0/33 is no address and no network',
      'login.throttle.trustedProxies[2]: 1.2.3 is no address and no network',
    ],
  ],
  ['a message for nothing', `${directory}\nlogin: {allow: [x], messages: {late: No}}`, ['login.messages.late: ']],
  ['ids of a directory that is not there', accounts, ['accounts.source: makes ids of what the directory says']],
  ['a source that nobody knows', 'accounts: {source: nis}', ['accounts.source: ']],
  [
    'an account and an image user at once',
    `accounts: {source: name-service}\ncontainers: {user: "1000"}`,
    ["containers.user: can't stand beside accounts"],
  ],
  [
    'a range that ends before it begins',
    `${directory}\n${login}\naccounts: {source: {winbind: {domain: S-1-5-21-1-2-3, low: 5000, high: 4000}}}`,
    ['accounts.source.winbind.high: must be above low'],
  ],
  [
    'templates with fields that nobody fills',
    `${directory}\n${login}\naccounts: {source: pbis, names: ['{nom}{name}'], home: {template: '/home/{name}'}}`,
    ['accounts.names[0]: has {nom}; known are', 'accounts.home.template: has {name}; known are'],
  ],
  [
    'homes in everything, in the state folder, or outside of their roots',
    `${directory}\n${login}\naccounts: {source: pbis, home: {roots: [/, /var/lib], template: '/data/{username}'}}`,
    ['accounts.home.roots[0]: / holds more than homes', 'accounts.home.roots[1]: /var/lib holds more than homes'],
  ],
  [
    'a home outside of its roots',
    `${directory}\n${login}\naccounts: {source: pbis, home: {template: '/data/{username}'}}`,
    ['accounts.home.template: lies outside of accounts.home.roots (/home)'],
  ],
  [
    "Docker's socket as one of the name service",
    'accounts: {source: name-service, sockets: [/var/run/docker.sock, /run, /run/berth/tickets]}',
    [
      'accounts.sockets[0]: would show notebooks /var/run/docker.sock',
      'accounts.sockets[1]: would show notebooks /run/docker.sock',
      'accounts.sockets[2]: would show notebooks /run/berth',
    ],
  ],
  ['tickets without accounts', `${directory}\n${login}\ntickets: {}`, ['tickets: needs accounts']],
  [
    'passwords where none come, and a hub that is not said to be trusted',
    'accounts: {source: name-service}\ntickets: {}',
    ['tickets.sources: names password', 'tickets.trustHub: must be true without a directory'],
  ],
  [
    'a hub that is trusted for nothing',
    `${directory}\n${login}\n${accounts}\ntickets: {trustHub: true}`,
    ['tickets.trustHub: has no effect beside a directory'],
  ],
  [
    'keytabs nowhere',
    `${directory}\n${login}\n${accounts}\ntickets: {sources: [keytab]}`,
    ['tickets.keytabFolder: is missing'],
  ],
  [
    'keytabs for nothing',
    `${directory}\n${login}\n${accounts}\ntickets: {keytabFolder: /k}`,
    ['tickets.keytabFolder: is of no use'],
  ],
  [
    'a cache of everybody',
    `accounts: {source: name-service}\ntickets: {sources: [host], trustHub: true, hostCaches: ['FILE:/tmp/krb5cc', 'KCM:']}`,
    ['tickets.hostCaches[0]: ', 'tickets.hostCaches[1]: '],
  ],
  [
    'tickets that never live long enough',
    `${directory}\n${login}\n${accounts}\ntickets: {minimumLife: 2h, life: 1h}`,
    ['tickets.life: must be longer than minimumLife'],
  ],
])('%s is refused at the start, with the key and what would be right', (_, text, faults) => {
  const found = faultsOf(text);
  expect(found.map((fault, index) => fault.slice(0, faults[index]?.length))).toEqual(faults);
});
