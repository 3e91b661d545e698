/**
 * The host's iptables rules, kept whole while several dockerds come and go.
 *
 * A starting dockerd flushes the chains DOCKER and DOCKER-ISOLATION-* of the host (bridge driver, `removeIPChains`), those
 * of another running daemon too. `keepingRules` puts back what got lost of the others; `removeRules` takes away what a
 * daemon that is gone left behind.
 */
import { runCommand, tryCommand } from './run-command.ts';

/** A rule as `iptables-save` writes it: `-A CHAIN ...`. */
interface Rule {
  readonly table: string;
  readonly text: string;
}

/** Runs `start`, then puts back the rules that it threw away, on top of their chains and in their order. */
export async function keepingRules<T>(start: () => Promise<T>): Promise<T> {
  const before = await rules();
  const result = await start();
  const present = new Set((await rules()).map(key));
  const lost = before.filter((rule) => rule.text.startsWith('-A DOCKER') && !present.has(key(rule)));
  // Each chain ends with the RETURN or DROP that the daemon wrote anew: what was lost belongs above it.
  for (const rule of lost.toReversed()) await change('-I', rule);
  return result;
}

/** Removes the rules that name one of these interfaces or a destination with this prefix. */
export async function removeRules(interfaces: ReadonlySet<string>, addressPrefixes: readonly string[]): Promise<void> {
  for (const rule of await rules()) {
    const words = rule.text.split(' ');
    const ours = words.some(
      (word) => interfaces.has(word) || addressPrefixes.some((prefix) => word.startsWith(prefix)),
    );
    if (ours) await change('-D', rule);
  }
}

async function rules(): Promise<Rule[]> {
  const found: Rule[] = [];
  let table = '';
  for (const line of ((await tryCommand('iptables-save', [])) ?? '').split('\n')) {
    if (line.startsWith('*')) table = line.slice(1);
    if (line.startsWith('-A ')) found.push({ table, text: line });
  }
  return found;
}

async function change(verb: '-I' | '-D', rule: Rule): Promise<void> {
  const [, ...words] = rule.text.split(' ');
  if (words.some((word) => word.includes('"'))) return;
  await runCommand('iptables', ['-w', '-t', rule.table, verb, ...words]).catch(() => undefined);
}

function key(rule: Rule): string {
  return `${rule.table} ${rule.text}`;
}
