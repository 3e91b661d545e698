import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { authenticator, bank, mockUser, outcome, servicePassword, type Told } from './testing/bank.ts';
import { certificate, otherAuthority } from './testing/certificate.ts';
import { LdapServer, type LdapServerOptions, refusedWith, type Reaction } from './testing/ldap-server.ts';
import type { AdParts } from './parts.ts';
import type { AdSettings } from './settings.ts';

const signal = new AbortController().signal;
const cleanUp: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const undo of cleanUp.splice(0).toReversed()) await undo();
});

async function servers(...options: readonly LdapServerOptions[]): Promise<LdapServer[]> {
  const started = await Promise.all(options.map((each) => LdapServer.start({ entries: bank(), ...each })));
  cleanUp.push(...started.map((server) => () => server.stop()));
  return started;
}

function over(list: readonly LdapServer[], settings: Partial<AdSettings> = {}, parts: Partial<AdParts> = {}): Told {
  const told = authenticator(list, settings, parts);
  cleanUp.push(() => told.ad.close());
  return told;
}

/** A TCP server that does with a connection what it is told to. */
async function plainServer(serve: (socket: Socket) => void): Promise<{ readonly port: number }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUp.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  return { port: typeof address === 'object' ? (address?.port ?? 0) : 0 };
}

const onUser = (reaction: Reaction) => ({
  react: ({ operation, dn }: { operation: string; dn: string }) =>
    operation === 'bind' && dn.startsWith('CN=user1') ? reaction : undefined,
});

test.each<[string, Reaction]>([
  ['does not answer', 'stall'],
  ['ends the connection', 'cut'],
  ['is busy', { result: 51 }],
  ['is unavailable', { result: 52 }],
])('a server that %s: the next one is asked; alone, the login fails', async (_, reaction) => {
  const [first, second] = await servers(onUser(reaction), {});
  const { ad, warnings } = over([first!, second!]);
  expect(await outcome(ad.login('user1', 'right', signal))).toBe('in');
  expect(warnings).toHaveLength(1);
  expect(ad.faults()).toEqual(warnings);
  // For the next minute the first one is left alone.
  const before = first!.requests.length;
  expect(await outcome(ad.login('user1', 'right', signal))).toBe('in');
  expect(first!.requests).toHaveLength(before);
  const alone = over([first!]);
  expect(await outcome(alone.ad.login('user1', 'right', signal))).toMatch(/^directory-(?:timeout|unreachable)$/);
});

test('a wrong password is never tried at a second server', async () => {
  const [first, second] = await servers({}, {});
  expect(await outcome(over([first!, second!]).ad.login('user1', 'wrong', signal))).toBe('credentials-wrong');
  expect(second!.requests).toEqual([]);
});

test.each<[number, string, string]>([
  [8, 'directory-refused', 'signing'],
  [53, 'directory-refused', 'refused a bind'],
  [1, 'directory-refused', 'refused a bind'],
  [80, 'directory-refused', 'refused a bind'],
])(
  'a bind answered with result %i is an error of the directory, and no other server is asked',
  async (result, code, text) => {
    const [first, second] = await servers(onUser({ result, diagnostic: 'no' }), {});
    const { ad } = over([first!, second!]);
    await expect(ad.login('user1', 'right', signal)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(text),
    });
    expect(second!.requests).toEqual([]);
  },
);

test.each<[string, Reaction, string]>([
  ['a referral', { result: 10, referrals: ['ldap://evil.test/DC=x'] }, 'baseDn'],
  ['no such object', { result: 32 }, 'baseDn'],
])('%s in place of an account is not followed, and the setting is named', async (_, reaction, text) => {
  const [server] = await servers({
    react: ({ filter }) => (filter.includes('sAMAccountName=user1') ? reaction : undefined),
  });
  await expect(over([server!]).ad.login('user1', 'right', signal)).rejects.toMatchObject({
    code: 'directory-refused',
    message: expect.stringContaining(text),
  });
});

test('referrals beside the account change nothing', async () => {
  const [server] = await servers({});
  const account = mockUser({ name: 'user1', groups: [1200] });
  server!.react = ({ scope, filter }) =>
    scope === 'sub' && filter.includes('sAMAccountName=user1')
      ? {
          result: 0,
          entries: [{ ...account, attributes: { objectSid: account.attributes['objectSid']! } }],
          referrals: ['ldap://x/DC=y'],
        }
      : undefined;
  expect(await outcome(over([server!]).ad.login('user1', 'right', signal))).toBe('in');
});

test('a certificate of another authority is refused, nothing is sent, and the setting is named', async () => {
  for (const tls of ['implicit', 'starttls'] as const) {
    const [server] = await servers({ tls });
    await expect(
      over([server!], { authorities: [otherAuthority] }).ad.login('user1', 'right', signal),
    ).rejects.toMatchObject({
      code: 'directory-untrusted',
      message: expect.stringContaining('`authorities`'),
    });
    expect(server!.requests.filter(({ operation }) => operation !== 'extended')).toEqual([]);
  }
});

test('a certificate for another name is refused, and both names are told', async () => {
  const [server] = await servers({});
  const { connect } = await import('node:net');
  const parts = { connect: () => connect(server!.port, '127.0.0.1') };
  const named = (host: string) => over([], { servers: [`ldaps://${host}`] }, parts).ad.login('user1', 'right', signal);
  expect(await outcome(named('dc1.corp.example.test'))).toBe('in');
  await expect(named('dc9.corp.example.test')).rejects.toMatchObject({
    code: 'directory-untrusted',
    message: expect.stringMatching(/dc9.*dc1.*`servers`/s),
  });
});

test('StartTLS comes before all else', async () => {
  const [server] = await servers({ tls: 'starttls' });
  expect(server!.url).toMatch(/^ldap:/);
  expect(await outcome(over([server!]).ad.login('user1', 'right', signal))).toBe('in');
  const clear = server!.requests.filter(({ secure }) => !secure);
  expect(clear.length).toBeGreaterThan(0);
  expect(clear.every(({ operation }) => operation === 'extended')).toBe(true);
});

test('a server that refuses StartTLS gets nothing in clear text', async () => {
  const [server] = await servers({
    tls: 'starttls',
    react: ({ operation }) => (operation === 'extended' ? { result: 52 } : undefined),
  });
  await expect(over([server!]).ad.login('user1', 'right', signal)).rejects.toMatchObject({
    message: expect.stringContaining('Nothing is sent in clear text'),
  });
  expect(server!.requests.every(({ operation }) => operation === 'extended')).toBe(true);
  for (let tries = 0; server!.openConnections > 0 && tries < 100; tries++)
    await new Promise((resolve) => setTimeout(resolve, 10));
  expect(server!.openConnections).toBe(0);
});

const startTlsAnswer = Buffer.from('300c02010178070a010004000400', 'hex');
test.each<[string, Buffer]>([
  ['what is no LDAP', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'.repeat(300))],
  ['more than its answer', Buffer.concat([startTlsAnswer, Buffer.from('300c02010261070a010004000400', 'hex')])],
  ['another message', Buffer.from('300c02010578070a010004000400', 'hex')],
])('a server that answers StartTLS with %s is left', async (_, answer) => {
  let received = 0;
  const { port } = await plainServer((socket) => {
    socket.on('data', (data) => (received += data.length));
    socket.once('data', () => socket.write(answer));
  });
  const { ad } = over([], { servers: [`ldap://127.0.0.1:${port}`] });
  expect(await outcome(ad.login('user1', 'right', signal))).toBe('directory-unreachable');
  // Two connections, each of them with its one request.
  expect(received).toBeLessThanOrEqual(2 * 31);
});

test.each<[string, (socket: Socket) => void, string]>([
  ['never speaks', () => undefined, 'directory-timeout'],
  ['hangs up', (socket) => socket.destroy(), 'directory-unreachable'],
  ['speaks no TLS', (socket) => void socket.write('220 smtp.example.test ready\r\n'), 'directory-unreachable'],
])('a server that %s before TLS is up: %s', async (_, serve, code) => {
  const { port } = await plainServer(serve);
  const { ad } = over([], { servers: [`ldaps://127.0.0.1:${port}`], connectSeconds: 0.2 });
  const began = performance.now();
  expect(await outcome(ad.login('user1', 'right', signal))).toBe(code);
  expect(performance.now() - began).toBeLessThan(2000);
});

test('a port where nobody listens, and a name that nobody knows', async () => {
  const { ad } = over([], { servers: ['ldaps://127.0.0.1:1', 'ldaps://nobody.invalid'] });
  await expect(ad.login('user1', 'right', signal)).rejects.toMatchObject({
    code: 'directory-unreachable',
    message: expect.stringMatching(/127\.0\.0\.1:1 .*nobody\.invalid/s),
  });
});

test.each(['bind', 'search'] as const)(
  'each step has its time limit, and so has the whole (slow: %s)',
  async (slow) => {
    const stalled = {
      react: ({ operation }: { operation: string }) => (operation === slow ? ('stall' as const) : undefined),
    };
    const list = await servers(stalled, stalled, stalled);
    const began = performance.now();
    expect(
      await outcome(over(list, { operationSeconds: 0.2, loginSeconds: 5 }).ad.login('user1', 'right', signal)),
    ).toBe('directory-timeout');
    const each = performance.now() - began;
    expect(each).toBeGreaterThan(3 * 200);
    expect(each).toBeLessThan(3 * 200 + 3000);
    const before = performance.now();
    expect(
      await outcome(over(list, { operationSeconds: 5, loginSeconds: 0.3 }).ad.login('user1', 'right', signal)),
    ).toBe('directory-timeout');
    expect(performance.now() - before).toBeLessThan(4000);
  },
);

test('a login that is given up ends at once with the reason, and closes what it opened', async () => {
  const [server] = await servers(onUser('stall'));
  const { ad } = over([server!], { operationSeconds: 10, loginSeconds: 20 });
  const caller = new AbortController();
  const reason = new Error('the browser went away');
  const login = ad.login('user1', 'right', caller.signal);
  setTimeout(() => caller.abort(reason), 100);
  const began = performance.now();
  await expect(login).rejects.toBe(reason);
  expect(performance.now() - began).toBeLessThan(1000);
  await ad.close();
  for (let tries = 0; server!.openConnections > 0 && tries < 200; tries++)
    await new Promise((resolve) => setTimeout(resolve, 10));
  expect(server!.openConnections).toBe(0);
  await expect(ad.login('user1', 'right', caller.signal)).rejects.toBe(reason);
});

test('of many logins at once eight are at the directory, the others wait, and none waits beyond its limit', async () => {
  const [server] = await servers({});
  const { ad } = over([server!]);
  await ad.login('user1', 'right', signal);
  let most = 0;
  const look = setInterval(() => (most = Math.max(most, server!.openConnections)), 1);
  await Promise.all(Array.from({ length: 40 }, () => ad.login('user1', 'right', signal)));
  clearInterval(look);
  // Beside the connection of the service account.
  expect(most).toBeLessThanOrEqual(9);
  expect(most).toBeGreaterThan(2);
  await ad.close();

  const [mute] = await servers(onUser('stall'));
  const { ad: waiting } = over([mute!], { operationSeconds: 10, loginSeconds: 1 });
  const began = performance.now();
  const answers = await Promise.allSettled(Array.from({ length: 40 }, () => waiting.login('user1', 'right', signal)));
  expect(performance.now() - began).toBeLessThan(6000);
  const codes = answers.map((answer) => (answer.status === 'rejected' ? answer.reason.code : 'in'));
  expect(new Set(codes)).toEqual(new Set(['directory-timeout']));
  await waiting.close();
});

test('the service account binds once for many logins, and anew where its connection broke', async () => {
  const [server] = await servers({});
  const { ad } = over([server!]);
  const serviceBinds = () =>
    server!.requests.filter(({ operation, dn }) => operation === 'bind' && dn.startsWith('svc')).length;
  await Promise.all(Array.from({ length: 20 }, () => ad.login('user1', 'right', signal)));
  await ad.login('user1', 'right', signal);
  expect(serviceBinds()).toBe(1);
  server!.cutAll();
  expect(await outcome(ad.login('user1', 'right', signal))).toBe('in');
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await outcome(ad.login('user1', 'right', signal))).toBe('in');
  expect(serviceBinds()).toBe(2);
  expect(ad.faults()).toEqual([]);
});

test('a service connection that breaks under a search is replaced, once, and the login goes on', async () => {
  const [server] = await servers({});
  const { ad } = over([server!]);
  await ad.login('user1', 'right', signal);
  let cuts = 0;
  server!.react = ({ operation, scope }) =>
    operation === 'search' && scope === 'sub' && cuts++ === 0 ? 'cut' : undefined;
  expect(await outcome(ad.login('user1', 'right', signal))).toBe('in');
  // AD's answer on a connection that isn't bound (any more).
  let lost = 0;
  server!.react = ({ operation, scope }) =>
    operation === 'search' && scope === 'sub' && lost++ === 0 ? { result: 1 } : undefined;
  expect(await outcome(ad.login('user1', 'right', signal))).toBe('in');
  server!.react = ({ operation, scope }) => (operation === 'search' && scope === 'sub' ? 'cut' : undefined);
  expect(await outcome(ad.login('user1', 'right', signal))).toBe('directory-unreachable');
});

test('a service password is read for each bind; one that was refused is not sent again for a minute', async () => {
  const [server] = await servers({});
  let password = 'old';
  let now = Date.parse('2026-11-23T12:00:00Z');
  const serviceAccount = { name: 'svc-berth@corp.example.test', password: async () => password };
  const { ad } = over([server!], { serviceAccount }, { now: () => new Date(now) });
  const told = await ad.login('user1', 'right', signal).catch((error: Error) => error);
  expect(told).toMatchObject({ code: 'directory-refused', message: expect.stringContaining('password file') });
  for (let login = 0; login < 5; login++)
    expect(await outcome(ad.login('user1', 'right', signal))).toBe('directory-refused');
  expect(server!.count('bind')).toBe(1);
  now += 61_000;
  await outcome(ad.login('user1', 'right', signal));
  expect(server!.count('bind')).toBe(2);
  password = servicePassword;
  expect(await outcome(ad.login('user1', 'right', signal))).toBe('in');
});

test.each([
  ['locked', { react: () => ({ result: 49, diagnostic: refusedWith('775') }) }, 'account-locked'],
  ['unreadable', {}, 'password file'],
])('a service account that is %s is told of as such, never as the state of a user', async (what, options, text) => {
  const [server] = await servers(options);
  const password = what === 'unreadable' ? () => Promise.reject(new Error('ENOENT')) : async () => servicePassword;
  const { ad } = over([server!], { serviceAccount: { name: 'BANK\\svc-berth', password } });
  await expect(ad.login('user1', 'right', signal)).rejects.toMatchObject({
    name: 'DirectoryError',
    code: 'directory-refused',
    message: expect.stringContaining(text),
  });
});

test('a handshake that went well shortens the next one; it is not taken up with another authority', async () => {
  const [server] = await servers({});
  const { ad } = over([server!]);
  for (let login = 0; login < 4; login++) await ad.login('user1', 'right', signal);
  expect(server!.resumedSessions).toBeGreaterThan(0);
  expect(await outcome(over([server!], { authorities: [otherAuthority] }).ad.login('user1', 'right', signal))).toBe(
    'directory-untrusted',
  );
});

test('an untrusted server is passed over for a trusted one, and told of', async () => {
  const [good] = await servers({});
  const { port } = await plainServer((socket) => socket.destroy());
  const { connect } = await import('node:net');
  const parts = { connect: (host: string) => connect(host === '127.0.0.1' ? good!.port : port, '127.0.0.1') };
  const wrongName = over(
    [],
    { servers: ['ldaps://dc9.corp.example.test', 'ldaps://127.0.0.1'], authorities: [certificate] },
    {
      connect: () => connect(good!.port, '127.0.0.1'),
    },
  );
  expect(await outcome(wrongName.ad.login('user1', 'right', signal))).toBe('in');
  expect(wrongName.ad.faults()).toEqual([expect.stringContaining('dc9')]);
  const both = over([], { servers: ['ldaps://dc1.corp.example.test', 'ldaps://127.0.0.1'] }, parts);
  expect(await outcome(both.ad.login('user1', 'right', signal))).toBe('in');
});

test('a domain that the directory does not know is told of, with the setting', async () => {
  const [server] = await servers({});
  await expect(over([server!], { domain: 'other.test' }).ad.login('user1', 'right', signal)).rejects.toMatchObject({
    code: 'directory-refused',
    message: expect.stringContaining('`domain`'),
  });
});
