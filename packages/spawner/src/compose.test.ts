import { expect, test } from '@jest/globals';
import { composeSpec, facets } from './compose.ts';
import type { Facet, FacetInput } from './facets/facet.ts';
import { settings, World } from './testing/world.ts';

const world = new World();
const request = world.request();
const input: FacetInput = {
  ...{ request, settings, containerName: 'berth-alice-x', certificateFolder: undefined },
  image: { id: 'sha256:1', user: '1000', labels: {} },
  network: { id: 'n', name: 'berth', gateway: '172.18.0.1', subnet: undefined, interContainer: false, created: false },
  server: {
    ...{
      hub: 'default',
      user: 'alice',
      serverName: '',
      key: request.key,
      generation: 1,
      image: 'notebook:1',
      port: 8888,
    },
    ...{ tls: false, configDigest: '', requestedAt: new Date(0), deadline: new Date(0) },
  },
};

test('a container has no capability, no new privileges, an init, bounded logs, and swaps nothing', () => {
  expect(composeSpec(input)).toMatchObject({
    name: 'berth-alice-x',
    imageId: 'sha256:1',
    hostname: request.key,
    environment: { SITE: 'bank', JUPYTERHUB_USER: 'alice' },
    mounts: [{ type: 'volume', source: 'jupyterhub-user-alice', target: '/home/jovyan/work', readOnly: false }],
    network: { name: 'berth', aliases: [] },
    publish: [],
    limits: { memoryBytes: 2 ** 30, cpus: 2, pids: 4096, openFiles: 65_536 },
    security: { noNewPrivileges: true, dropCapabilities: ['ALL'], addCapabilities: [], init: true },
    logs: { maxBytes: 1_000_000, maxFiles: 2 },
    stopGraceSeconds: 1,
  });
});

test("in the hub's own network a server's name is its key", () => {
  const spec = composeSpec({ ...input, settings: { ...settings, network: { name: 'hub', mode: 'existing' } } });
  expect(spec.network.aliases).toEqual([request.key]);
});

const clashes: [string, ReturnType<Facet['compose']>['part']][] = [
  ['the mount at /home/jovyan/work', { mounts: [{ type: 'tmpfs', target: '/home/jovyan/work', sizeBytes: 1 }] }],
  ['environment SITE', { environment: { SITE: 'x' } }],
  ['label berth.key', { labels: { 'berth.key': 'x' } }],
  ['hostname', { hostname: 'x' }],
];

test.each(clashes)('two facets that set %s are an error that names both', (what, part) => {
  const second: Facet = { name: 'second', compose: () => ({ part, reason: '' }) };
  expect(() => composeSpec(input, [...facets, second])).toThrow(new RegExp(`and the second set ${what}`));
});

test('a facet that is missing is an error, not half a container', () => {
  expect(() => composeSpec(input, facets.slice(1))).toThrow('No facet has set imageId');
});
