/** Writes a FILE ccache, version 4: byte for byte what MIT writes for the same values. */
import type { Ccache, Credential, Principal } from './ccache.ts';

export function writeCcache(cache: Ccache): Uint8Array {
  const writer = new CcacheWriter();
  writer.u16(0x0504);
  if (cache.hasClockOffset === false) writer.u16(0);
  else {
    writer.u16(12);
    writer.u16(1);
    writer.u16(8);
    writer.u32(cache.clockOffset.seconds);
    writer.u32(cache.clockOffset.microseconds);
  }
  writePrincipal(writer, cache.principal);
  for (const credential of cache.credentials) writeCredential(writer, credential);
  return writer.finish();
}

function writePrincipal(writer: CcacheWriter, { nameType, realm, components }: Principal): void {
  writer.u32(nameType);
  writer.u32(components.length);
  for (const text of [realm, ...components]) writer.data(new TextEncoder().encode(text));
}

function writeCredential(writer: CcacheWriter, credential: Credential): void {
  writePrincipal(writer, credential.client);
  writePrincipal(writer, credential.server);
  writer.u16(credential.key.encryptionType);
  writer.data(credential.key.value);
  const { authTime, startTime, endTime, renewTill } = credential;
  for (const time of [authTime, startTime, endTime, renewTill]) writer.u32(time);
  writer.bytes(Uint8Array.of(credential.isSessionKey ? 1 : 0));
  writer.u32(credential.flags);
  for (const list of [credential.addresses, credential.authData]) {
    writer.u32(list.length);
    for (const { type, value } of list) {
      writer.u16(type);
      writer.data(value);
    }
  }
  writer.data(credential.ticket);
  writer.data(credential.secondTicket);
}

class CcacheWriter {
  readonly #parts: Uint8Array[] = [];

  u16(value: number): void {
    this.#parts.push(Uint8Array.of((value >>> 8) & 0xff, value & 0xff));
  }

  /** Signed values too: what counts is their 32 bits. */
  u32(value: number): void {
    this.#parts.push(Uint8Array.of((value >>> 24) & 0xff, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff));
  }

  bytes(value: Uint8Array): void {
    this.#parts.push(value);
  }

  data(value: Uint8Array): void {
    this.u32(value.length);
    this.bytes(value);
  }

  finish(): Uint8Array {
    const whole = new Uint8Array(this.#parts.reduce((size, part) => size + part.length, 0));
    let at = 0;
    for (const part of this.#parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }
}
