/** A secret in each form in which software may write it down, and the search for them in whatever was read. */

/** What is known of a secret: its bytes, and parts of it that give it away by themselves, such as the ends of a password. */
export interface Secret {
  readonly whole: Buffer;
  readonly parts: readonly Buffer[];
}

export function textSecret(whole: string, parts: readonly string[] = []): Secret {
  return { whole: Buffer.from(whole), parts: parts.map((part) => Buffer.from(part)) };
}

export function binarySecret(whole: Uint8Array): Secret {
  return { whole: Buffer.from(whole), parts: [] };
}

/** Each as the bytes that a file would hold. */
export function formsOf({ whole, parts }: Secret): Buffer[] {
  const found = new Map<string, Buffer>();
  const add = (form: Buffer) => void found.set(form.toString('latin1'), form);
  for (const bytes of [whole, ...parts]) {
    add(bytes);
    for (const text of [bytes.toString('hex'), bytes.toString('hex').toUpperCase(), ...base64sOf(bytes)])
      add(Buffer.from(text));
    const text = bytes.toString();
    if (!Buffer.from(text).equals(bytes)) continue;
    add(Buffer.from(text, 'utf16le'));
    for (const written of [...jsonOf(text), ...urlOf(text), ...htmlOf(text)]) add(Buffer.from(written));
  }
  return [...found.values()];
}

/** As a part of something longer too: at each of the three places of base64, without the characters that neighbours share. */
function base64sOf(bytes: Buffer): string[] {
  return [0, 1, 2].flatMap((before) => {
    const shifted = Buffer.concat([Buffer.alloc(before), bytes]);
    const [from, to] = [Math.ceil((before * 8) / 6), Math.floor((shifted.length * 8) / 6)];
    const text = shifted.toString('base64').slice(from, to);
    return [text, text.replaceAll('+', '-').replaceAll('/', '_')];
  });
}

function jsonOf(text: string): string[] {
  const plain = JSON.stringify(text).slice(1, -1);
  const escape = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  const python = text.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
  // The second is Python's JSON, the third for JSON within HTML, the last a literal of Python.
  return [plain, plain.replace(/[^ -~]/g, escape), plain.replace(/[<>&']/g, escape), python];
}

function urlOf(text: string): string[] {
  return [encodeURIComponent(text), encodeURI(text), new URLSearchParams({ '': text }).toString().slice(1)];
}

function htmlOf(text: string): string[] {
  const written = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return ['&#34;', '&quot;'].flatMap((quote) =>
    ["'", '&#39;', '&#x27;'].map((apostrophe) => written.replaceAll('"', quote).replaceAll("'", apostrophe)),
  );
}

/** `WHAT in WHERE` for each secret that is found in a place. */
export function findSecrets(
  secrets: Readonly<Record<string, Secret>>,
  places: ReadonlyMap<string, Buffer>,
): readonly string[] {
  return Object.entries(secrets).flatMap(([what, secret]) => {
    const forms = formsOf(secret);
    return [...places].flatMap(([where, bytes]) =>
      forms.some((form) => bytes.includes(form)) ? [`${what} in ${where}`] : [],
    );
  });
}
