/** Proof that a run changes nothing under /etc. */
import { createHash } from 'node:crypto';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';

/** Every file, folder and link under /etc with its mode, owner and content's digest, by path. */
export async function listEtc(folder = '/etc'): Promise<Map<string, string>> {
  const listing = new Map<string, string>();
  for (const path of (await readdir(folder, { recursive: true })).toSorted()) {
    const whole = join(folder, path);
    const stat = await lstat(whole);
    const owner = `${(stat.mode & 0o7777).toString(8)} ${stat.uid}:${stat.gid}`;
    if (stat.isFile()) {
      const digest = createHash('sha256').update(await readFile(whole));
      listing.set(whole, `file ${owner} ${digest.digest('hex')}`);
    } else if (stat.isSymbolicLink()) listing.set(whole, `link ${await readlink(whole)}`);
    else listing.set(whole, `${stat.isDirectory() ? 'folder' : 'other'} ${owner}`);
  }
  return listing;
}

/** One line per path that differs: `added`, `removed` or `changed`. */
export function differences(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
  const paths = [...new Set([...before.keys(), ...after.keys()])].toSorted();
  return paths.flatMap((path) => {
    const [was, is] = [before.get(path), after.get(path)];
    if (was === is) return [];
    return [`${was === undefined ? 'added' : is === undefined ? 'removed' : 'changed'} ${path}`];
  });
}
