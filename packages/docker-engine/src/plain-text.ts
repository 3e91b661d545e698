/** Text from outside, made fit to be shown anywhere. */

// CSI, OSC/DCS/PM/APC strings, and two-character escapes (ECMA-48, 5.3 and 5.6).
// oxlint-disable-next-line no-control-regex
const ESCAPES =
  /\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-~]?|\x9b[0-?]*[ -/]*[@-~]/g;
const CONTROLS = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/** One line without escapes, control and direction characters, at most so many characters, '…' where it was cut. */
export function plainText(text: string, maxLength: number): string {
  const plain = text
    .replaceAll(ESCAPES, '')
    .replaceAll(/[\t\n\r]+/g, ' ')
    .replaceAll(CONTROLS, '')
    .trimEnd();
  return plain.length <= maxLength ? plain : `${plain.slice(0, maxLength - 1).toWellFormed()}…`;
}
