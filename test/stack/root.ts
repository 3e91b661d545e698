/** One temporary folder per run: everything that a run makes on the machine lies under it and goes with it. */
import { mkdtempSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killShims, unmountUnder } from './dockerd-leftovers.ts';
import { removeRules } from './firewall.ts';
import { runCommand, tryCommand } from './run-command.ts';

const prefix = 'berth-';

/** Makes the folder of this run, after clearing away what runs that died have left. Short, as unix sockets lie below it. */
export async function makeRoot(): Promise<string> {
  await clearDeadRuns();
  const root = mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`));
  await writeFile(join(root, 'owner'), `${process.pid} ${await startTime(process.pid)}\n`);
  return root;
}

/** Ends what still runs under the folder, takes away its mounts, bridges and firewall rules, and removes it. */
export async function removeRoot(root: string): Promise<void> {
  await killShims(root);
  await unmountUnder(root);
  for (const number of await subnetsOfDaemons(root)) await removeNetwork(number);
  await rm(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}

/** Takes away what runs that died have left behind. Their processes are known by their folder alone. */
export async function clearDeadRuns(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = /^berth-(\d+)-[A-Za-z0-9]{6}$/.exec(name)?.[1];
    if (pid === undefined) continue;
    const root = join(tmpdir(), name);
    const owner = await readFile(join(root, 'owner'), 'utf8').catch(() => undefined);
    // Without an owner file it is no run of ours, or one that is just being made.
    if (owner === undefined || owner.trim() === `${pid} ${await startTime(Number(pid))}`) continue;
    await removeRoot(root);
  }
}

/** The second number of the addresses that each dockerd under this folder uses; see test-bridge.ts. */
async function subnetsOfDaemons(root: string): Promise<number[]> {
  const files = await readdir(root, { recursive: true }).catch(() => []);
  const found: number[] = [];
  for (const file of files.filter((path) => path === 'daemon.json' || path.endsWith('/daemon.json'))) {
    const text = await readFile(join(root, file), 'utf8').catch(() => '');
    const number = /"br-berth(\d+)"/.exec(text)?.[1];
    if (number !== undefined) found.push(Number(number));
  }
  return found;
}

/** Removes a daemon's bridge, those of its networks (by their addresses), and the firewall's rules that name them. */
async function removeNetwork(number: number): Promise<void> {
  interface Link {
    readonly ifname: string;
    readonly addr_info: readonly { readonly local?: string }[];
  }
  const links = JSON.parse(await runCommand('ip', ['-j', 'addr', 'show', 'type', 'bridge'])) as Link[];
  const prefixes = [`10.${number}.`, `172.30.${number}.`];
  const ours = links
    .filter((link) => link.addr_info?.some(({ local }) => prefixes.some((start) => local?.startsWith(start))))
    .map((link) => link.ifname);
  // Another run may be clearing away the same dead one.
  for (const name of ours) await tryCommand('ip', ['link', 'del', name]);
  await removeRules(new Set([...ours, `br-berth${number}`]), prefixes);
}

/** When a process began, in clock ticks since boot: a pid that was given again has another. Empty where there is none. */
async function startTime(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}
