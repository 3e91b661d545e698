/** The service's own start: with many servers that run already, against one with none. */
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { median, seconds, table } from './figures.ts';
import { countRunning, startServers } from './known-servers.ts';
import { startSimulatedService } from './simulated-service.ts';

export interface ServiceStartOptions {
  readonly folder: string;
  readonly rounds: number;
  readonly servers: number;
  readonly say: (line: string) => void;
  /** Ends the bench before its next measurement. */
  readonly signal: AbortSignal;
}

export async function benchServiceStart({
  folder,
  rounds,
  servers,
  say,
  signal,
}: ServiceStartOptions): Promise<string> {
  const listener = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address() as AddressInfo;
  const [empty, full, containers] = [join(folder, 'none'), join(folder, 'known'), join(folder, 'known.json')];
  try {
    say(`  having ${servers} servers started, to be known`);
    const first = await startSimulatedService(full);
    await startServers({ url: first.url, token: await first.token(), count: servers, port });
    await first.writeContainers(containers);
    await first.close();
    // Its folders and tokens made, so that both only start.
    await (await startSimulatedService(empty)).close();

    const withNone: number[] = [];
    const withAll: number[] = [];
    for (let round = 0; round < rounds; round++) {
      signal.throwIfAborted();
      const none = await startSimulatedService(empty);
      withNone.push(none.readySeconds);
      await none.close();
      const all = await startSimulatedService(full, { containers });
      withAll.push(all.readySeconds);
      const running = await countRunning(all.url, { authorization: `Bearer ${await all.token()}` });
      await all.close();
      if (running !== servers) throw new Error(`${running} of ${servers} known servers run after a start`);
    }
    const [a, b] = [median(withNone), median(withAll)];
    return table(
      ['medians', 'none', `${servers} known servers`, 'more'],
      [['service start until ready', seconds(a), seconds(b), seconds(b - a)]],
    );
  } finally {
    listener.close();
  }
}
