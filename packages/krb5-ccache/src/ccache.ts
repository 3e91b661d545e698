/** A credential cache as values. The format is MIT's "FILE ccache", version 4 (krb5 documentation, "Credential cache file format"). */

export interface Ccache {
  readonly principal: Principal;
  /** KDC clock minus ours, as the cache's header has it; zero where it has none. */
  readonly clockOffset: { readonly seconds: number; readonly microseconds: number };
  /** False where the header has no clock offset (`kdc_timesync = 0`); MIT writes one otherwise, be it zero. */
  readonly hasClockOffset?: boolean;
  /** Configuration entries (`X-CACHECONF:`) included, in the file's order. */
  readonly credentials: readonly Credential[];
}

export interface Principal {
  /** krb5 name type; 1 is a user's. */
  readonly nameType: number;
  readonly realm: string;
  readonly components: readonly string[];
}

export interface Credential {
  readonly client: Principal;
  readonly server: Principal;
  readonly key: { readonly encryptionType: number; readonly value: Uint8Array };
  /** Seconds since 1970, unsigned 32 bit; `renewTill` 0: not renewable. */
  readonly authTime: number;
  readonly startTime: number;
  readonly endTime: number;
  readonly renewTill: number;
  readonly isSessionKey: boolean;
  /** See `ticketFlags`. */
  readonly flags: number;
  readonly addresses: readonly { readonly type: number; readonly value: Uint8Array }[];
  readonly authData: readonly { readonly type: number; readonly value: Uint8Array }[];
  readonly ticket: Uint8Array;
  readonly secondTicket: Uint8Array;
}

export const ticketFlags = { forwardable: 0x4000_0000, renewable: 0x0080_0000, initial: 0x0040_0000 } as const;

/** What the TGT of a cache says, as people ask for it. */
export interface TicketView {
  /** `user1@CORP.EXAMPLE.TEST` */
  readonly principal: string;
  readonly startsAt: Date;
  readonly endsAt: Date;
  /** Undefined: not renewable. */
  readonly renewTill: Date | undefined;
  readonly forwardable: boolean;
}
