import { expect, test } from '@jest/globals';
import type { Credential } from './ccache.ts';
import { viewTgt } from './tgt.ts';
import { cacheOf, krbtgt, noon, seconds, tgt, ticketErrorOf, user } from './testing/caches.ts';

const configuration = tgt({
  server: { nameType: 0, realm: 'X-CACHECONF:', components: ['krb5_ccache_conf_data', 'fast_avail'] },
  endTime: 0,
});

test('the view says whose ticket it is, from when, until when, and what it may', () => {
  expect(viewTgt(cacheOf([configuration, tgt()]))).toEqual({
    principal: 'user1@CORP.EXAMPLE.TEST',
    startsAt: new Date('2026-03-04T11:00:00.000Z'),
    endsAt: new Date('2026-03-04T21:00:00.000Z'),
    renewTill: new Date('2026-03-11T12:00:00.000Z'),
    forwardable: true,
  });
});

test('without its flag a ticket is not renewable, and not forwardable', () => {
  expect(viewTgt(cacheOf([tgt({ flags: 0 })]))).toMatchObject({ renewTill: undefined, forwardable: false });
  expect(viewTgt(cacheOf([tgt({ renewTill: 0 })])).renewTill).toBeUndefined();
});

test('where a KDC leaves the start out, it is the time of the login', () => {
  expect(viewTgt(cacheOf([tgt({ startTime: 0 })])).startsAt).toEqual(new Date('2026-03-04T11:00:00.000Z'));
});

test('of several the one that ends last counts, wherever it stands', () => {
  const [early, late] = [tgt({ endTime: seconds(noon, 1) }), tgt({ endTime: seconds(noon, 5) })];
  for (const credentials of [
    [early, late],
    [late, early],
  ])
    expect(viewTgt(cacheOf(credentials)).endsAt).toEqual(new Date('2026-03-04T17:00:00.000Z'));
});

const none: readonly { what: string; credential: Credential; says?: string }[] = [
  { what: 'a configuration entry', credential: configuration, says: 'holds no ticket, as a failed kinit leaves it' },
  { what: 'a service ticket', credential: tgt({ server: { ...krbtgt(), components: ['HTTP', 'nn'] } }) },
  { what: 'a TGT for another realm', credential: tgt({ server: krbtgt('OTHER.TEST', 'CORP.EXAMPLE.TEST') }) },
  { what: 'a TGT of another realm', credential: tgt({ server: krbtgt('CORP.EXAMPLE.TEST', 'OTHER.TEST') }) },
  {
    what: "another client's TGT",
    credential: tgt({ client: user('user2') }),
    says: 'but a ticket of user2@CORP.EXAMPLE.TEST',
  },
  { what: 'a TGT of the same name in another realm', credential: tgt({ client: user('user1', 'OTHER.TEST') }) },
  { what: 'a TGT that MIT marked as removed', credential: tgt({ endTime: 0, authTime: 0xffff_ffff }) },
  { what: 'a postdated TGT that is not valid yet', credential: tgt({ flags: 0x0100_0000 }) },
  { what: 'a TGT without its ticket', credential: tgt({ ticket: new Uint8Array() }) },
];

test.each(none)('$what is no TGT of the cache', async ({ credential, says = 'no usable ticket-granting ticket' }) => {
  const error = await ticketErrorOf(() => viewTgt(cacheOf([credential])));
  expect(error.code).toBe('ticket-missing');
  expect(error.message).toContain(says);
});

test("a stranger's TGT that ends later doesn't count", () => {
  const stranger = tgt({ client: user('user2'), endTime: seconds(noon, 100) });
  expect(viewTgt(cacheOf([stranger, tgt(), stranger])).endsAt).toEqual(new Date('2026-03-04T21:00:00.000Z'));
});

test('names of a planted cache reach the message without control characters, and short', async () => {
  const client = user(`\u001B[31m${'x'.repeat(100_000)}`);
  const { message } = await ticketErrorOf(() => viewTgt(cacheOf([tgt({ client })])));
  expect(message).not.toMatch(/\p{Cc}/u);
  expect(message.length).toBeLessThan(500);
});
