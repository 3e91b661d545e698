/** An entry of the directory, read safely: ldapts gives one value as itself, several as an array and none as an empty array. */
import type { Entry as LdaptsEntry } from 'ldapts';

export class Entry {
  readonly dn: string;
  readonly #values = new Map<string, readonly (string | Buffer)[]>();

  constructor(entry: LdaptsEntry) {
    this.dn = entry.dn;
    // Names are compared without case (RFC 4512, 2.5); an option as in `memberOf;range=0-1499` is not part of them.
    for (const [name, value] of Object.entries(entry)) {
      if (name === 'dn') continue;
      const values = ([] as (string | Buffer)[]).concat(value);
      const key = name.replace(/;.*/s, '').toLowerCase();
      this.#values.set(key, [...(this.#values.get(key) ?? []), ...values]);
    }
  }

  /** Empty where the entry has no such attribute, or it may not be seen. */
  texts(name: string): readonly string[] {
    return (this.#values.get(name.toLowerCase()) ?? []).map((value) => value.toString());
  }

  text(name: string): string | undefined {
    return this.texts(name)[0];
  }

  buffers(name: string): readonly Buffer[] {
    const values = this.#values.get(name.toLowerCase()) ?? [];
    return values.map((value) => (typeof value === 'string' ? Buffer.from(value) : value));
  }

  /** Undefined where there is none, or it is no whole number. */
  integer(name: string): bigint | undefined {
    const text = this.text(name);
    return text !== undefined && /^-?\d{1,20}$/.test(text) ? BigInt(text) : undefined;
  }
}
