/**
 * Names of accounts and groups, as people type them and as name services write them, as one value.
 *
 * | form | read as |
 * | --- | --- |
 * | `user1` | name alone |
 * | `BANK\user1`, by option `BANK+user1` (winbind separator) | NetBIOS domain and name |
 * | `user1@corp.example.test` (UPN, SSSD) | name and DNS domain |
 * | `user1@BANK` (SSSD), `corp.example.test\user1` (Windows) | told apart by the dot |
 * | `BANK\domain^users` (PBIS) | `^` is a space |
 *
 * The name of a UPN need not be the sAMAccountName: who asks a directory looks for the userPrincipalName too.
 */
import { IdentityError } from './errors.ts';
import { foldName } from './fold.ts';
import { shown } from './shown.ts';

export interface AccountName {
  /** Without a domain, NFC, in the case it was written in. */
  readonly name: string;
  readonly domain?: AccountDomain;
}

/** NetBIOS names in upper case, DNS names in lower case. */
export type AccountDomain = { readonly netbios: string } | { readonly dns: string };

export interface NameForms {
  /** winbind's separator (`winbind separator = +`); `\` always counts too. */
  readonly separator?: string;
  /** PBIS writes a space as `^`. AD allows `^` in a name: `itself` for a site that has such names. Default `space`. */
  readonly caret?: 'space' | 'itself';
}

/** Longest user name that Windows takes (UNLEN is 256, logon takes 104), in UTF-16 units as AD counts. */
const longestName = 104;
/** userPrincipalName: rangeUpper of its attribute schema. */
const longestPrincipal = 1024;
/** sAMAccountName: rangeUpper of its attribute schema. */
const longestGroup = 256;

/** What SAM refuses in a sAMAccountName (Microsoft, "SAM-Account-Name attribute"), and `@`, which would make it a UPN. */
const forbiddenLetter = /["/\\[\]:;|=,+*?<>@]/;
const dnsName =
  /^(?=.{1,255}$)[\p{L}\p{N}_](?:[\p{L}\p{M}\p{N}_-]{0,62})(?:\.[\p{L}\p{N}_](?:[\p{L}\p{M}\p{N}_-]{0,62}))+$/u;
const netbiosName = /^[^\s.\\/:*?"<>|,@+=;[\]]{1,15}$/u;

/**
 * @param text what a person typed or a name service wrote; surrounding spaces are dropped
 * @throws IdentityError `name-invalid`
 */
export function parseAccountName(text: string, forms: NameForms = {}): AccountName {
  const refuse: Refuse = (reason) => invalid(text, 'account name', reason, accountExample);
  const clean = cleaned(text, refuse);
  const parts = splitAtSeparator(clean, forms) ?? splitAtSign(clean);
  const isPrincipal = parts.domain !== undefined && parts.at;
  const name = spacesOf(parts.name, forms);
  checkName(name, refuse);
  if (isPrincipal && clean.length > longestPrincipal) refuse(`it is longer than ${longestPrincipal} characters`);
  if (!isPrincipal && name.length > longestName) refuse(`its name is longer than ${longestName} characters`);
  return parts.domain === undefined ? { name } : { name, domain: parseDomain(parts.domain, refuse) };
}

/**
 * Groups may hold what accounts may not: parentheses, `*`, `@`, and `\` behind a domain.
 *
 * @throws IdentityError `name-invalid`
 */
export function parseGroupName(text: string, forms: NameForms = {}): AccountName {
  const refuse: Refuse = (reason) => invalid(text, 'group name', reason, groupExample);
  const clean = cleaned(text, refuse);
  const parts = splitAtSeparator(clean, forms) ?? splitGroupAtSign(clean);
  const name = spacesOf(parts.name, forms);
  checkEdges(name, refuse);
  if (/^[. ]+$/.test(name)) refuse('it holds nothing but dots');
  if (name.length > longestGroup) refuse(`its name is longer than ${longestGroup} characters`);
  return parts.domain === undefined ? { name } : { name, domain: parseDomain(parts.domain, refuse) };
}

/** Whether AD takes two names, without their domains, for one account: by case it tells none apart. */
export function sameAccountName(a: string, b: string): boolean {
  return foldName(a) === foldName(b);
}

/** Refuses a sAMAccountName that no account can have; for names that came from a directory. */
export function checkAccountName(name: string): void {
  const refuse: Refuse = (reason) =>
    invalid(name, 'account name', reason, 'Right would be a sAMAccountName, such as user1.');
  checkLetters(name, refuse);
  checkName(name, refuse);
  if (name.length > longestName) refuse(`it is longer than ${longestName} characters`);
}

type Refuse = (reason: string) => never;

interface NameParts {
  readonly name: string;
  readonly domain?: string;
  /** The domain stood behind an `@`. */
  readonly at?: boolean;
}

const accountExample = 'Right would be user1, BANK\\user1 or user1@corp.example.test.';
const groupExample = 'Right would be BANK\\risk analysts, or risk analysts.';

function invalid(text: string, what: string, reason: string, example: string): never {
  throw new IdentityError('name-invalid', `${shown(text)} is no ${what}: ${reason}. ${example}`);
}

function cleaned(text: string, refuse: Refuse): string {
  if (text.length > 4096) refuse(`it is longer than ${longestPrincipal} characters`);
  checkLetters(text, refuse);
  const clean = text.normalize('NFC').replace(/^ +/, '').replace(/ +$/, '');
  if (clean === '') refuse('it is empty');
  return clean;
}

function checkLetters(text: string, refuse: Refuse): void {
  if (!text.isWellFormed()) refuse('it is no Unicode text');
  // AD ignores zero-width letters when it compares: two spellings that look alike would be one account.
  if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text)) refuse('it holds a control character or an invisible one');
}

function splitAtSeparator(text: string, { separator }: NameForms): NameParts | undefined {
  const at = [...text].findIndex((letter) => letter === '\\' || letter === separator);
  if (at === -1) return undefined;
  const letters = [...text];
  return { domain: letters.slice(0, at).join(''), name: letters.slice(at + 1).join('') };
}

function splitAtSign(text: string): NameParts {
  const at = text.lastIndexOf('@');
  return at === -1 ? { name: text } : { name: text.slice(0, at), domain: text.slice(at + 1), at: true };
}

/** A group's own name may hold `@`: only what looks like a DNS name behind it is a domain. */
function splitGroupAtSign(text: string): NameParts {
  const parts = splitAtSign(text);
  return parts.domain !== undefined && dnsName.test(parts.domain) ? parts : { name: text };
}

function spacesOf(name: string, { caret = 'space' }: NameForms): string {
  return caret === 'space' ? name.replaceAll('^', ' ') : name;
}

function checkName(name: string, refuse: Refuse): void {
  checkEdges(name, refuse);
  const letter = forbiddenLetter.exec(name)?.[0];
  if (letter !== undefined) refuse(`${letter} can't stand in a name`);
  if (name.endsWith('.')) refuse("a name can't end with a dot");
}

function checkEdges(name: string, refuse: Refuse): void {
  if (name === '') refuse('the name beside the domain is empty');
  if (name.startsWith(' ') || name.endsWith(' ')) refuse("a name can't begin or end with a space");
}

function parseDomain(domain: string, refuse: Refuse): AccountDomain {
  if (dnsName.test(domain)) return { dns: domain.toLowerCase() };
  if (netbiosName.test(domain)) return { netbios: domain.toUpperCase() };
  return refuse(`${shown(domain)} is no domain`);
}
