/** Text from outside (names, reasons, log lines), made safe to print on a terminal. */
import { stripVTControlCharacters } from 'node:util';

/** Format characters (bidirectional, zero-width, tags), line separators, surrogates, and letters drawn as nothing. */
const invisible =
  /[\p{Cf}\p{Zl}\p{Zp}\p{Cs}\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u3164\ufe00-\ufe0f\uffa0\u{e0100}-\u{e01ef}]/gu;

/** One line: escape sequences and control characters gone, line breaks and tabs a space, what can't be seen as `\u{202e}`. */
export function printable(text: string): string {
  return printableLine(text.replace(/[\t\n\v\f\r\u0085]+/g, ' '));
}

/** As `printable`, but tabs stay: for log lines. */
export function printableLine(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g, '')
    .replace(invisible, visible);
}

/** JSON that no terminal takes for anything else; parses to the same value. */
export function printableJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent)
    .replace(/[\u007f-\u009f]/g, escaped)
    .replace(invisible, escaped);
}

function visible(character: string): string {
  return `\\u{${character.codePointAt(0)!.toString(16)}}`;
}

function escaped(character: string): string {
  return Array.from({ length: character.length }, (_, at) => character.charCodeAt(at))
    .map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`)
    .join('');
}
