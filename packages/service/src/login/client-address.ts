/** From which address a person came: as far as declared proxies vouch for it. */
import { BlockList, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';

export interface TrustedProxies {
  /** Undefined where no proxies are declared: then nobody knows whether the hub saw a person or a proxy. */
  addressOf(remoteAddress: string | undefined, forwardedFor: readonly string[]): string | undefined;
}

/**
 * @param declared addresses and networks in CIDR notation, checked by the configuration; an empty list says that people reach the
 *   hub's own proxy directly, and that this runs on the hub's host
 */
export function trustedProxies(
  declared: readonly string[] | undefined,
  ownAddresses: () => readonly string[] = addressesOfHost,
): TrustedProxies {
  if (declared === undefined) return { addressOf: () => undefined };
  const trusted = new BlockList();
  // The hub's own proxy stands in front of each hub, mostly on its host.
  for (const loopback of ['127.0.0.0/8', '::1']) addTo(trusted, loopback);
  for (const entry of declared) addTo(trusted, entry);
  return {
    addressOf(remoteAddress, forwardedFor) {
      // The nearest comes last. Each address is what the next proxy on the way to the hub has seen.
      const hops = [...forwardedFor, ...(remoteAddress === undefined ? [] : [remoteAddress])].map(plainAddress);
      let nearest: string | undefined;
      for (const hop of hops.toReversed()) {
        if (hop === undefined) return nearest;
        nearest = hop;
        if (!trusted.check(hop, isIP(hop) === 6 ? 'ipv6' : 'ipv4') && !ownAddresses().includes(hop)) return hop;
      }
      return nearest;
    },
  };
}

/**
 * A hub listens where containers reach it, so its proxy doesn't come to it by loopback: by the bridge's address, or, where
 * Docker's masquerading takes that for a container's, by any other of the host.
 */
function addressesOfHost(): string[] {
  return Object.values(networkInterfaces()).flatMap((addresses = []) => addresses.map(({ address }) => address));
}

/** Without the IPv4-in-IPv6 form and a zone; undefined where it is no address. */
export function plainAddress(text: string): string | undefined {
  const address = text
    .trim()
    .replace(/^::ffff:(?=\d+\.)/i, '')
    .replace(/%.*$/, '');
  return isIP(address) === 0 ? undefined : address.toLowerCase();
}

function addTo(list: BlockList, entry: string): void {
  const [address = '', prefix] = entry.split('/');
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  if (prefix === undefined) list.addAddress(address, family);
  else list.addSubnet(address, Number(prefix), family);
}
