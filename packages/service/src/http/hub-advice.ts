/** What a hub is told of its own configuration: the very line without which notebooks can't reach it. */
import type { NetworkInfo } from '@berth/spawner';
import { isIPv4 } from 'node:net';

/** A sentence with the line to add; undefined where notebooks on `network` may reach `apiUrl`, or nobody knows yet. */
export function unreachableHub(apiUrl: string, network: NetworkInfo | undefined): string | undefined {
  if (network === undefined || network.name === 'host' || !isLoopback(apiUrl)) return undefined;
  const line =
    network.gateway === undefined
      ? `c.JupyterHub.hub_connect_ip = "<this hub's name or address in the network ${network.name}>"`
      : `c.JupyterHub.hub_ip = "${network.gateway}"`;
  return `Notebooks can't reach this hub at ${apiUrl}. Set\n    ${line}`;
}

function isLoopback(apiUrl: string): boolean {
  if (!URL.canParse(apiUrl)) return false;
  const { hostname } = new URL(apiUrl);
  return hostname === 'localhost' || hostname === '[::1]' || (isIPv4(hostname) && hostname.startsWith('127.'));
}
