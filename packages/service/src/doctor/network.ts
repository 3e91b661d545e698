/** The network that notebooks join. */
import type { NetworkInfo } from '@berth/spawner';
import type { Configuration } from '../configuration/index.ts';
import type { Finding } from './doctor.ts';

export function* checkNetwork(
  { name, mode }: Configuration['network'],
  network: NetworkInfo | undefined,
): Generator<Finding> {
  if (network === undefined) {
    yield {
      part: 'network',
      level: 'error',
      finding: `The network ${name} isn't there yet.`,
      mend:
        mode === 'existing'
          ? `Make it (docker network create ${name}), or set network.mode to own.`
          : 'Berth makes it as soon as Docker answers; see the findings on Docker.',
    };
    return;
  }
  if (network.gateway === undefined)
    yield {
      part: 'network',
      level: 'warning',
      finding: `The host has no address on the network ${name}, so a hub on the host can't be reached from it.`,
      mend: 'Use a bridge network that is not internal, or run the hub on the same network.',
    };
  else
    yield {
      part: 'network',
      level: 'ok',
      finding: `Network ${name}, ${network.subnet ?? 'no subnet'}; a hub on this host sets c.JupyterHub.hub_ip = "${network.gateway}".`,
    };
  if (network.interContainer)
    yield {
      part: 'network',
      level: 'warning',
      finding: `On the network ${name} notebooks can reach each other.`,
      mend:
        mode === 'own'
          ? `Stop all servers, run docker network rm ${name}, and restart Berth: it makes the network anew, without that.`
          : 'Where the hub runs on the host, set network.mode to own.',
    };
}
