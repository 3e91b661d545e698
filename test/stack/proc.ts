/** What Linux says of a process. */
import { readdir, readFile } from 'node:fs/promises';

/** Bytes of memory that are its own or shared, as far as they are in RAM. */
export async function residentMemory(pid: number): Promise<number> {
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (kibibytes === undefined) throw new Error(`process ${pid} has no memory`);
  return Number(kibibytes) * 1024;
}

/** How many file descriptors it has open. */
export async function openFiles(pid: number): Promise<number> {
  return (await readdir(`/proc/${pid}/fd`)).length;
}
