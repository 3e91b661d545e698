/**
 * Reads a FILE ccache, versions 3 and 4 (krb5 documentation, "Credential cache file format").
 *
 * The bytes come from a file that a user can write. Every length and count is held against the bytes that are left before
 * anything is made of it, so that the work is bounded by the size of the file.
 */
import { type Ccache, type Credential, type Principal } from './ccache.ts';
import { TicketError } from './errors.ts';

/** Much more than a ticket with 1,000 groups in its PAC takes (about 64 KiB). */
export const MAXIMUM_CCACHE_BYTES = 1024 * 1024;

/** Of components, addresses, authorization data: a real list has a handful, and a million empty ones cost time. */
const MAXIMUM_COUNT = 1000;

/** Field of the header in version 4. */
const DELTA_TIME = 1;

/**
 * The values hold copies: the bytes given may be overwritten afterwards.
 * @throws TicketError `ticket-unsafe`: what is wrong, and at which byte. A cache without credentials, as a failed `kinit`
 * leaves it, is read; `viewTgt` says `ticket-missing` of it.
 */
export function parseCcache(bytes: Uint8Array, limits: { readonly maximumBytes?: number } = {}): Ccache {
  const { maximumBytes = MAXIMUM_CCACHE_BYTES } = limits;
  if (bytes.length === 0) throw unsafe('the ticket cache is empty');
  if (bytes.length > maximumBytes)
    throw unsafe(`the ticket cache has ${bytes.length} bytes, more than the ${maximumBytes} that are allowed`);
  const reader = new CcacheReader(bytes);
  const version = readVersion(reader);
  const header = version === 4 ? readHeader(reader) : undefined;
  const principal = readPrincipal(reader, 'the default principal');
  const credentials: Credential[] = [];
  while (reader.left > 0) credentials.push(readCredential(reader, version, `credential ${credentials.length + 1}`));
  return {
    principal,
    clockOffset: header ?? { seconds: 0, microseconds: 0 },
    ...(header === undefined ? { hasClockOffset: false } : {}),
    credentials,
  };
}

function readVersion(reader: CcacheReader): 3 | 4 {
  const version = reader.u16('the version');
  if (version === 0x0504) return 4;
  if (version === 0x0503) return 3;
  if (version === 0x0501 || version === 0x0502)
    throw unsafe(
      `the ticket cache has version ${version & 0xff}, whose byte order depends on the machine that wrote it; ` +
        'versions 3 and 4 can be read: leave out ccache_type in krb5.conf',
    );
  throw unsafe(`this is no ticket cache: it begins with 0x${hex(version)}, not with 0x0504 (at byte 0)`);
}

/** Unknown fields are passed over, as MIT does. */
function readHeader(reader: CcacheReader): Ccache['clockOffset'] | undefined {
  const length = reader.u16("the header's length");
  reader.demand(length, 'the header');
  const end = reader.at + length;
  let offset: Ccache['clockOffset'] | undefined;
  while (reader.at < end) {
    const tag = reader.u16("a header field's tag");
    const size = reader.u16("a header field's length");
    const fieldEnd = reader.at + size;
    if (fieldEnd > end) throw unsafe(`a field of the header is longer than the header (at byte ${reader.at - 2})`);
    if (tag === DELTA_TIME && size === 8)
      offset = { seconds: reader.u32('the clock offset') | 0, microseconds: reader.u32('the clock offset') | 0 };
    else reader.bytes(size, 'a header field');
  }
  if (reader.at !== end) throw unsafe(`the header ends within a field (at byte ${end})`);
  return offset;
}

function readPrincipal(reader: CcacheReader, what: string): Principal {
  const nameType = reader.u32(`the name type of ${what}`);
  // Each component has at least its length.
  const count = reader.count(4, `the components of ${what}`);
  const realm = reader.text(`the realm of ${what}`);
  const components: string[] = [];
  for (let index = 0; index < count; index += 1) components.push(reader.text(`a component of ${what}`));
  return { nameType, realm, components };
}

function readCredential(reader: CcacheReader, version: 3 | 4, what: string): Credential {
  const client = readPrincipal(reader, `the client of ${what}`);
  const server = readPrincipal(reader, `the server of ${what}`);
  const encryptionType = reader.u16(`the encryption type of ${what}`);
  if (version === 3) reader.u16(`the second encryption type of ${what}`);
  return {
    client,
    server,
    key: { encryptionType, value: reader.data(`the key of ${what}`) },
    authTime: reader.u32(`the times of ${what}`),
    startTime: reader.u32(`the times of ${what}`),
    endTime: reader.u32(`the times of ${what}`),
    renewTill: reader.u32(`the times of ${what}`),
    isSessionKey: reader.bytes(1, `the key mark of ${what}`)[0] !== 0,
    flags: reader.u32(`the flags of ${what}`),
    addresses: readTyped(reader, `the addresses of ${what}`),
    authData: readTyped(reader, `the authorization data of ${what}`),
    ticket: reader.data(`the ticket of ${what}`),
    secondTicket: reader.data(`the second ticket of ${what}`),
  };
}

function readTyped(reader: CcacheReader, what: string): { readonly type: number; readonly value: Uint8Array }[] {
  // Each has at least its type and its length.
  const count = reader.count(6, what);
  const list: { type: number; value: Uint8Array }[] = [];
  for (let index = 0; index < count; index += 1) list.push({ type: reader.u16(what), value: reader.data(what) });
  return list;
}

class CcacheReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  #at = 0;

  constructor(bytes: Uint8Array) {
    // A Buffer's slice would share its bytes.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get at(): number {
    return this.#at;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  demand(size: number, what: string): void {
    if (size > this.left)
      throw unsafe(
        `the ticket cache ends too early: ${what} takes ${size} bytes, ${this.left} are left (at byte ${this.#at})`,
      );
  }

  u16(what: string): number {
    this.demand(2, what);
    const value = this.#view.getUint16(this.#at);
    this.#at += 2;
    return value;
  }

  u32(what: string): number {
    this.demand(4, what);
    const value = this.#view.getUint32(this.#at);
    this.#at += 4;
    return value;
  }

  /** How many follow, where each takes at least so many bytes. */
  count(leastSize: number, what: string): number {
    const count = this.u32(`the count of ${what}`);
    if (count * leastSize > this.left)
      throw unsafe(
        `the ticket cache claims ${count} for ${what}, more than its ${this.left} bytes hold (at byte ${this.#at - 4})`,
      );
    if (count > MAXIMUM_COUNT)
      throw unsafe(
        `the ticket cache claims ${count} for ${what}, more than the ${MAXIMUM_COUNT} that are allowed (at byte ${this.#at - 4})`,
      );
    return count;
  }

  bytes(size: number, what: string): Uint8Array {
    this.demand(size, what);
    const value = this.#bytes.slice(this.#at, this.#at + size);
    this.#at += size;
    return value;
  }

  data(what: string): Uint8Array {
    return this.bytes(this.u32(`the length of ${what}`), what);
  }

  text(what: string): string {
    const start = this.#at;
    const value = this.data(what);
    try {
      return this.#decoder.decode(value);
    } catch {
      throw unsafe(`${what} is not UTF-8 (at byte ${start + 4})`);
    }
  }
}

function hex(value: number): string {
  return value.toString(16).padStart(4, '0');
}

function unsafe(message: string): TicketError {
  return new TicketError('ticket-unsafe', message);
}
