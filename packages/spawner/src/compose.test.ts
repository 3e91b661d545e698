import { expect, test } from '@jest/globals';
import { composeSpec, facets } from './compose.ts';
import type { Facet, FacetInput } from './facets/facet.ts';
import type { SpawnerSettings } from './settings.ts';
import { alicesAccount, settings, World } from './testing/world.ts';

const world = new World();
const request = world.request();
const input: FacetInput = {
  ...{ request, settings, containerName: 'berth-alice-x', certificateFolder: undefined },
  ...{ account: undefined, ticket: undefined },
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

const ticket = { folder: '/run/berth/krb5/70001', krb5Conf: '/run/berth/krb5.conf', notices: [] };
const withAccount: FacetInput = { ...input, account: alicesAccount };
const bind = (source: string, target: string, readOnly: boolean) => ({ type: 'bind', source, target, readOnly });

test('an account brings its ids, groups, home, and a passwd and group that know it', () => {
  const spec = composeSpec(withAccount);
  expect(spec).toMatchObject({
    user: '70001:70000',
    groups: [70_002, 70_003],
    workingDirectory: '/home/alice',
    environment: { SITE: 'bank', JUPYTERHUB_USER: 'alice', HOME: '/home/alice', USER: 'alice', LOGNAME: 'alice' },
  });
  expect(spec.mounts).toEqual([
    bind('/run/berth/nss/passwd', '/etc/passwd', true),
    bind('/run/berth/nss/group', '/etc/group', true),
    bind('/home/alice', '/home/alice', false),
    bind('/run/nss.sock', '/run/nss.sock', false),
    { type: 'volume', source: 'jupyterhub-user-alice', target: '/home/jovyan/work', readOnly: false },
  ]);
  expect(spec.security).toEqual({ noNewPrivileges: true, dropCapabilities: ['ALL'], addCapabilities: [], init: true });
});

test('a home that is not to be mounted lies in memory, where no volume of the site lies there', () => {
  const account = { ...alicesAccount, homeFolder: undefined, sockets: [] };
  const homeIn = (target: string) => {
    const volumes = [{ source: 'home-{username}', target, readOnly: false }];
    const spec = composeSpec({
      ...{ ...withAccount, account },
      settings: { ...settings, containers: { ...settings.containers, volumes } },
    });
    expect(spec.environment['HOME']).toBe('/home/alice');
    return spec.mounts.slice(2);
  };
  const volume = { type: 'volume', source: 'home-alice', readOnly: false };
  expect(homeIn('/data')).toEqual([
    { type: 'tmpfs', target: '/home/alice', sizeBytes: 256 * 2 ** 20 },
    { ...volume, target: '/data' },
  ]);
  expect(homeIn('/home/alice')).toEqual([{ ...volume, target: '/home/alice' }]);
  expect(homeIn('/home')).toEqual([{ ...volume, target: '/home' }]);
});

test('a ticket brings its folder, a krb5.conf that Java reads, and the one way to it', () => {
  const spec = composeSpec({ ...withAccount, ticket });
  expect(spec.environment['KRB5CCNAME']).toBe('FILE:/run/berth/krb5/krb5cc');
  expect(spec.mounts.slice(-2)).toEqual([
    bind('/run/berth/krb5/70001', '/run/berth/krb5', false),
    bind('/run/berth/krb5.conf', '/etc/krb5.conf', true),
  ]);
});

test('without account and ticket nothing is set but what the image has', () => {
  const spec = composeSpec(input);
  for (const key of ['user', 'groups', 'workingDirectory']) expect(spec).not.toHaveProperty(key);
  expect(Object.keys(spec.environment)).toEqual(['SITE', 'JUPYTERHUB_USER']);
});

test.each(['', 'root', '0', '0:0', 'root:users'])(
  'an image whose user is "%s" runs as the account, and as nobody without one',
  (user) => {
    const image = { ...input.image, user };
    expect(composeSpec({ ...withAccount, image }).user).toBe('70001:70000');
    expect(() => composeSpec({ ...input, image })).toThrow(expect.objectContaining({ code: 'image-runs-as-root' }));
  },
);

test('the configured working directory wins over the home, the account over the configured user', () => {
  const containers = { ...settings.containers, workingDirectory: '/work', user: '1000' };
  const spec = composeSpec({ ...withAccount, settings: { ...settings, containers } });
  expect(spec).toMatchObject({ workingDirectory: '/work', user: '70001:70000', environment: { HOME: '/home/alice' } });
});

const accountClashes: [string, Partial<FacetInput>, string, string][] = [
  ["the site's HOME", site({ environment: { HOME: '/x' } }), 'account and the site environment', 'environment HOME'],
  ["the site's USER", site({ environment: { USER: 'x' } }), 'account and the site environment', 'environment USER'],
  [
    "the site's ticket",
    site({ environment: { KRB5CCNAME: 'x' } }),
    'site environment and the ticket',
    'environment KRB5CCNAME',
  ],
  [
    'a volume at the home',
    site({ volumes: [{ source: 'v', target: '/home/alice', readOnly: false }] }),
    'account and the volumes',
    'the mount at /home/alice',
  ],
];

function site(change: Partial<SpawnerSettings['containers']>): Partial<FacetInput> {
  return { settings: { ...settings, containers: { ...settings.containers, ...change } } };
}

test.each(accountClashes)('%s beside an account is an error that names both', (_, change, both, what) => {
  expect(() => composeSpec({ ...withAccount, ticket, ...change })).toThrow(`Both the ${both} set ${what}`);
});

test.each(['HOME', 'USER', 'LOGNAME', 'HOME, USER'])(
  "a hub's own %s beside an account is refused with the line to mend; without one it is the hub's",
  (list) => {
    const names = list.split(', ');
    const environment = Object.fromEntries(names.map((name) => [name, '/home/alice']));
    const asking = { request: { ...request, environment } };
    expect(() => composeSpec({ ...withAccount, ...asking })).toThrow(
      expect.objectContaining({
        code: 'environment-not-allowed',
        message: `The hub may not set ${list}: the user's account does. Take it out of c.Spawner.environment.`,
      }),
    );
    expect(composeSpec({ ...input, ...asking }).environment).toMatchObject(environment);
  },
);
