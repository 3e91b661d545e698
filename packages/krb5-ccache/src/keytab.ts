/** The keytab of one user, in a folder of the admin's. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TicketError } from './errors.ts';
import { failed, readOwnFile, unsafe } from './master-folder.ts';

const KEYTAB_LIMIT = 1 << 20;

/**
 * Path of `<folder>/<username>.keytab`, or undefined where there is none. Rejects with a TicketError: `ticket-unsafe` for a link, another
 * owner, rights of others.
 */
export async function findKeytab(folder: string, username: string, uid: number): Promise<string | undefined> {
  const name = keytabName(username);
  if (name === undefined)
    throw new TicketError('ticket-unsafe', `${JSON.stringify(username)} can't be the name of a keytab file.`);
  await checkKeytabFolder(folder, uid);
  const path = join(folder, name);
  return (await readOwnFile(path, uid, KEYTAB_LIMIT)) === undefined ? undefined : path;
}

/** Undefined where the name would lead elsewhere. */
export function keytabName(username: string): string | undefined {
  const isSafe = /^[^./\p{C}\p{Zl}\p{Zp}-][^/\p{C}\p{Zl}\p{Zp}]*$/u.test(username) && !username.includes('..');
  return isSafe && Buffer.byteLength(username) <= 200 ? `${username}.keytab` : undefined;
}

/** Rejects with a TicketError where others could put keytabs of their own into the folder, or it isn't there. */
export async function checkKeytabFolder(folder: string, uid: number): Promise<void> {
  const found = await stat(folder).catch((error) => {
    throw failed(folder, error);
  });
  if (!found.isDirectory()) throw unsafe(folder, 'is no directory');
  if (found.uid !== uid) throw unsafe(folder, `belongs to uid ${found.uid}, not to ${uid}`);
  if ((found.mode & 0o022) !== 0) throw unsafe(folder, 'may be written to by others (chmod go-w)');
}
