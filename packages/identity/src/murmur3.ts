/** MurmurHash3_x86_32 of a text's UTF-8 bytes: what SSSD picks a domain's slice by (sssd, `src/util/murmurhash3.c`). */
export function murmur3(text: string, seed: number): number {
  const bytes = new TextEncoder().encode(text);
  const whole = bytes.length - (bytes.length % 4);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let hash = seed;
  for (let at = 0; at < whole; at += 4) {
    hash = Math.imul(rotated(hash ^ mixed(view.getUint32(at, true)), 13), 5) + 0xe654_6b64;
  }
  let tail = 0;
  for (let at = bytes.length - 1; at >= whole; at--) tail = (tail << 8) | (bytes[at] ?? 0);
  hash ^= mixed(tail) ^ bytes.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function mixed(block: number): number {
  return Math.imul(rotated(Math.imul(block, 0xcc9e_2d51), 15), 0x1b87_3593);
}

function rotated(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
