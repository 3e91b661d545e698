/** Caches as values and bytes, as tests of this package need them. */
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { type Ccache, type Credential, type Principal, ticketFlags } from '../ccache.ts';
import { TicketError } from '../errors.ts';
import { writeCcache } from '../write-ccache.ts';

export const corp = 'CORP.EXAMPLE.TEST';
export const noon = new Date('2026-03-04T12:00:00.000Z');

/** Of kinit and kvno of MIT krb5 1.20, in a realm that was thrown away. */
export function recorded(): Uint8Array {
  return new Uint8Array(readFileSync(new URL('../recorded/mit-1.20.ccache', import.meta.url)));
}

export function user(name = 'user1', realm = corp): Principal {
  return { nameType: 1, realm, components: [name] };
}

export function krbtgt(realm = corp, of = realm): Principal {
  return { nameType: 2, realm: of, components: ['krbtgt', realm] };
}

export function seconds(date: Date, hours = 0): number {
  return date.getTime() / 1000 + hours * 3600;
}

/** From an hour before noon to nine after it, renewable for a week. */
export function tgt(change: Partial<Credential> = {}): Credential {
  return {
    client: user(),
    server: krbtgt(),
    key: { encryptionType: 18, value: new Uint8Array(32).fill(7) },
    authTime: seconds(noon, -1),
    startTime: seconds(noon, -1),
    endTime: seconds(noon, 9),
    renewTill: seconds(noon, 7 * 24),
    isSessionKey: false,
    flags: ticketFlags.forwardable | ticketFlags.renewable | ticketFlags.initial,
    addresses: [],
    authData: [],
    ticket: new Uint8Array(200).fill(9),
    secondTicket: new Uint8Array(),
    ...change,
  };
}

export function cacheOf(credentials: readonly Credential[] = [tgt()], principal = user()): Ccache {
  return { principal, clockOffset: { seconds: 0, microseconds: 0 }, credentials };
}

export function bytesOf(...credentials: readonly Credential[]): Uint8Array {
  return writeCcache(cacheOf(credentials.length === 0 ? [tgt()] : credentials));
}

/** The TicketError that `work` ends in; a test fails where there is none, or another. */
export async function ticketErrorOf(work: () => unknown): Promise<TicketError> {
  try {
    await work();
  } catch (error) {
    if (error instanceof TicketError) return error;
    throw error;
  }
  throw new Error('no TicketError');
}

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const u16 = fc.integer({ min: 0, max: 0xffff });
const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const data = fc.uint8Array({ maxLength: 20 }).map((value) => new Uint8Array(value));
const typed = fc.array(fc.record({ type: u16, value: data }), { maxLength: 3 });

export const anyPrincipal: fc.Arbitrary<Principal> = fc.record({
  nameType: u32,
  realm: text,
  components: fc.array(text, { maxLength: 3 }),
});

export const anyCache: fc.Arbitrary<Ccache> = fc.record({
  principal: anyPrincipal,
  clockOffset: fc.record({
    seconds: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    microseconds: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  }),
  credentials: fc.array(
    fc.record({
      client: anyPrincipal,
      server: anyPrincipal,
      key: fc.record({ encryptionType: u16, value: data }),
      authTime: u32,
      startTime: u32,
      endTime: u32,
      renewTill: u32,
      isSessionKey: fc.boolean(),
      flags: u32,
      addresses: typed,
      authData: typed,
      ticket: data,
      secondTicket: data,
    }),
    { maxLength: 4 },
  ),
});
