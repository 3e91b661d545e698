/**
 * The text of a krb5.conf as a tree, and back (MIT's util/profile/prof_parse.c; the manual page krb5.conf).
 *
 * Kept as written: order, repeated tags, final marks (`*`). Left out: comments, `module` lines.
 */
import { TicketError } from './errors.ts';

export interface ConfSection {
  readonly name: string;
  readonly isFinal: boolean;
  readonly entries: readonly ConfEntry[];
}

export type ConfEntry =
  | { readonly tag: string; readonly isFinal: boolean; readonly value: string }
  | { readonly tag: string; readonly isFinal: boolean; readonly entries: readonly ConfEntry[] };

/** `include FILE` and `includedir FOLDER`, as a line has them. */
export interface ConfInclude {
  readonly kind: 'include' | 'includedir';
  readonly path: string;
}

interface Group {
  readonly tag: string;
  isFinal: boolean;
  readonly entries: ConfEntry[];
}

/**
 * `onInclude` gives the sections that an include stands for. An included file begins anew, with a section; the line after
 * the include goes on where the line before it was.
 * @throws TicketError `ticket-failed`: which line, and what is wrong with it.
 */
export async function parseConf(
  text: string,
  name: string,
  onInclude: (include: ConfInclude) => Promise<readonly ConfSection[]>,
): Promise<ConfSection[]> {
  const sections: ConfSection[] = [];
  // The innermost is last; the first is the section.
  let open: Group[] = [];
  let awaitsBrace = false;
  const close = (): void => {
    const [section] = open;
    if (section) sections.push({ name: section.tag, isFinal: section.isFinal, entries: section.entries });
  };

  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const refuse = (why: string): TicketError =>
      new TicketError('ticket-failed', `${name}, line ${index + 1}: ${why}; correct the file`);
    if (/[^\P{Cc}\t]/u.test(line)) throw refuse('it holds a control character');
    const include = /^(include|includedir)\s+(.*?)\s*$/.exec(line);
    if (include) {
      const [, kind, path = ''] = include;
      const [section] = open;
      if (open.length > 1) throw refuse(`${kind} within braces`);
      close();
      sections.push(...(await onInclude({ kind: kind as ConfInclude['kind'], path })));
      open = section ? [{ ...section, entries: [] }] : [];
      continue;
    }
    // Before the first section anything is a comment; `module` hands the rest to a library.
    if (open.length === 0 && !line.startsWith('[')) continue;
    const code = line.trim();
    if (code === '' || code.startsWith('#') || code.startsWith(';')) {
      if (awaitsBrace) throw refuse('a tag without a value asks for { on the line after it');
      continue;
    }
    if (awaitsBrace) {
      if (!code.startsWith('{')) throw refuse('a tag without a value asks for { on the line after it');
      awaitsBrace = false;
    } else if (code.startsWith('[')) {
      const heading = /^\[([^\]]*)\](\*?)\s*$/.exec(code);
      if (!heading) throw refuse('a section is written [name]');
      if (open.length > 1) throw refuse('a section begins within braces; a } is missing before it');
      close();
      open = [{ tag: heading[1] ?? '', isFinal: heading[2] === '*', entries: [] }];
    } else if (code.startsWith('}')) {
      const group = open.pop();
      if (group === undefined || open.length === 0) throw refuse('there is a } without its {');
      if (code.startsWith('}*')) group.isFinal = true;
    } else {
      const relation = /^([^\s=]+)\s*=\s*(.*)$/.exec(code);
      if (!relation) throw refuse('it is neither a section nor tag = value');
      const [, marked = '', value = ''] = relation;
      const [tag = ''] = marked.split('*', 1);
      const isFinal = marked.includes('*');
      const into = open.at(-1)?.entries;
      if (value === '' || /^\{\s*$/.test(value)) {
        const group: Group = { tag, isFinal, entries: [] };
        into?.push(group);
        open.push(group);
        awaitsBrace = value === '';
      } else into?.push({ tag, isFinal, value: value.startsWith('"') ? unquoted(value) : value });
    }
  }
  if (open.length > 1) throw new TicketError('ticket-failed', `${name}: a } is missing at its end; correct the file`);
  close();
  return sections;
}

/**
 * The text of such a tree. Sections and groups of one name become one, as MIT reads them: other readers (Java's) needn't.
 */
export function confText(sections: readonly ConfSection[]): string {
  const groups = merged(sections.map(({ name, isFinal, entries }) => ({ tag: name, isFinal, entries })));
  return groups
    .map(({ tag, isFinal, ...rest }) => {
      const entries = 'entries' in rest ? rest.entries : [];
      return entries.length === 0 ? '' : `[${tag}]${isFinal ? '*' : ''}\n${entriesText(entries, '  ')}`;
    })
    .filter((text) => text !== '')
    .join('\n');
}

function merged(entries: readonly ConfEntry[]): ConfEntry[] {
  const list: ConfEntry[] = [];
  const groups = new Map<string, Group>();
  for (const entry of entries) {
    const { tag, isFinal } = entry;
    if ('value' in entry) {
      list.push(entry);
      continue;
    }
    const known = groups.get(tag);
    const group: Group = known ?? { tag, isFinal, entries: [] };
    group.entries.push(...entry.entries);
    group.isFinal ||= isFinal;
    if (known !== undefined) continue;
    groups.set(tag, group);
    list.push(group);
  }
  return list;
}

function entriesText(entries: readonly ConfEntry[], indent: string): string {
  return merged(entries)
    .map((entry) => {
      const tag = `${indent}${entry.tag}${entry.isFinal ? '*' : ''} = `;
      return 'value' in entry
        ? `${tag}${quoted(entry.value)}\n`
        : `${tag}{\n${entriesText(entry.entries, `${indent}  `)}${indent}}\n`;
    })
    .join('');
}

const letters: Readonly<Record<string, string>> = { n: '\n', t: '\t', b: '\b' };

function unquoted(value: string): string {
  const inner = /^"((?:\\.|[^"\\])*)/.exec(value)?.[1] ?? '';
  return inner.replace(/\\(.)/g, (_, letter: string) => letters[letter] ?? letter);
}

function quoted(value: string): string {
  if (value !== '' && !/^[\s"{]|\s$|[\n\t\b]/.test(value)) return value;
  const escaped = value.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\t', '\\t');
  return `"${escaped.replaceAll('\b', '\\b')}"`;
}
