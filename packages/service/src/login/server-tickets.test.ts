import { TicketError, type KeptTicket, type TicketOwner } from '@berth/krb5-ccache';
import { expect, test } from '@jest/globals';
import type { ServerView, SpawnerEvent } from '@berth/spawner';
import { aServer } from '../testing/fake-spawner.ts';
import { followUse, ownerOf, serverTickets, ticketNotices } from './server-tickets.ts';
import { keptTicket, LoginWorld, noon } from './testing/login-world.ts';

const hours = (count: number) => new Date(noon.getTime() + count * 3_600_000);
const account = { name: 'BANK\\user1', uid: 10_001, gid: 10_000, principal: 'User1@CORP.EXAMPLE.TEST' };
const server = { hub: 'default', user: 'user1', serverName: '' };
const signal = new AbortController().signal;

test.each<[string, Partial<KeptTicket>, string[]]>([
  ['lives for days', {}, []],
  [
    'can be renewed until tonight',
    { renewTill: hours(12) },
    [
      "Your Kerberos ticket ends at 2026-11-24 00:00 UTC and can't be renewed beyond that. Log out and in again before.",
    ],
  ],
  [
    'cannot be renewed',
    { renewTill: undefined },
    [
      "Your Kerberos ticket ends at 2026-11-23 22:00 UTC and can't be renewed beyond that. Log out and in again before.",
    ],
  ],
  ['comes from a keytab, which brings another', { source: 'keytab', renewTill: undefined }, []],
  ['comes from the host, which brings another', { source: 'host', renewTill: undefined }, []],
  ['has ended', { endsAt: noon }, ['Your Kerberos ticket has ended. Log out and in again to get another.']],
  [
    'fails to be renewed',
    { problem: 'No KDC answers.' },
    ["Your Kerberos ticket can't be renewed at the moment: No KDC answers."],
  ],
])('of a ticket that %s the user is told what there is to know', (_, change, notices) => {
  expect(ticketNotices(keptTicket(change), noon)).toEqual(notices);
});

function tickets(prepare: (owner: TicketOwner) => Promise<KeptTicket>, start: 'required' | 'optional') {
  return serverTickets({
    keeper: { prepare: async (owner) => ({ ticket: await prepare(owner), folder: `/run/berth/krb5/${owner.uid}` }) },
    start,
    krb5Conf: { forContainers: async () => '/run/berth/krb5.conf' },
    log: { warn: () => undefined },
    now: () => noon,
  });
}

test('a server gets the folder of its own account, and the notices', async () => {
  const owners: TicketOwner[] = [];
  const made = tickets(async (owner) => (owners.push(owner), keptTicket({ renewTill: hours(12) })), 'required');
  expect(await made.prepare(server, account, signal)).toEqual({
    folder: '/run/berth/krb5/10001',
    krb5Conf: '/run/berth/krb5.conf',
    notices: [expect.stringContaining('ends at 2026-11-24')],
  });
  expect(owners).toEqual([{ uid: 10_001, gid: 10_000, principal: account.principal, username: 'User1' }]);
});

test('without a ticket a start is refused with its reason, or goes on where the site says so', async () => {
  const none = async () => {
    throw new TicketError('ticket-ended', 'The ticket ended at noon. Log in anew.');
  };
  await expect(tickets(none, 'required').prepare(server, account, signal)).rejects.toMatchObject({
    name: 'SpawnError',
    code: 'ticket-ended',
    message: 'The ticket ended at noon. Log in anew.',
  });
  expect(await tickets(none, 'optional').prepare(server, account, signal)).toBeUndefined();
});

test('a mistake of ours is no missing ticket', async () => {
  const broken = async () => {
    throw new TypeError('a mistake');
  };
  await expect(tickets(broken, 'optional').prepare(server, account, signal)).rejects.toThrow('a mistake');
});

test('an account without a principal has no ticket', async () => {
  const { principal: _, ...plain } = account;
  expect(ownerOf(plain)).toBeUndefined();
  expect(
    await tickets(() => Promise.reject(new Error('asked')), 'required').prepare(server, plain, signal),
  ).toBeUndefined();
});

test('the keeper hears whose servers run: at the first look, and at each change', async () => {
  let servers: ServerView[] = [{ ...aServer('a', 'user1'), account }];
  const told: number[][] = [];
  const listeners: ((event: SpawnerEvent) => void)[] = [];
  const ready = Promise.withResolvers<void>();
  let listed = false;
  const end = followUse(
    {
      list: () => {
        if (!listed) throw new Error('not ready');
        return servers;
      },
      whenReady: () => ready.promise,
      subscribe: (listener) => (listeners.push(listener), () => void listeners.splice(0)),
    },
    { inUse: (owners) => void told.push(owners.map(({ uid }) => uid)) },
  );
  const changed = (view: ServerView) => listeners[0]?.({ id: 1, type: 'server', server: view });
  // Not ready: a list would throw, and who throws hears no more.
  changed(servers[0] as ServerView);
  expect(told).toEqual([]);
  listed = true;
  ready.resolve();
  await new Promise((resolve) => setImmediate(resolve));
  expect(told).toEqual([[10_001]]);

  const second: ServerView = {
    ...aServer('a', 'user2', { state: 'starting', since: noon, deadline: noon, step: '' }),
    account: { ...account, uid: 10_002 },
  };
  servers = [
    ...servers,
    second,
    { ...aServer('a', 'user3', { state: 'stopped', since: noon }), account: { ...account, uid: 3 } },
  ];
  changed(second);
  changed(second);
  expect(told).toEqual([[10_001], [10_001, 10_002]]);
  servers = [{ ...second, account: { ...account, uid: 10_002, gid: 7 } }];
  changed(second);
  expect(told).toHaveLength(3);
  servers = [];
  changed(second);
  expect(told.at(-1)).toEqual([]);
  end();
  expect(listeners).toEqual([]);
});

test('in its last day, a ticket is spoken of to its user alone', async () => {
  const world = new LoginWorld();
  await world.logIn();
  world.kept.set(10_001, keptTicket({ renewTill: hours(12) }));
  expect(world.users.notices('user1', { role: 'hub', hub: 'default' })).toHaveLength(1);
  expect(world.users.notices('user1', { role: 'hub', hub: 'other' })).toEqual([]);
  expect(world.users.notices('nobody', { role: 'admin' })).toEqual([]);
});
