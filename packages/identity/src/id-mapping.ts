/**
 * Which uid or gid a host gives to a SID. Each kind is what a name service computes by itself, so that a container has
 * the same ids as the host and its file servers, without asking them.
 */
import { murmur3 } from './murmur3.ts';
import { domainSidOf, parseSid, ridOf, type Sid } from './sid.ts';

export type IdMapping = PbisMapping | SssdMapping | WinbindRidMapping | Rfc2307Mapping;

/** PBIS Open, unprovisioned mode: a hash of the domain above, 19 bits of the RID below. RIDs that differ by 524,288 collide. */
export interface PbisMapping {
  readonly kind: 'pbis';
}

/**
 * SSSD's `ldap_id_mapping` (sssd-ad(5), "ID MAPPING"): the range is cut into slices, and a domain's slice is a hash of its SID.
 * RIDs past one slice get further ones, by hash of the SID with the first RID appended.
 */
export interface SssdMapping {
  readonly kind: 'sssd';
  /** `ldap_idmap_range_min`; default 200,000. */
  readonly rangeMin?: number;
  /** `ldap_idmap_range_max`, itself not given out; default 2,000,200,000. */
  readonly rangeMax?: number;
  /** `ldap_idmap_range_size`; default 200,000. */
  readonly rangeSize?: number;
  /** `ldap_idmap_default_domain_sid`: this domain has slice 0, whatever its hash. */
  readonly defaultDomain?: string;
  /**
   * SIDs of all domains, in the order in which SSSD met them: one whose slice is taken gets the next free one. SIDs of
   * other domains get no id. Absent: one domain, or several that don't collide.
   */
  readonly domains?: readonly string[];
}

/** winbind's `idmap config BANK : backend = rid` (idmap_rid(8)): RID - base_rid + low. */
export interface WinbindRidMapping {
  readonly kind: 'winbind-rid';
  readonly domains: readonly {
    /** The domain's SID. */
    readonly sid: string;
    /** `range = low-high`, both given out. */
    readonly low: number;
    readonly high: number;
    /** Default 0. */
    readonly baseRid?: number;
  }[];
}

/** uidNumber and gidNumber as the directory has them; a SID says nothing. */
export interface Rfc2307Mapping {
  readonly kind: 'rfc2307';
}

/**
 * @param sid as text
 * @returns 32 bit unsigned; undefined where the text is no SID or the mapping gives it no id
 */
export function mapSid(sid: string, mapping: IdMapping): number | undefined {
  const parsed = parseSid(sid);
  if (parsed === undefined) return undefined;
  switch (mapping.kind) {
    case 'pbis':
      return pbisId(parsed);
    case 'sssd':
      return sssdId(parsed, mapping);
    case 'winbind-rid':
      return winbindId(parsed, mapping);
    case 'rfc2307':
      return undefined;
  }
}

/** PBIS Open, `UnprovPlugin_Hash` (lsass/server/auth-providers/ad-open-provider). */
function pbisId({ subAuthorities: parts }: Sid): number {
  const n = parts.length;
  const domain = n > 3 ? ((parts[n - 4] ?? 0) ^ (parts[n - 3] ?? 0) ^ (parts[n - 2] ?? 0)) >>> 0 : 0;
  const hash = ((domain >>> 20) + ((domain >>> 8) & 0xfff) + (domain & 0xff)) & 0xfff;
  return ((hash << 19) >>> 0) + ((parts[n - 1] ?? 0) & 0x7_ffff);
}

function winbindId(sid: Sid, { domains }: WinbindRidMapping): number | undefined {
  const domainSid = domainSidOf(sid);
  const domain = domains.find((each) => domainSid !== undefined && each.sid.toUpperCase() === domainSid);
  if (domain === undefined) return undefined;
  const id = ridOf(sid) - (domain.baseRid ?? 0) + domain.low;
  return id >= domain.low && id <= domain.high ? id : undefined;
}

const sssdSeed = 0xdead_beef;

function sssdId(sid: Sid, mapping: SssdMapping): number | undefined {
  const domain = domainSidOf(sid);
  if (domain === undefined) return undefined;
  const { rangeMin = 200_000, rangeMax = 2_000_200_000, rangeSize = 200_000 } = mapping;
  const count = Math.floor((rangeMax - rangeMin) / rangeSize);
  const slices = firstSlices(mapping, domain, count);
  const rid = ridOf(sid);
  const firstRid = Math.floor(rid / rangeSize) * rangeSize;
  const slice =
    firstRid === 0 ? slices.get(domain) : freeSlice(`${domain}-${firstRid}`, new Set(slices.values()), count);
  if (slice === undefined || !slices.has(domain)) return undefined;
  return rangeMin + slice * rangeSize + (rid - firstRid);
}

/** The slice in which each domain's RIDs begin (sssd, `sss_idmap_calculate_range`). */
function firstSlices(mapping: SssdMapping, asked: string, count: number): ReadonlyMap<string, number> {
  const slices = new Map<string, number>();
  const defaultDomain = mapping.defaultDomain?.toUpperCase();
  if (defaultDomain !== undefined && count > 0) slices.set(defaultDomain, 0);
  for (const domain of mapping.domains?.map((each) => each.toUpperCase()) ?? [asked]) {
    const slice = slices.has(domain) ? undefined : freeSlice(domain, new Set(slices.values()), count);
    if (slice !== undefined) slices.set(domain, slice);
  }
  return slices;
}

function freeSlice(key: string, taken: ReadonlySet<number>, count: number): number | undefined {
  if (taken.size >= count) return undefined;
  let slice = murmur3(key, sssdSeed) % count;
  while (taken.has(slice)) slice = (slice + 1) % count;
  return slice;
}
