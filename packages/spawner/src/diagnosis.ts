/** Why a server ended, in one sentence for its user. */
import type { ContainerExit } from './engine.ts';
import type { ServerExit } from './server.ts';

const signals: Record<number, string> = {
  1: 'SIGHUP',
  2: 'SIGINT',
  6: 'SIGABRT',
  9: 'SIGKILL',
  11: 'SIGSEGV',
  15: 'SIGTERM',
};

export function describeExit(exit: ContainerExit, memoryBytes: number | undefined): ServerExit {
  return { at: exit.at, code: exit.code, oomKilled: exit.oomKilled, reason: reason(exit, memoryBytes) };
}

export const vanishedReason = "The server's container vanished: somebody removed it, or Docker's data were lost.";

export function vanishedExit(at: Date): ServerExit {
  return { at, code: null, oomKilled: false, reason: vanishedReason };
}

/** The mark of memory is the container's: with another code than that of SIGKILL it was a program beside the server, as a kernel is. */
function reason(exit: ContainerExit, memoryBytes: number | undefined): string {
  if (!exit.oomKilled) return ending(exit);
  const limit = memoryBytes === undefined ? 'the memory it may use' : `its memory limit of ${size(memoryBytes)}`;
  if (exit.code === 137) return `The server needed more than ${limit} and was killed.`;
  return `${ending(exit)} Before that, a program in it was killed, because ${limit} was used up.`;
}

function ending({ code, error }: ContainerExit): string {
  if (error) return `The server could not run: ${error}.`;
  if (code === 0) return 'The server ended by itself.';
  const signal = code > 128 ? (signals[code - 128] ?? `signal ${code - 128}`) : undefined;
  if (signal !== undefined) return `The server was ended from outside (${signal}).`;
  return `The server ended with exit code ${code}.`;
}

export function size(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(Math.floor(Math.log2(bytes) / 10), units.length - 1);
  return `${Number((bytes / 1024 ** power).toFixed(1))} ${units[power]}`;
}
