import { parsePrincipal } from '../ccache-principal.ts';
import { ticketFlags } from '../ccache.ts';
import { writeCcache } from '../write-ccache.ts';

export interface TicketTimes {
  readonly startsAt: Date;
  readonly seconds: number;
  /** 0: not renewable. */
  readonly renewSeconds: number;
}

/** A FILE ccache with one TGT, as kinit writes it, its key and ticket made up. */
export function ticketBytes(principal: string, { startsAt, seconds, renewSeconds }: TicketTimes): Uint8Array {
  const client = parsePrincipal(principal);
  const start = Math.floor(startsAt.getTime() / 1000);
  const credential = {
    client,
    server: { nameType: 2, realm: client.realm, components: ['krbtgt', client.realm] },
    key: { encryptionType: 18, value: Buffer.from('the session key of thirty-two by') },
    ...{ authTime: start, startTime: start, endTime: start + seconds },
    renewTill: renewSeconds === 0 ? 0 : start + renewSeconds,
    isSessionKey: false,
    flags: ticketFlags.forwardable | (renewSeconds === 0 ? 0 : ticketFlags.renewable),
    ...{ addresses: [], authData: [], ticket: Buffer.from('ticket'), secondTicket: new Uint8Array() },
  };
  return writeCcache({ principal: client, clockOffset: { seconds: 0, microseconds: 0 }, credentials: [credential] });
}
