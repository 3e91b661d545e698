import { expect, test } from '@jest/globals';
import type { NetworkInfo } from '@berth/spawner';
import { unreachableHub } from './hub-advice.ts';

const network = (name: string, gateway?: string): NetworkInfo => ({
  ...{ id: 'n', name, gateway, subnet: undefined, interContainer: false, created: true },
});
const own = network('berth', '172.18.0.1');
const gatewayLine = 'c.JupyterHub.hub_ip = "172.18.0.1"';

test.each<[string, NetworkInfo | undefined, string | undefined]>([
  ['http://127.0.0.1:8081/hub/api', own, gatewayLine],
  ['http://127.9.9.9:8081/hub/api', own, gatewayLine],
  ['http://localhost:8081/hub/api', own, gatewayLine],
  ['http://[::1]:8081/hub/api', own, gatewayLine],
  ['http://172.18.0.1:8081/hub/api', own, undefined],
  ['http://hub:8081/hub/api', own, undefined],
  ['http://127.example.org:8081/hub/api', own, undefined],
  ['no URL', own, undefined],
  ['http://127.0.0.1:8081/hub/api', undefined, undefined],
  ['http://127.0.0.1:8081/hub/api', network('host'), undefined],
  [
    'http://127.0.0.1:8081',
    network('apps'),
    'c.JupyterHub.hub_connect_ip = "<this hub\'s name or address in the network apps>"',
  ],
])('a hub at %s is told the line it lacks', (apiUrl, where, line) => {
  const sentence = unreachableHub(apiUrl, where);
  expect(sentence?.split('\n')).toEqual(
    line === undefined ? undefined : [expect.stringContaining(apiUrl), `    ${line}`],
  );
});
