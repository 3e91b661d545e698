import type { Facet } from './facet.ts';

/**
 * The notebooks' network. A server with the hub's certificates is also published on the host's loopback, where its name
 * in the certificate (localhost, 127.0.0.1) holds; in a hub's own network its name is its key.
 */
export const networkFacet: Facet = {
  name: 'network',
  compose({ request, settings, network, server }) {
    const publish = request.certificates !== undefined && settings.network.mode === 'own';
    return {
      part: {
        network: { name: network.name, aliases: settings.network.mode === 'existing' ? [server.key] : [] },
        publish: publish ? [{ containerPort: request.port, address: '127.0.0.1', hostPort: 0 }] : [],
      },
      reason: settings.network.mode === 'own' ? 'the network that Berth made' : 'the configured network',
    };
  },
};
