/** Text from outside, fit for a message: no control or invisible characters, no more than 80 long. */
export function shown(text: string): string {
  const plain = text
    .slice(0, 400)
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?');
  const letters = [...plain];
  return `'${letters.length > 80 ? `${letters.slice(0, 80).join('')}...` : plain}'`;
}
