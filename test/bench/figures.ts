/** Figures: what is measured of processes and clocks, and how it is written down. */
import { readFile } from 'node:fs/promises';

/** Of a Linux kernel's clock as /proc shows it (proc_pid_stat(5)); 100 on every architecture that Node runs on. */
const ticksPerSecond = 100;

export function median(values: readonly number[]): number {
  if (values.length === 0) throw new Error('no values: nothing was measured');
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** Seconds that the work took. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}

/** CPU seconds, user and system, that a process has used so far, all its threads together. Steps of 10 ms. */
export async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** Seconds that a process's main thread has run so far, and has waited for a CPU that others had (the kernel's sched-stats.rst). */
export async function mainThread(pid: number): Promise<{ readonly ran: number; readonly waited: number }> {
  const text = await readFile(`/proc/${pid}/task/${pid}/schedstat`, 'utf8');
  const [ran = 0, waited = 0] = text.split(' ').map((nanoseconds) => Number(nanoseconds) / 1e9);
  return { ran, waited };
}

/** Resident memory of a process, bytes. */
export async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  if (kibibytes === undefined) throw new Error(`/proc/${pid}/status says nothing of VmRSS`);
  return Number(kibibytes) * 1024;
}

export function seconds(value: number): string {
  return `${value.toFixed(2)} s`;
}

export function milliseconds(value: number): string {
  return `${(value * 1000).toFixed(Math.abs(value) < 0.01 ? 2 : 0)} ms`;
}

export function times(value: number): string {
  return `${value.toFixed(value < 10 ? 2 : 0)} x`;
}

/** Megabytes of 10^6 bytes. */
export function megabytes(value: number): string {
  return `${(value / 1e6).toFixed(0)} MB`;
}

/** A Markdown table that also reads well as it is. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headings.map((heading, i) => Math.max(heading.length, ...rows.map((row) => (row[i] ?? '').length)));
  const line = (cells: readonly string[]) =>
    `| ${widths.map((width, i) => (cells[i] ?? '').padEnd(width)).join(' | ')} |`;
  return [line(headings), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...rows.map(line)].join('\n');
}
