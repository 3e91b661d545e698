/** Which server a person means: by its key, by its user, or by user and server name. */
import { all, dataOf, ProblemError } from '@berth/client';
import type { HistoryEntry, Server, StateName } from '@berth/contract';
import { CommandFailed } from './command-failed.ts';
import { exit } from './exit-codes.ts';
import type { Session } from './session.ts';

interface Named {
  readonly key: string;
  readonly hub: string;
  readonly user: string;
  readonly serverName: string;
}

/** `user1`, or `user1/gpu` for a named server. */
export function title({ user, serverName }: Pick<Named, 'user' | 'serverName'>): string {
  return serverName === '' ? user : `${user}/${serverName}`;
}

/** As the contract's Key has it; a user's name may look the same. */
const keyLike = /^(?=.{16,60}$)[a-z0-9]+(-[a-z0-9]+)*$/;

/** @throws CommandFailed where there is no such server, or more than one. */
export async function findServer(session: Session, target: string, states?: readonly StateName[]): Promise<Server> {
  const { client, signal } = session;
  if (keyLike.test(target)) {
    try {
      return await dataOf(client.GET('/v1/servers/{key}', { params: { path: { key: target } }, signal }));
    } catch (error) {
      if (!(error instanceof ProblemError && error.code === 'server-not-found')) throw error;
    }
  }
  const state = states === undefined ? {} : { state: [...states] };
  return pick(target, users(target), (user) =>
    all((cursor) => client.GET('/v1/servers', { params: { query: { user, ...state, ...cursor } }, signal })),
  );
}

/** The newest entry of the server that is meant, also where the server itself is forgotten. @throws CommandFailed */
export async function findEnded(session: Session, target: string): Promise<HistoryEntry> {
  const { client, signal } = session;
  if (keyLike.test(target)) {
    const query = { key: target, limit: 1 };
    const { items } = await dataOf(client.GET('/v1/history', { params: { query }, signal }));
    if (items[0] !== undefined) return items[0];
  }
  return pick(target, users(target), (user) =>
    all((cursor) => client.GET('/v1/history', { params: { query: { user, ...cursor } }, signal })),
  );
}

/** Both users' and servers' names may hold a slash: each reading is tried. */
function users(target: string): string[] {
  const slashes = Array.from(target.matchAll(/\//g), ({ index }) => target.slice(0, index));
  return [target, ...slashes].filter((user) => user !== '');
}

async function pick<T extends Named>(
  target: string,
  readings: readonly string[],
  list: (user: string) => AsyncIterable<T>,
): Promise<T> {
  const found = new Map<string, T>();
  const others = new Map<string, T>();
  for (const user of readings) {
    for await (const one of list(user)) {
      const kept = title(one) === target ? found : others;
      if (!kept.has(one.key)) kept.set(one.key, one);
    }
  }
  const [first, ...more] = found.values();
  if (first !== undefined && more.length === 0) return first;
  if (first !== undefined) throw ambiguous(target, [first, ...more]);
  throw missing(target, [...others.values()]);
}

function ambiguous(target: string, found: readonly Named[]): CommandFailed {
  const keys = found.map(({ key, hub, ...names }) => `${key}  (${title(names)} of hub ${hub})`);
  return new CommandFailed(
    exit.usage,
    [`More than one server is called ${target}. Name one by its key:`, ...keys].join('\n'),
  );
}

function missing(target: string, others: readonly Named[]): CommandFailed {
  if (others.length === 0) {
    return new CommandFailed(
      exit.found,
      `There is no server called ${target}. \`berth ps --all\` lists those there are.`,
    );
  }
  const known = others.map((other) => `${title(other)}  (${other.key})`);
  return new CommandFailed(exit.found, [`There is no server called ${target}, but:`, ...known].join('\n'));
}
