/** The spellings by which name services know one account, and whether an answer is the account that was asked for. */
import { type AccountDomain, type NameForms, parseAccountName } from './account-name.ts';
import { IdentityError } from './errors.ts';
import { foldName } from './fold.ts';
import { shown } from './shown.ts';

export interface SpelledAccount {
  /** sAMAccountName. */
  readonly name: string;
  readonly netbiosDomain?: string;
  readonly dnsDomain?: string;
}

/**
 * `{domain}` is the NetBIOS name, `{dnsDomain}`, `{name}`, and `{name^}` with `^` for spaces (PBIS). A template whose
 * domain isn't known is left out, so is a spelling that was there already.
 *
 * @param templates such as `{domain}\{name^}`, `{name}@{dnsDomain}`, `{name}`; the first that is known counts
 * @throws IdentityError `name-invalid` for a template with any other `{...}`
 */
export function accountSpellings(account: SpelledAccount, templates: readonly string[]): string[] {
  const spelled = templates.map((template) => fillTemplate(template, fieldsOf(account)));
  return [...new Set(spelled.filter((each) => each !== undefined))];
}

/** @throws IdentityError `name-invalid` for a field that `fields` doesn't name; undefined where its value isn't known */
export function fillTemplate(
  template: string,
  fields: Readonly<Record<string, string | undefined>>,
): string | undefined {
  let known = true;
  const filled = template.replace(/\{([^{}]*)\}/g, (_, field: string) => {
    if (!Object.hasOwn(fields, field)) {
      const right = Object.keys(fields).map((each) => `{${each}}`);
      throw new IdentityError(
        'name-invalid',
        `The template ${shown(template)} has {${field}}. Right would be ${right.join(', ')}.`,
      );
    }
    known &&= fields[field] !== undefined;
    return fields[field] ?? '';
  });
  return known ? filled : undefined;
}

/**
 * Whether `found` is an answer to `asked`: the same name by case and form, and no other domain than one that was asked for. Names
 * that are of no form (a local account) must be equal.
 */
export function answersTo(found: string, asked: readonly string[], forms: NameForms): boolean {
  const answer = parsed(found, forms);
  if (answer === undefined) return asked.includes(found);
  const questions = asked.map((each) => parsed(each, forms)).filter((each) => each !== undefined);
  if (!questions.some((question) => foldName(question.name) === foldName(answer.name))) return false;
  const rivals = questions.flatMap(({ domain }) =>
    domain !== undefined && comparable(domain, answer.domain) ? [domain] : [],
  );
  return rivals.length === 0 || rivals.some((domain) => text(domain) === text(answer.domain));
}

function fieldsOf({ name, netbiosDomain, dnsDomain }: SpelledAccount): Readonly<Record<string, string | undefined>> {
  return { domain: netbiosDomain, dnsDomain, name, 'name^': name.replaceAll(' ', '^') };
}

function parsed(name: string, forms: NameForms) {
  try {
    return parseAccountName(name, forms);
  } catch {
    return undefined;
  }
}

function comparable(a: AccountDomain, b: AccountDomain | undefined): boolean {
  return b !== undefined && 'dns' in a === 'dns' in b;
}

function text(domain: AccountDomain | undefined): string | undefined {
  return domain === undefined ? undefined : foldName('dns' in domain ? domain.dns : domain.netbios);
}
