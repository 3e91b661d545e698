/**
 * Security identifiers: MS-DTYP 2.4.2. As bytes: revision 1, number of sub-authorities, authority (48 bit, big-endian),
 * sub-authorities (32 bit each, little-endian). As text: `S-1-5-21-...`, the form in which Berth hands them on.
 *
 * What is no SID gives `undefined`: where it came from decides what that means.
 */

export interface Sid {
  /** 48 bit; 5 is NT AUTHORITY. */
  readonly authority: number;
  /** 1 to 15 of them, each 32 bit unsigned. */
  readonly subAuthorities: readonly number[];
}

const mostSubAuthorities = 15;

/** Strict: no leading zeros, no signs, nothing before or behind; `s-1-...` is taken too. */
export function parseSid(text: string): Sid | undefined {
  if (!/^S-1-(?:0|[1-9]\d{0,9}|0x[\da-f]{12})(?:-(?:0|[1-9]\d{0,9})){1,15}$/i.test(text)) return undefined;
  const [authority = '', ...rest] = text.split('-').slice(2);
  const subAuthorities = rest.map(Number);
  const fits = [authority.startsWith('0x') ? 0 : Number(authority), ...subAuthorities].every(
    (part) => part <= 0xffff_ffff,
  );
  return fits ? { authority: Number(authority), subAuthorities } : undefined;
}

/** @param bytes the value of objectSid or tokenGroups */
export function sidFromBytes(bytes: Uint8Array): Sid | undefined {
  const count = bytes[1] ?? 0;
  if (bytes[0] !== 1 || count < 1 || count > mostSubAuthorities || bytes.length !== 8 + 4 * count) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const authority = view.getUint16(2) * 0x1_0000_0000 + view.getUint32(4);
  const subAuthorities = Array.from({ length: count }, (_, index) => view.getUint32(8 + 4 * index, true));
  return { authority, subAuthorities };
}

export function sidToBytes({ authority, subAuthorities }: Sid): Uint8Array {
  const bytes = new Uint8Array(8 + 4 * subAuthorities.length);
  const view = new DataView(bytes.buffer);
  bytes.set([1, subAuthorities.length]);
  view.setUint16(2, Math.floor(authority / 0x1_0000_0000));
  view.setUint32(4, authority % 0x1_0000_0000);
  subAuthorities.forEach((part, index) => view.setUint32(8 + 4 * index, part, true));
  return bytes;
}

/** An authority of more than 32 bit is written in hexadecimal (MS-DTYP 2.4.2.1). */
export function sidText({ authority, subAuthorities }: Sid): string {
  const first = authority > 0xffff_ffff ? `0x${authority.toString(16).padStart(12, '0')}` : String(authority);
  return ['S', '1', first, ...subAuthorities].join('-');
}

/** The relative id: the last sub-authority. */
export function ridOf({ subAuthorities }: Sid): number {
  return subAuthorities.at(-1) ?? 0;
}

/** `S-1-5-21-a-b-c` of `S-1-5-21-a-b-c-rid`; undefined for a SID that no domain gave (BUILTIN, well-known ones). */
export function domainSidOf({ authority, subAuthorities }: Sid): string | undefined {
  const ofDomain = authority === 5 && subAuthorities.length === 5 && subAuthorities[0] === 21;
  return ofDomain ? sidText({ authority, subAuthorities: subAuthorities.slice(0, -1) }) : undefined;
}

/** The English name of a SID that is the same everywhere, or of a RID that each domain has; undefined for all others. */
export function wellKnownName(sid: Sid): string | undefined {
  return domainSidOf(sid) === undefined ? universal.get(sidText(sid)) : ofEachDomain.get(ridOf(sid));
}

/** MS-DTYP 2.4.2.4. */
const universal: ReadonlyMap<string, string> = new Map([
  ['S-1-1-0', 'Everyone'],
  ['S-1-5-2', 'NETWORK'],
  ['S-1-5-4', 'INTERACTIVE'],
  ['S-1-5-7', 'ANONYMOUS LOGON'],
  ['S-1-5-11', 'Authenticated Users'],
  ['S-1-5-15', 'This Organization'],
  ['S-1-5-18', 'SYSTEM'],
  ['S-1-5-19', 'LOCAL SERVICE'],
  ['S-1-5-20', 'NETWORK SERVICE'],
  ['S-1-5-32-544', 'Administrators'],
  ['S-1-5-32-545', 'Users'],
  ['S-1-5-32-546', 'Guests'],
  ['S-1-5-32-555', 'Remote Desktop Users'],
]);

const ofEachDomain: ReadonlyMap<number, string> = new Map([
  [500, 'Administrator'],
  [501, 'Guest'],
  [502, 'krbtgt'],
  [512, 'Domain Admins'],
  [513, 'Domain Users'],
  [514, 'Domain Guests'],
  [515, 'Domain Computers'],
  [516, 'Domain Controllers'],
  [517, 'Cert Publishers'],
  [518, 'Schema Admins'],
  [519, 'Enterprise Admins'],
  [520, 'Group Policy Creator Owners'],
  [521, 'Read-only Domain Controllers'],
  [525, 'Protected Users'],
  [553, 'RAS and IAS Servers'],
]);
