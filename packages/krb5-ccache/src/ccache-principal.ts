/** Principals as text, with MIT's escapes (krb5_unparse_name, krb5_parse_name). */
import type { Principal } from './ccache.ts';
import { TicketError } from './errors.ts';

const escapes: Readonly<Record<string, string>> = { '\n': '\\n', '\t': '\\t', '\b': '\\b', '\0': '\\0' };
const unescapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', b: '\b', 0: '\0' };

/** `user1@CORP.EXAMPLE.TEST`. Different principals have different texts, but for their name types. */
export function principalText({ realm, components }: Principal): string {
  return `${components.map(escaped).join('/')}@${escaped(realm)}`;
}

/**
 * The realm must be there. The name type is 1 (a user), 2 (a service) for `krbtgt`.
 * @throws TicketError `ticket-unsafe` where the text is no principal.
 */
export function parsePrincipal(text: string): Principal {
  const refuse = (why: string): TicketError =>
    new TicketError('ticket-unsafe', `${JSON.stringify(text)} is no Kerberos principal: ${why}`);
  const components: string[] = [];
  let current = '';
  let inRealm = false;
  for (let at = 0; at < text.length; at += 1) {
    const letter = text.charAt(at);
    if (letter === '\\') {
      at += 1;
      if (at === text.length) throw refuse('it ends with an escape');
      const next = text.charAt(at);
      current += unescapes[next] ?? next;
    } else if (letter === '@' || letter === '/') {
      if (inRealm) throw refuse(`its realm has a ${letter}; write \\${letter} for one that belongs to a name`);
      components.push(current);
      current = '';
      inRealm = letter === '@';
    } else current += letter;
  }
  if (!inRealm || current === '') throw refuse('its realm is missing; write it as user1@CORP.EXAMPLE.TEST');
  if (components.length === 1 && components[0] === '') throw refuse('its name is empty');
  return { nameType: components[0] === 'krbtgt' ? 2 : 1, realm: current, components };
}

/** Name types have no say (RFC 4120, section 6.2). Case has: Kerberos names differ in it. */
export function samePrincipal(a: Principal, b: Principal): boolean {
  return (
    a.realm === b.realm &&
    a.components.length === b.components.length &&
    a.components.every((component, index) => component === b.components[index])
  );
}

/** A principal of a file that anyone may have written, for a sentence: no control characters, no more than 200 letters. */
export function shownPrincipal(principal: Principal): string {
  const text = principalText(principal).replace(/[^\P{C} ]/gu, '\uFFFD');
  return text.length > 200 ? `${text.slice(0, 200)}...` : text;
}

function escaped(text: string): string {
  return text.replace(/[/@\\\n\t\b\0]/g, (letter) => escapes[letter] ?? `\\${letter}`);
}
