/** DNs as text (RFC 4514): compared by what they say, not by how they escape it. */
import { foldName } from '@berth/identity';

/** Equal for two spellings of one DN; undefined for what is no DN. */
export function distinguishedNameKey(text: string): string | undefined {
  const parts = split(text);
  const keys = parts.map((part) => {
    const [, type, value] = /^\s*([a-z][a-z0-9-]*|\d+(?:\.\d+)+)\s*=\s*(.*)$/is.exec(part) ?? [];
    return type === undefined || value === undefined ? undefined : [type.toLowerCase(), foldName(unescaped(value))];
  });
  return text.length > 0 && !keys.includes(undefined) ? JSON.stringify(keys) : undefined;
}

/** At the commas that no backslash stands before. */
function split(text: string): readonly string[] {
  return text.match(/(?:\\[^]|[^,\\])+/g) ?? [];
}

function unescaped(value: string): string {
  // A space at the end is part of the value only where it is escaped.
  const kept = value.replace(/(?<!\\)\s+$/, '');
  return kept.replace(/(?:\\[0-9a-f]{2})+|\\[^]/gi, (escape) =>
    /^\\[0-9a-f]{2}/i.test(escape) ? Buffer.from(escape.replaceAll('\\', ''), 'hex').toString() : escape.slice(1),
  );
}
