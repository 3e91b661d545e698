/**
 * Volume names and paths made from templates, as dockerspawner makes them, so that its users' data are found.
 *
 * `{username}` and `{servername}` are escaped as dockerspawner 12 and later do (`-` and lower-case hex of each UTF-8 byte
 * for all but lower-case ASCII letters and digits, the whole in lower case); `{legacy_username}` and `{legacy_servername}` as with
 * its `escape = "legacy"` (`_`, upper-case hex, `-` kept). Source: DockerSpawner._escape, escapism.escape.
 *
 * A file name has at most 255 bytes (NAME_MAX), and a volume's name is one in Docker's data folder. A longer one, with
 * which dockerspawner never got a volume, keeps its beginning and ends in a hash of the whole.
 */
import { createHash } from 'node:crypto';
import { base32 } from './key.ts';

export interface VolumeOwner {
  readonly user: string;
  readonly serverName: string;
}

export type VolumeField = 'username' | 'servername' | 'legacy_username' | 'legacy_servername';

const fields: Record<VolumeField, (owner: VolumeOwner) => string> = {
  username: ({ user }) => escapeModern(user),
  servername: ({ serverName }) => escapeModern(serverName.toLowerCase()),
  legacy_username: ({ user }) => escapeLegacy(user),
  legacy_servername: ({ serverName }) => escapeLegacy(serverName.toLowerCase()),
};

export const volumeFields = Object.keys(fields) as readonly VolumeField[];

/** Fills the template. Only `volumeFields` may stand in braces: anything else throws a RangeError that names it. */
export function volumeName(template: string, owner: VolumeOwner): string {
  const filled = template.replace(/\{([^{}]*)\}/g, (_, name: string) => {
    if (!Object.hasOwn(fields, name))
      throw new RangeError(`{${name}} is not one of {${volumeFields.join('}, {')}} in "${template}"`);
    return fields[name as VolumeField](owner);
  });
  return filled.split('/').map(shortened).join('/');
}

const longest = 255;
const hashLength = 16;

function shortened(name: string): string {
  if (Buffer.byteLength(name) <= longest) return name;
  const hash = base32(createHash('sha256').update(name).digest()).slice(0, hashLength);
  // A letter that is cut in two goes.
  const beginning = Buffer.from(name)
    .toString('utf8', 0, longest - 1 - hashLength)
    .replace(/\ufffd$/, '');
  return `${beginning}-${hash}`;
}

function escapeModern(text: string): string {
  return escape(text, /[a-z0-9]/, '-').toLowerCase();
}

function escapeLegacy(text: string): string {
  return escape(text, /[A-Za-z0-9-]/, '_');
}

/** One-digit bytes stay one digit, as escapism writes them. */
function escape(text: string, safe: RegExp, mark: string): string {
  return Array.from(text, (character) =>
    safe.test(character)
      ? character
      : Array.from(Buffer.from(character), (byte) => mark + byte.toString(16).toUpperCase()).join(''),
  ).join('');
}
