/**
 * What a container wrote, as lines.
 *
 * Without a terminal Docker sends frames, eight bytes of header (stream, three zeros, length big-endian) and then the
 * bytes; with one it sends the bytes as they are (API reference, "ContainerAttach", stream format).
 */
import { StringDecoder } from 'node:string_decoder';
import { plainText } from './plain-text.ts';

const LINE_LENGTH = 2000;
/** So much of a line is kept until its end is seen: escapes that are taken out later count here. */
const RAW_LENGTH = 4 * LINE_LENGTH;

export class LogLines {
  readonly #tail: number;
  readonly #lines: string[] = [];
  readonly #streams = new Map<number, { readonly decoder: StringDecoder; pending: string }>();
  #rest: Buffer = Buffer.alloc(0);
  /** Undecided until the first header's worth of bytes has come. */
  #framed: boolean | undefined;

  /** Keeps the last `tail` lines. */
  constructor(tail: number) {
    this.#tail = tail;
  }

  push(chunk: Buffer): void {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    if (this.#framed === undefined && this.#rest.length >= 8) this.#framed = isHeader(this.#rest);
    if (this.#framed === true) this.#frames();
    else if (this.#framed === false) this.#raw();
  }

  /** All that was written, at its end; what a frame that was cut off holds counts too. */
  end(): string[] {
    if (this.#framed === true && this.#rest.length > 8) this.#text(this.#rest[0] ?? 1, this.#rest.subarray(8));
    else if (this.#framed !== true) this.#raw();
    for (const stream of this.#streams.values()) if (stream.pending !== '') this.#line(stream.pending);
    this.#streams.clear();
    return this.#lines.slice(-this.#tail);
  }

  #frames(): void {
    while (this.#rest.length >= 8) {
      const length = this.#rest.readUInt32BE(4);
      if (this.#rest.length < 8 + length) return;
      this.#text(this.#rest[0] ?? 1, this.#rest.subarray(8, 8 + length));
      this.#rest = this.#rest.subarray(8 + length);
    }
  }

  #raw(): void {
    this.#text(1, this.#rest);
    this.#rest = Buffer.alloc(0);
  }

  #text(stream: number, bytes: Buffer): void {
    let state = this.#streams.get(stream);
    if (state === undefined) this.#streams.set(stream, (state = { decoder: new StringDecoder('utf8'), pending: '' }));
    const parts = state.decoder.write(bytes).split('\n');
    const last = parts.pop() ?? '';
    for (const part of parts) {
      this.#line(state.pending + part);
      state.pending = '';
    }
    if (state.pending.length < RAW_LENGTH) state.pending += last.slice(0, RAW_LENGTH - state.pending.length);
  }

  /** Of a line that was written over, as a progress bar is, the last state counts. */
  #line(raw: string): void {
    const shown =
      raw
        .slice(0, RAW_LENGTH)
        .split('\r')
        .findLast((part) => part !== '') ?? '';
    this.#lines.push(plainText(shown, LINE_LENGTH));
    if (this.#lines.length > 2 * this.#tail + 100) this.#lines.splice(0, this.#lines.length - this.#tail);
  }
}

function isHeader(bytes: Buffer): boolean {
  return (bytes[0] ?? 255) <= 2 && bytes[1] === 0 && bytes[2] === 0 && bytes[3] === 0;
}
