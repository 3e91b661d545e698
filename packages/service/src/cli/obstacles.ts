/** Why `berth doctor` could not ask the service, as findings like the service's own. */
import { accessSync, constants, statSync } from 'node:fs';
import { join } from 'node:path';
import { ServiceUnreachable } from '@berth/client';
import type { Diagnosis } from '@berth/contract';
import { CommandFailed } from './command-failed.ts';
import type { Settings } from './settings.ts';

type Finding = Diagnosis['items'][number];

/** @param error What kept the command line from asking. */
export function obstacles(error: Error, settings: Settings): Finding[] {
  const first: Finding = { part: part(error), level: 'error', finding: error.message };
  const more = error instanceof ServiceUnreachable && onThisHost(settings.url) ? socket(settings) : [];
  return [first, ...more];
}

function part(error: Error): string {
  if (error instanceof ServiceUnreachable) return 'service';
  return error instanceof CommandFailed ? 'token' : 'command line';
}

function onThisHost(url: string): boolean {
  return /^(unix:|https?:\/\/(127\.|localhost\b|\[::1\]))/.test(url);
}

/** The socket lies beside every listener: whether it is there tells a stopped service from a wrong URL. */
function socket({ runtime, url }: Settings): Finding[] {
  const path = join(runtime, 'hub.sock');
  if (url === `unix://${path}`) return [];
  const found = inspect(path);
  return found === undefined ? [] : [{ part: 'socket', ...found }];
}

function inspect(path: string): Omit<Finding, 'part'> | undefined {
  try {
    if (!statSync(path).isSocket()) return { level: 'error', finding: `${path} is not a socket.`, mend: 'Remove it.' };
    accessSync(path, constants.W_OK);
    return {
      level: 'ok',
      finding: `The socket ${path} exists.`,
      mend: `If a service runs behind it, --url unix://${path} reaches it.`,
    };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') {
      return {
        level: 'error',
        finding: `The socket ${path} does not exist: no service runs with that runtime folder.`,
        mend: 'Start `berth serve`, or name its folder by --runtime.',
      };
    }
    if (code === 'EACCES') {
      return { level: 'warning', finding: `This account may not open ${path}.`, mend: 'Run as root, or as its owner.' };
    }
    return undefined;
  }
}
