/** Keeps notebooks away from the service: neither is it served on their network, nor are they answered elsewhere. */
import { BlockList, isIP } from 'node:net';
import type { NetworkInfo } from '@berth/spawner';

/** Whether an address lies on the notebooks' network; false while that isn't known. */
export function onNotebookNetwork(address: string | undefined, network: NetworkInfo | undefined): boolean {
  const plain = address?.replace(/^::ffff:(?=\d+\.)/i, '');
  if (plain === undefined || network === undefined || isIP(plain) === 0) return false;
  if (plain === network.gateway) return true;
  const [base = '', bits] = network.subnet?.split('/') ?? [];
  const family = isIP(base);
  if (family === 0 || bits === undefined || isIP(plain) !== family) return false;
  const kind = family === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(base, Number(bits), kind);
  return list.check(plain, kind);
}
