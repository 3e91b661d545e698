/**
 * Folding of case for names: Unicode's simple case folding (CaseFolding.txt, statuses C and S), by which no letter
 * becomes two. Full folding would make one account of `strasse` and `straße`, which AD holds apart.
 */

/** Two names that differ by case alone fold to one text. Fit as a key; never shown, never asked for. */
export function foldName(name: string): string {
  return Array.from(name.normalize('NFC'), foldLetter).join('');
}

function foldLetter(letter: string): string {
  // Turkish i: by upper and lower case both would become `i`; simple folding leaves both as they are.
  if (letter === '\u0130' || letter === '\u0131') return letter;
  return single(single(letter, letter.toUpperCase()), single(letter, letter.toUpperCase()).toLowerCase());
}

function single(before: string, after: string): string {
  return [...after].length === 1 ? after : before;
}
