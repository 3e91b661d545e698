/** Polls of many servers: the real adapter and the real service on a simulated engine, against an inspect for each. */
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TINY_IMAGE } from '../stack/tiny-image.ts';
import { DockerApi } from './docker-api.ts';
import { cpuSeconds, megabytes, milliseconds, residentBytes, table, times } from './figures.ts';
import { countRunning, startServers } from './known-servers.ts';
import { startPython } from './python-program.ts';
import { startSimulatedService, type SimulatedService } from './simulated-service.ts';

export interface PollsOptions {
  readonly folder: string;
  readonly engine: { readonly socketPath: string; readonly pid: number };
  readonly servers: number;
  readonly say: (line: string) => void;
  /** Ends the bench before its next measurement. */
  readonly signal: AbortSignal;
}

const rounds = 50;
const realContainers = 20;

export async function benchPolls(options: PollsOptions): Promise<string> {
  const { servers, say } = options;
  say(`  ${servers} servers on the simulated engine`);
  const berth = await measureBerth(options);
  say(`  ${servers} inspects of ${realContainers} containers on dockerd`);
  options.signal.throwIfAborted();
  const docker = await measureInspects(options);
  const ratio = (docker.client + docker.daemon) / (berth.adapter + berth.service);
  const polls = table(
    [`one round of ${servers} polls`, 'CPU of the client', 'CPU of the server', 'both', 'engine calls'],
    [
      row('Berth: adapter, service', berth.adapter, berth.service, berth.calls),
      row('an inspect each: docker-py, dockerd', docker.client, docker.daemon, servers),
      ['inspects / Berth', '', '', times(ratio), ''],
    ],
  );
  const memory = table(
    ['resident memory of the service', ''],
    [
      ['with none', megabytes(berth.memoryEmpty)],
      [`with ${servers} servers that it has started, polled`, megabytes(berth.memoryStarted)],
      [`with ${servers} servers that it found running at its start, polled`, megabytes(berth.memoryFound)],
    ],
  );
  return `${polls}\n\n${memory}`;
}

function row(what: string, client: number, server: number, calls: number): string[] {
  return [what, milliseconds(client), milliseconds(server), milliseconds(client + server), String(calls)];
}

async function measureBerth({ folder, servers }: PollsOptions) {
  const listener = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address() as AddressInfo;
  const containers = join(folder, 'polled.json');
  const state = join(folder, 'polled');
  try {
    const first = await startSimulatedService(state);
    try {
      await settle();
      const memoryEmpty = await residentBytes(first.pid);
      await startServers({ url: first.url, token: await first.token(), count: servers, port });
      await first.writeContainers(containers);
      const figures = await poll(first, servers);
      await settle();
      const memoryStarted = await residentBytes(first.pid);
      await first.close();
      const second = await startSimulatedService(state, { containers });
      const found = await countRunning(second.url, { authorization: `Bearer ${await second.token()}` });
      if (found !== servers) throw new Error(`after a restart ${found} of ${servers} servers run`);
      await poll(second, servers);
      await settle();
      const memoryFound = await residentBytes(second.pid);
      await second.close();
      return { ...figures, memoryEmpty, memoryStarted, memoryFound };
    } finally {
      await first.close();
    }
  } finally {
    listener.close();
  }
}

/** V8 gives memory back when there has been little to do for some seconds. */
async function settle(): Promise<void> {
  await sleep(20_000);
}

/** CPU seconds of one round, and engine calls of all rounds: which have to be none. */
async function poll(service: SimulatedService, servers: number) {
  const environment = { BERTH_URL: service.url, BERTH_TOKEN_FILE: service.tokenFile };
  const hub = await startPython('poll_rounds.py', [String(servers), String(rounds)], environment);
  try {
    await service.forgetCalls();
    const before = await cpuSeconds(service.pid);
    const adapter = await hub.work();
    const used = (await cpuSeconds(service.pid)) - before;
    const made = Object.entries(await service.calls()).filter(([, count]) => count > 0);
    if (made.length > 0) throw new Error(`polls made engine calls: ${JSON.stringify(Object.fromEntries(made))}`);
    return { adapter: adapter / rounds, service: used / rounds, calls: 0 };
  } finally {
    await hub.close();
  }
}

async function measureInspects({ engine, servers }: PollsOptions) {
  const docker = new DockerApi(engine.socketPath);
  const ids: string[] = [];
  try {
    for (let i = 0; i < realContainers; i++) {
      const id = await docker.create(`inspected-${i}`, { Image: TINY_IMAGE, HostConfig: { Init: true } });
      ids.push(id);
      await docker.start(id);
    }
    const client = await startPython('inspect_rounds.py', [engine.socketPath, String(servers), ...ids]);
    try {
      const before = await cpuSeconds(engine.pid);
      const used = await client.work();
      return { client: used, daemon: (await cpuSeconds(engine.pid)) - before };
    } finally {
      await client.close();
    }
  } finally {
    for (const id of ids) {
      await docker.stop(id).then(
        () => docker.remove(id),
        () => undefined,
      );
    }
    docker.close();
  }
}
