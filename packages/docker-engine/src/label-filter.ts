/** Whether these labels answer `key` or `key=value`, as Docker's `label` filter reads it. */
export function carriesLabel(labels: Readonly<Record<string, string>>, filter: string): boolean {
  const at = filter.indexOf('=');
  const key = at < 0 ? filter : filter.slice(0, at);
  return Object.hasOwn(labels, key) && (at < 0 || labels[key] === filter.slice(at + 1));
}
