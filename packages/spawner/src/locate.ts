/** Where a container is reached, and the network that containers join. */
import type { SpawnerContext } from './context.ts';
import type { ContainerView, NetworkInfo } from './engine.ts';
import type { ServerRecord } from './server.ts';

export interface Located {
  readonly url: string;
  readonly probeAddress: string;
  readonly probePort: number;
}

/** Where the proxy, and where the probe, reach a container; undefined where it has no address. */
export function locate(
  container: ContainerView,
  record: Pick<ServerRecord, 'key' | 'port' | 'tls'>,
  { parts: { settings } }: SpawnerContext,
): Located | undefined {
  const address = container.addresses[settings.network.name];
  if (!address) return undefined;
  const probe = { probeAddress: address, probePort: record.port };
  if (!record.tls) return { url: `http://${address}:${record.port}`, ...probe };
  if (settings.network.mode === 'existing') return { url: `https://${record.key}:${record.port}`, ...probe };
  const published = container.published[record.port];
  return published && { url: `https://${published.address}:${published.port}`, ...probe };
}

export async function findNetwork(
  { parts: { engine, settings } }: SpawnerContext,
  signal: AbortSignal,
): Promise<NetworkInfo> {
  const { name, mode } = settings.network;
  const mustExist = mode === 'existing';
  const labels = { 'berth.network': settings.instance };
  return engine.ensureNetwork({ name, interContainer: false, labels, mustExist }, signal);
}
