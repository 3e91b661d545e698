/** Tables without lines, as `docker ps` has them; cells are made printable here, so that no text gets past it. */
import { styleText } from 'node:util';
import CliTable from 'cli-table3';
import { printable } from './printable.ts';
import type { Terminal } from './surroundings.ts';

export type Colour = 'red' | 'yellow' | 'green' | 'dim';

export interface Cell {
  readonly text: string;
  readonly colour?: Colour | undefined;
  /** A second line, in the same cell. */
  readonly below?: string | undefined;
}

const gap = 2;
const narrowest = 24;

/** @param head Without names, no line for them. The last column is wrapped where the terminal is too narrow. */
export function table(
  head: readonly string[],
  rows: readonly (readonly (string | Cell)[])[],
  terminal: Terminal,
): string {
  const body = rows.map((row) => row.map((cell) => drawn(cell, terminal.colour)));
  const lines = head.length === 0 ? body : [[...head], ...body];
  const drawing = new CliTable({
    chars: noLines,
    style: { 'padding-left': 0, 'padding-right': gap, head: [], border: [] },
    ...widths(lines, terminal.columns),
  });
  drawing.push(...lines);
  return lines.length === 0 ? '' : `${drawing.toString().replace(/[ ]+$/gm, '')}\n`;
}

const noLines = Object.fromEntries(
  ['top', 'bottom', 'left', 'right']
    .flatMap((side) => [side, `${side}-mid`, `${side}-left`, `${side}-right`])
    .concat(['mid', 'mid-mid', 'middle'])
    .map((name) => [name, '']),
);

function drawn(cell: string | Cell, colours: boolean): string {
  if (typeof cell === 'string') return printable(cell);
  const below = cell.below === undefined ? '' : `\n${printable(cell.below)}`;
  const text = printable(cell.text);
  return colours && cell.colour !== undefined
    ? `${styleText(cell.colour, text, { validateStream: false })}${below}`
    : text + below;
}

/** Only the last column gives way, and only to its narrowest; a terminal narrower still wraps by itself. */
function widths(lines: readonly (readonly string[])[], columns: number | undefined) {
  const last = (lines[0]?.length ?? 0) - 1;
  if (columns === undefined || last < 0) return {};
  const natural = Array.from({ length: last + 1 }, (_, at) => Math.max(...lines.map((line) => width(line[at] ?? ''))));
  const before = natural.slice(0, last).reduce((sum, each) => sum + each + gap, 0);
  const left = Math.max(narrowest, columns - before);
  if (natural[last]! + gap <= left) return {};
  const colWidths = [...natural.slice(0, last).map((each) => each + gap), left];
  return {
    colWidths,
    wordWrap: true,
    wrapOnWordBoundary: !lines.some((line) => longWord(line[last] ?? '', left - gap)),
  };
}

function longWord(text: string, room: number): boolean {
  return text.split(/\s/).some((word) => width(word) > room);
}

const colourCodes = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g');
const wide = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{Emoji_Presentation}\u3000-\u303f\uff01-\uff60]/u;

/** In columns: letters of East Asia and emoji take two, combining marks none. */
function width(text: string): number {
  const lines = text.replace(colourCodes, '').split('\n');
  const columns = (line: string) =>
    Array.from(line).reduce((sum, letter) => sum + (/\p{M}/u.test(letter) ? 0 : wide.test(letter) ? 2 : 1), 0);
  return Math.max(...lines.map(columns));
}
