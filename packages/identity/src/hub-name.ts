/**
 * The name by which JupyterHub knows an account.
 *
 * The hub lower-cases names, refuses `/`, and keeps them in 255 characters. AD takes names that differ by case alone for one
 * account, so within one domain two accounts never get one hub name. `name` drops the domain: `BANK\user1` and `OTHER\user1`
 * would be one hub user. So who lets accounts in keeps the SID with each hub name and refuses a second one; with
 * more than one domain, `name@domain` or `domain\name` is the right choice.
 */
import { type AccountName, checkAccountName, parseAccountName } from './account-name.ts';
import { IdentityError } from './errors.ts';
import { shown } from './shown.ts';

/** `user1`, `user1@corp.example.test` or `bank\user1`. */
export type HubNameFormat = 'name' | 'name@domain' | 'domain\\name';

export interface NamedAccount {
  readonly sAMAccountName: string;
  readonly netbiosDomain: string;
  readonly dnsDomain: string;
}

const longest = 255;

/**
 * @param account as the directory writes it, never as it was typed
 * @throws IdentityError `name-invalid` for a name that the hub could not hold
 */
export function hubUserName(account: NamedAccount, format: HubNameFormat): string {
  checkAccountName(account.sAMAccountName);
  const name = written(account, format).toLowerCase().normalize('NFC');
  if (name.includes('/') || /\p{Cc}/u.test(name) || !name.isWellFormed()) {
    throw new IdentityError(
      'name-invalid',
      `${shown(name)} can't be a hub user's name: it holds '/' or a control character. Right would be a domain without them.`,
    );
  }
  if (name.length > longest) {
    throw new IdentityError(
      'name-invalid',
      `${shown(name)} can't be a hub user's name: it is longer than ${longest} characters. Right would be the format 'name'.`,
    );
  }
  return name;
}

/**
 * The account that a hub user's name stands for; its name is in lower case, for the hub has no other.
 *
 * @throws IdentityError `name-invalid` where the name is not of that format
 */
export function parseHubUserName(hubName: string, format: HubNameFormat): AccountName {
  const account = parseAccountName(hubName, { caret: 'itself' });
  if (formatOf(hubName) === format) return account;
  throw new IdentityError(
    'name-invalid',
    `${shown(hubName)} is no hub user's name of the format ${format}. Right would be ${examples[format]}.`,
  );
}

const examples: Readonly<Record<HubNameFormat, string>> = {
  name: 'user1',
  'name@domain': 'user1@corp.example.test',
  'domain\\name': 'bank\\user1',
};

function written({ sAMAccountName, netbiosDomain, dnsDomain }: NamedAccount, format: HubNameFormat): string {
  if (format === 'name') return sAMAccountName;
  return format === 'name@domain' ? `${sAMAccountName}@${dnsDomain}` : `${netbiosDomain}\\${sAMAccountName}`;
}

function formatOf(hubName: string): HubNameFormat {
  if (hubName.includes('\\')) return 'domain\\name';
  return hubName.includes('@') ? 'name@domain' : 'name';
}
