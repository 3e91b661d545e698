/** A filter from its BER (RFC 4511, 4.5.1.7): those kinds that Berth sends. ldapts' own parser misreads presence within others. */
import { AndFilter, type BerReader, EqualityFilter, type Filter, OrFilter, PresenceFilter } from 'ldapts';

export function readFilter(reader: BerReader): Filter {
  const tag = reader.peek();
  if (tag === 0x87) return new PresenceFilter({ attribute: reader.readString(0x87) ?? '' });
  reader.readSequence();
  const end = reader.offset + reader.length;
  if (tag === 0xa3)
    return new EqualityFilter({ attribute: reader.readString() ?? '', value: reader.readString() ?? '' });
  const filters: Filter[] = [];
  while (reader.offset < end) filters.push(readFilter(reader));
  if (tag === 0xa0) return new AndFilter({ filters });
  if (tag === 0xa1) return new OrFilter({ filters });
  throw new Error(`no filter that was expected: 0x${tag?.toString(16)}`);
}
