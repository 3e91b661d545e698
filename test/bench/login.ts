/** Logins by a real Active Directory, against ldapauthenticator and against the LDAP operations alone. */
import { join } from 'node:path';
import { median, milliseconds, table, times } from './figures.ts';
import {
  openAuthenticator,
  openFloor,
  openLdapauthenticator,
  openService,
  type LoginContestant,
} from './login-contestants.ts';
import { LoginDirectory, loginUsers, type LoginUser } from './login-directory.ts';

export interface LoginOptions {
  /** Short, as unix sockets lie below it. */
  readonly folder: string;
  readonly rounds: number;
  readonly say: (line: string) => void;
  /** Ends the bench before its next measurement. */
  readonly signal: AbortSignal;
}

/** In this order in all tables. */
const openers = [openAuthenticator, openLdapauthenticator, openFloor, openService];
/** Logins of one user by one contestant before the next has its turn, and turns in a round. */
const loginsPerTurn = 5;
const turnsPerRound = 6;

/** Seconds of each login, by contestant and user. */
type Found = Map<LoginContestant, Map<string, number[]>>;

export async function benchLogin(options: LoginOptions): Promise<string> {
  const { folder, say } = options;
  say('  a directory with a user in 20 groups and one in 300');
  const world = await LoginDirectory.start(join(folder, 'ad'));
  try {
    const operations = await countOperations(world, join(folder, 'counted'));
    const found = await measure(world, options);
    return `${timesTable(found)}\n\n${operationsTable(operations)}`;
  } finally {
    await world.remove();
  }
}

async function measure(world: LoginDirectory, { folder, rounds, say, signal }: LoginOptions): Promise<Found> {
  const contestants: LoginContestant[] = [];
  try {
    for (const open of openers) contestants.push(await open(world, world.server, join(folder, 'service')));
    // Warm: connections, caches, compiled code.
    for (const one of contestants) for (const { name } of loginUsers) await one.logins(name, 20);
    const found: Found = new Map(contestants.map((one) => [one, new Map(loginUsers.map(({ name }) => [name, []]))]));
    for (let round = 0; round < rounds; round++) {
      for (let turn = 0; turn < turnsPerRound; turn++) {
        signal.throwIfAborted();
        // Each comes first in turn: whoever follows finds the directory busy with the last one's goodbyes.
        for (const { name } of loginUsers)
          for (let i = 0; i < contestants.length; i++) {
            const one = contestants[(turn + i) % contestants.length];
            if (one !== undefined)
              found
                .get(one)
                ?.get(name)
                ?.push(...(await one.logins(name, loginsPerTurn)));
          }
      }
      const soFar = [...found].map(([one, taken]) => `${one.name} ${milliseconds(median([...taken.values()].flat()))}`);
      say(`  round ${round + 1} of ${rounds}, medians so far: ${soFar.join(', ')}`);
    }
    return found;
  } finally {
    for (const one of contestants) await one.close();
  }
}

/** LDAP requests of one warm login that the directory answers; an unbind isn't answered. */
async function countOperations(world: LoginDirectory, folder: string): Promise<Map<string, number[]>> {
  const tap = await world.tap();
  const counts = new Map<string, number[]>();
  try {
    const { hostname: host, port } = new URL(tap.url);
    for (const open of openers) {
      const one = await open(world, { host, port: Number(port) }, folder);
      try {
        const counted: number[] = [];
        for (const { name } of loginUsers) {
          await one.logins(name, 1);
          const before = tap.operations.length;
          await one.logins(name, 1);
          counted.push(tap.operations.slice(before).filter((operation) => operation !== 'unbind').length);
        }
        counts.set(one.name, counted);
      } finally {
        await one.close();
      }
    }
  } finally {
    await tap.remove();
  }
  return counts;
}

function timesTable(found: Found): string {
  const names = [...found.keys()].map(({ name }) => name);
  const row = ({ name, groups }: LoginUser, what: string, of: (values: readonly number[]) => number) => {
    const values = [...found.values()].map((taken) => of(taken.get(name) ?? []));
    const [berth = 0, peer = 0, floor = 0, service = 0] = values;
    const ratios = [times(peer / berth), times(berth / floor), times(service / floor)];
    return [`login of a user in ${groups} groups, ${what}`, ...values.map(tenths), ...ratios];
  };
  const fastest = (values: readonly number[]) => Math.min(...values);
  const rows = loginUsers.flatMap((user) => [row(user, 'median', median), row(user, 'fastest', fastest)]);
  const ratios = ['ldapauthenticator / Berth', 'Berth / bare LDAP', 'service / bare LDAP'];
  return table(['', ...names, ...ratios], rows);
}

function operationsTable(operations: ReadonlyMap<string, readonly number[]>): string {
  const rows = loginUsers.map(({ groups }, i) =>
    [`a user in ${groups} groups`].concat([...operations.values()].map((counted) => String(counted[i]))),
  );
  return table(['LDAP operations of one login', ...operations.keys()], rows);
}

/** A login takes some ten milliseconds. */
function tenths(value: number): string {
  return `${(value * 1000).toFixed(1)} ms`;
}
