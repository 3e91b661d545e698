/**
 * Accounts as the host's name services know them, found by name. glibc's getent takes a key that is a number for a uid (and
 * `-x` for an option), so such names never reach it; and what it finds must have the name that was asked for.
 *
 * getent says "not known" too where a name service is down: that can't be told apart here.
 */
import {
  type GroupEntry,
  hasControl,
  parseGroupLine,
  parseId,
  parsePasswdLine,
  type PasswdEntry,
} from './account-database.ts';
import { type NameForms, parseAccountName } from './account-name.ts';
import { IdentityError } from './errors.ts';
import type { Getent } from './getent.ts';
import type { PosixAccount } from './posix-account.ts';
import { shown } from './shown.ts';
import { answersTo } from './spelling.ts';

export interface NameService {
  /**
   * The first of the spellings that is known. Rejects with IdentityError: `account-unsafe`, `name-invalid` for names that are
   * never asked for, `account-unknown`, `name-service-failed`.
   *
   * @param spellings of one account, see `accountSpellings`
   */
  account(spellings: string | readonly string[], signal: AbortSignal): Promise<PosixAccount>;
  /** Whether the host's own files (/etc/passwd) hold an account of this name, with its domain or without. Rejects like `account`. */
  isLocal(name: string, signal: AbortSignal): Promise<boolean>;
  /** What the host's own files (/etc/group) call these gids; those that they don't have are left out. Rejects with IdentityError `name-service-failed`. */
  localGroups(gids: readonly number[], signal: AbortSignal): Promise<ReadonlyMap<number, string>>;
  /** Who has the uid now, the host's own files first. Rejects with IdentityError `name-service-failed`. */
  uidHolder(uid: number, signal: AbortSignal): Promise<UidHolder | undefined>;
}

export interface UidHolder {
  readonly uid: number;
  readonly name: string;
  /** In the host's own files. */
  readonly local: boolean;
}

export interface NameServiceParts {
  readonly getent: Getent;
  readonly forms?: NameForms;
}

export function createNameService({ getent, forms = {} }: NameServiceParts): NameService {
  const ask = async (words: readonly string[], signal: AbortSignal) => {
    const answer = await getent(words, signal);
    if (answer.exitCode === 0 || answer.exitCode === 2) return answer;
    const how = answer.exitCode === null ? 'was killed' : `ended with code ${answer.exitCode}`;
    throw new IdentityError(
      'name-service-failed',
      `getent ${words[0] ?? ''} ${how}. Right would be 0 (found) or 2 (not known): see nsswitch.conf.`,
    );
  };

  const passwd = async (key: string, signal: AbortSignal, files = false): Promise<PasswdEntry | undefined> => {
    const answer = await ask([...(files ? ['-s', 'files'] : []), 'passwd', '--', key], signal);
    if (answer.exitCode === 2) return undefined;
    const lines = linesOf(answer.output);
    const entry = lines.length === 1 ? parsePasswdLine(lines[0] ?? '') : undefined;
    if (entry !== undefined) return entry;
    throw new IdentityError(
      'name-service-failed',
      `getent passwd answered for ${shown(key)} with what is no passwd entry: ${shown(answer.output)}.`,
    );
  };

  const groupIds = async (name: string, signal: AbortSignal): Promise<number[]> => {
    const { output } = await ask(['initgroups', '--', name], signal);
    const ids = parseInitgroups(output, name);
    if (ids !== undefined) return ids;
    throw new IdentityError(
      'name-service-failed',
      `getent initgroups answered for ${shown(name)} with what are no groups: ${shown(output)}.`,
    );
  };

  const groupNames = async (
    gids: readonly number[],
    signal: AbortSignal,
    files = false,
  ): Promise<ReadonlyMap<number, string>> => {
    const { output } = await ask([...(files ? ['-s', 'files'] : []), 'group', '--', ...gids.map(String)], signal);
    const entries = linesOf(output)
      .map(parseGroupLine)
      .filter((entry): entry is GroupEntry => entry !== undefined);
    return new Map(entries.map(({ gid, name }) => [gid, name]));
  };

  return {
    async account(spellings, signal) {
      const asked = typeof spellings === 'string' ? [spellings] : spellings;
      for (const name of asked) checkKey(name, forms);
      const others: string[] = [];
      for (const name of asked) {
        const found = await passwd(name, signal);
        if (found === undefined) continue;
        if (answersTo(found.name, asked, forms)) return posixAccount(found, signal);
        others.push(`${shown(found.name)} for ${shown(name)}`);
      }
      const names = asked.map(shown).join(', ');
      const answer =
        others.length === 0 ? 'know no account' : `answered ${others.join(', ')} where the account asked for was`;
      throw new IdentityError(
        'account-unknown',
        `The host's name services ${answer} ${names}. Right would be an account that \`getent passwd\` finds by that name.`,
      );
    },
    async isLocal(name, signal) {
      checkKey(name, forms);
      const bare = bareName(name, forms);
      const local = async (key: string) => (await passwd(key, signal, true)) !== undefined;
      return (await local(name)) || (bare !== name && (await local(bare)));
    },
    localGroups: (gids, signal) => groupNames(gids, signal, true),
    async uidHolder(uid, signal) {
      for (const local of [true, false]) {
        const entry = await passwd(String(uid), signal, local);
        // An account that is named with the digits would be found too.
        if (entry?.uid === uid) return { uid, name: entry.name, local };
      }
      return undefined;
    },
  };

  async function posixAccount(entry: PasswdEntry, signal: AbortSignal): Promise<PosixAccount> {
    checkKey(entry.name, forms);
    const ids = new Set(await groupIds(entry.name, signal));
    ids.delete(entry.gid);
    const names = await groupNames([entry.gid, ...ids], signal);
    return {
      name: entry.name,
      uid: entry.uid,
      gid: entry.gid,
      groupName: names.get(entry.gid) ?? '',
      groups: [...ids].map((gid) => ({ gid, name: names.get(gid) ?? '' })),
      home: entry.home,
      // passwd(5): an empty field is /bin/sh.
      shell: entry.shell === '' ? '/bin/sh' : entry.shell,
      gecos: entry.gecos,
    };
  }
}

/**
 * gids of `getent initgroups NAME`: the name, padded, then numbers. Undefined for any other text.
 *
 * @param name may itself hold spaces and digits
 */
export function parseInitgroups(output: string, name: string): number[] | undefined {
  const line = output.replace(/\n$/, '');
  if (line === '') return [];
  if (!line.startsWith(name)) return undefined;
  const rest = line.slice(name.length);
  if (!/^(?: +\d{1,10})* *$/.test(rest)) return undefined;
  const ids = rest
    .split(' ')
    .filter((word) => word !== '')
    .map(parseId);
  return ids.every((id) => id !== undefined) ? ids : undefined;
}

/** Refuses what getent, or a shell or tool after it, would take for something else than a name. */
function checkKey(name: string, forms: NameForms): void {
  if (name === '' || name.includes(':') || hasControl(name)) {
    throw new IdentityError(
      'name-invalid',
      `${shown(name)} is no account name: it is empty or holds ':' or a control character. Right would be user1 or BANK\\user1.`,
    );
  }
  for (const part of [name, bareName(name, forms)]) {
    if (!/^\s*(?:-|[+]?\d+\s*$)/.test(part)) continue;
    throw new IdentityError(
      'account-unsafe',
      `${shown(name)} is never looked up: a name of digits would be taken for a uid, one that begins with '-' for an option. Right would be an account with a letter first.`,
    );
  }
}

function bareName(name: string, forms: NameForms): string {
  try {
    return parseAccountName(name, forms).name;
  } catch {
    return name;
  }
}

function linesOf(output: string): string[] {
  return output.split('\n').filter((line) => line !== '');
}
