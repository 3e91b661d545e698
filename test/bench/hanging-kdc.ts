/** Fifty logins at once while the KDC hangs: what that does to all others, against the same service left alone. */
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TokenHolder } from '../security/token-holder.ts';
import { LoginStorm } from '../load/login-storm.ts';
import { Onlooker, type Seen } from '../load/onlooker.ts';
import { mainThread, median, milliseconds, seconds, table } from './figures.ts';
import { startSimulatedService } from './simulated-service.ts';

export interface HangingKdcOptions {
  /** Short, as unix sockets lie below it. */
  readonly folder: string;
  readonly rounds: number;
  readonly say: (line: string) => void;
  /** Ends the bench before its next measurement. */
  readonly signal: AbortSignal;
}

/** The service's main thread in one storm, seconds. */
interface Thread {
  readonly ran: number;
  readonly waited: number;
  readonly took: number;
}

const polled = Array.from({ length: 10 }, (_, i) => `polled${i + 1}`);
const started = Array.from({ length: 10 }, (_, i) => `started${i + 1}`);
/** Whatever is no slower than this counts as not delayed, as does what is within three times the worst without logins. */
const noDelayMs = 250;

const kinds: readonly (readonly [kind: keyof Seen, what: string])[] = [
  ['health', 'GET /healthz, every 20 ms'],
  ['polls', 'GET of a server, every 20 ms'],
  ['events', 'a start, until its first event in the stream'],
  ['starts', 'a start, until the stream says running'],
];

export async function benchHangingKdc({ folder, rounds, say, signal }: HangingKdcOptions): Promise<string> {
  const listener = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address() as AddressInfo;
  say('  a directory, a KDC, and 70 users');
  const storm = await LoginStorm.make(folder, [...polled, ...started], 5);
  try {
    const program = await startSimulatedService(join(folder, 'service'), { configuration: storm.configuration });
    try {
      const service = { url: program.url, token: await program.token() };
      const hub = new TokenHolder(service, service.token, 'default');
      for (const name of storm.others) await storm.logIn(service, name);
      for (const user of polled) await hub.started(user, '', { port });
      const onlooker = new Onlooker({ ...service, polled, started, start: { port } });
      await onlooker.look(sleep(2000));
      const quiet: Seen[] = [];
      const stormy: Seen[] = [];
      const threads: Thread[] = [];
      for (let round = 1; round <= rounds; round++) {
        signal.throwIfAborted();
        const before = await mainThread(program.pid);
        const [seen, took] = await during(onlooker, storm, service);
        const after = await mainThread(program.pid);
        stormy.push(seen);
        threads.push({ ran: after.ran - before.ran, waited: after.waited - before.waited, took: took / 1000 });
        quiet.push(await onlooker.look(sleep(took)));
        say(`  round ${round} of ${rounds}: the slowest poll ${milliseconds(Math.max(...seen.polls) / 1000)}`);
      }
      return `${report(quiet, stormy)}\n\n${threadTable(threads)}`;
    } finally {
      await program.close();
    }
  } finally {
    await storm.remove();
    listener.close();
  }
}

/** What was seen while fifty logged in, and for how many milliseconds. Throws where a login ended in another way. */
async function during(
  onlooker: Onlooker,
  storm: LoginStorm,
  service: { readonly url: string; readonly token: string },
): Promise<readonly [Seen, number]> {
  storm.kdc.freeze();
  const began = performance.now();
  const logins = storm.break(service);
  const seen = await onlooker.look(logins);
  const took = performance.now() - began;
  storm.kdc.thaw();
  const odd = (await logins).find(({ status, ticket }) => status !== 200 || ticket);
  if (odd !== undefined) throw new Error(`a login while the KDC hangs came to ${JSON.stringify(odd)}`);
  return [seen, took];
}

function report(quiet: readonly Seen[], stormy: readonly Seen[]): string {
  const rows = kinds.map(([kind, what]) => {
    const without = quiet.flatMap((seen) => seen[kind]);
    const during = stormy.flatMap((seen) => seen[kind]);
    const limit = Math.max(noDelayMs, 3 * Math.max(...without));
    const delayed = during.filter((value) => value > limit).length;
    const figures = [median(without), Math.max(...without), median(during), Math.max(...during)];
    return [what].concat(
      figures.map((value) => milliseconds(value / 1000)),
      `${delayed} of ${during.length}`,
    );
  });
  const headings = ['without logins: median', 'worst', '50 logins at once, KDC hanging: median', 'worst', 'delayed'];
  return table(['', ...headings], rows);
}

function threadTable(threads: readonly Thread[]): string {
  const of = (kind: keyof Thread) => seconds(median(threads.map((thread) => thread[kind])));
  const row = ['fifty logins, KDC hanging; medians', of('took'), of('ran'), of('waited')];
  return table(["the service's main thread", 'took', 'it ran', 'it waited for a CPU'], [row]);
}
