/** A network bridge of the host for one dockerd, with a subnet that nobody on the host uses. */
import { runCommand, tryCommand } from './run-command.ts';

export interface TestBridge {
  readonly name: string;
  /** Of the host on the bridge, 172.30.x.1 with a /24. */
  readonly address: string;
  /** Where the daemon's own networks lie: 64 subnets of 1,022 addresses. */
  readonly pool: string;
}

/** Makes a bridge. The name carries the subnet's number, so that two processes that pick the same one can't both succeed. */
export async function addBridge(): Promise<TestBridge> {
  const first = Math.floor(Math.random() * 200);
  for (let i = 0; i < 200; i++) {
    const x = 20 + ((first + i) % 200);
    const bridge = { name: `br-berth${x}`, address: `172.30.${x}.1`, pool: `10.${x}.0.0/16` };
    if (await routed(`172.30.${x}.`, `10.${x}.`)) continue;
    if ((await tryCommand('ip', ['link', 'add', bridge.name, 'type', 'bridge'])) === undefined) continue;
    await runCommand('ip', ['addr', 'add', `${bridge.address}/24`, 'dev', bridge.name]);
    await runCommand('ip', ['link', 'set', bridge.name, 'up']);
    return bridge;
  }
  throw new Error('no free 172.30.x.0/24 on this host; remove left-over br-berth* bridges');
}

/** Removes the bridge; not existing is success. */
export async function removeBridge(bridge: TestBridge): Promise<void> {
  await tryCommand('ip', ['link', 'del', bridge.name]);
}

/** Bridges of this host by name. */
export async function bridgeNames(): Promise<Set<string>> {
  const links = JSON.parse(await runCommand('ip', ['-j', 'link', 'show', 'type', 'bridge'])) as { ifname: string }[];
  return new Set(links.map((link) => link.ifname));
}

async function routed(...prefixes: string[]): Promise<boolean> {
  const routes = JSON.parse(await runCommand('ip', ['-j', 'route', 'show', 'table', 'all'])) as { dst: string }[];
  return routes.some((route) => prefixes.some((prefix) => route.dst.startsWith(prefix)));
}
