/** Follows the host's ticket of a user as other programs renew, replace and remove it. */
import type { FSWatcher } from 'node:fs';
import type * as fsNode from 'node:fs';
import { type CacheCandidate, candidateCaches } from './ccache-name.ts';
import { TicketError } from './errors.ts';
import { findHostTicket, type HostCacheParts, type HostCacheSettings, type HostTicket } from './host-cache.ts';
import type { TicketOwner } from './ticket-keeper.ts';

export interface HostWatchParts extends HostCacheParts {
  /** `watch` of `node:fs`. */
  readonly watch: typeof fsNode.watch;
  /** A look is due this often, whatever the file system reports: tickets end without an event. Default 30. */
  readonly pollSeconds?: number;
  /** After an event, this long for the writer to finish. Default 100 ms. */
  readonly settleMilliseconds?: number;
}

/** What there is now: the ticket, or why there is none. */
export type HostTicketState = HostTicket | TicketError;

export interface HostTicketWatch {
  /** No call of `onChange` begins after it. */
  close(): void;
}

/**
 * Calls `onChange` with what is there, and again whenever that differs: another ticket, another file, another reason. Folders
 * are watched, not files, because renewal puts a new file in place of the old.
 */
export function watchHostTicket(
  owner: TicketOwner,
  settings: HostCacheSettings,
  parts: HostWatchParts,
  onChange: (state: HostTicketState) => void,
): HostTicketWatch {
  const { pollSeconds = 30, settleMilliseconds = 100 } = parts;
  const candidates = candidateCaches({ ...settings, uid: owner.uid, username: owner.username });
  const folders = [...new Set(candidates.map(folderOf))].filter((folder) => folder !== undefined);
  const watches = new Map<string, { readonly watcher: FSWatcher; readonly inode: bigint }>();
  let closed = false;
  let looking = false;
  let lookAgain = false;
  let last: string | undefined;
  let settling: NodeJS.Timeout | undefined;

  const look = async (): Promise<void> => {
    if (looking) {
      lookAgain = true;
      return;
    }
    looking = true;
    do {
      lookAgain = false;
      const state = await findHostTicket(owner, settings, parts).catch((error: unknown) =>
        error instanceof TicketError
          ? error
          : new TicketError('ticket-failed', `the host's ticket of ${owner.principal} can't be looked for`, {
              cause: error,
            }),
      );
      const mark = markOf(state);
      if (closed || mark === last) continue;
      last = mark;
      onChange(state);
    } while (lookAgain && !closed);
    looking = false;
  };

  /** The wait is not begun anew by further events: a folder that never rests would put the look off for ever. */
  const lookSoon = (): void => {
    if (closed) return;
    settling ??= setTimeout(() => {
      settling = undefined;
      void look();
    }, settleMilliseconds);
  };

  const unwatch = (folder: string): void => {
    watches.get(folder)?.watcher.close();
    watches.delete(folder);
  };

  /** A folder that was replaced is another inode, which the watch of the former doesn't see. */
  const watchFolders = async (): Promise<void> => {
    for (const folder of folders) {
      const inode = await parts.fs.lstat(folder, { bigint: true }).then(
        (stats) => (stats.isDirectory() ? stats.ino : undefined),
        () => undefined,
      );
      if (closed) return;
      if (inode === undefined || watches.get(folder)?.inode !== inode) unwatch(folder);
      if (inode === undefined || watches.has(folder)) continue;
      try {
        const watcher = parts.watch(folder, (_, name) => {
          if (name === null || candidates.some((candidate) => concerns(candidate, folder, name))) lookSoon();
        });
        watcher.on('error', () => unwatch(folder));
        watches.set(folder, { watcher, inode });
      } catch {
        // No watch to be had (inotify's limit): the poll remains.
      }
    }
  };

  const poll = async (): Promise<void> => {
    await watchFolders();
    await look();
  };
  const timer = setInterval(() => void poll(), pollSeconds * 1000);
  void poll();
  return {
    close: () => {
      closed = true;
      clearInterval(timer);
      clearTimeout(settling);
      for (const folder of watches.keys()) unwatch(folder);
    },
  };
}

function folderOf(candidate: CacheCandidate): string | undefined {
  if (candidate.kind === 'refused') return undefined;
  return candidate.kind === 'file' ? candidate.path.slice(0, candidate.path.lastIndexOf('/')) || '/' : candidate.folder;
}

function concerns(candidate: CacheCandidate, folder: string, name: string): boolean {
  if (folderOf(candidate) !== folder) return false;
  if (candidate.kind === 'file') return candidate.path.endsWith(`/${name}`);
  return name.startsWith(candidate.kind === 'files' ? candidate.prefix : 'tkt');
}

/** Service tickets come and go in a cache; its TGT is what counts. */
function markOf(state: HostTicketState): string {
  return state instanceof TicketError ? `${state.code} ${state.message}` : JSON.stringify([state.from, state.view]);
}
