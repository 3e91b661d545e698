import { expect, test } from '@jest/globals';
import { ConfigurationError } from './configuration.ts';
import { loadConfiguration, parseConfiguration } from './load.ts';
import { toSpawnerSettings } from './spawner-settings.ts';

const folders = { state: '/var/lib/berth', runtime: '/run/berth' };

function faultsOf(text: string): string[] {
  try {
    parseConfiguration(text, 'berth.yaml', folders);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message.split('\n');
    throw error;
  }
  return [];
}

test('an empty file is a whole configuration', () => {
  const configuration = parseConfiguration('', 'berth.yaml', folders);
  expect(configuration.listen).toEqual({ http: { address: '127.0.0.1', port: 8550 }, socket: '/run/berth/hub.sock' });
  expect(configuration.hubs).toEqual([
    { name: 'default', token: { path: '/var/lib/berth/hub.token', declared: false } },
  ]);
  expect(configuration.adminToken).toEqual({ path: '/var/lib/berth/admin.token', declared: false });
  expect(configuration.viewerToken).toBeUndefined();
  expect(configuration.images).toEqual([
    { reference: 'quay.io/jupyterhub/singleuser:5', title: 'quay.io/jupyterhub/singleuser:5', pull: 'missing' },
  ]);
  expect(configuration.docker).toEqual({
    socket: '/var/run/docker.sock',
    callTimeout: 30,
    pullTimeout: 1800,
    resync: 60,
  });
});

test('no file at all is the same as an empty one', async () => {
  expect(await loadConfiguration(undefined, folders)).toEqual(parseConfiguration('', 'berth.yaml', folders));
});

test('a file that was asked for must exist', async () => {
  await expect(loadConfiguration('/nowhere/berth.yaml', folders)).rejects.toThrow(
    '/nowhere/berth.yaml: cannot be read: does not exist',
  );
});

test('a configuration is frozen, its inner parts too', () => {
  const configuration = parseConfiguration('images: [a, b]', 'berth.yaml', folders);
  expect(Object.isFrozen(configuration)).toBe(true);
  expect(Object.isFrozen(configuration.containers.logs)).toBe(true);
  expect(Object.isFrozen(configuration.images[0])).toBe(true);
});

test('durations and sizes reach the spawner in its units', () => {
  const text = `
containers: { memory: 4GiB, stopGrace: 1m, logs: { maxSize: 1MiB } }
history: { keep: 36h }
abandoned: { after: 3d }
maximumAge: 90m
docker: { callTimeout: 5s, pullTimeout: 1h, resync: 2m }
`;
  const settings = toSpawnerSettings(parseConfiguration(text, 'berth.yaml', folders), {
    instance: 'test-instance',
    labelKey: new Uint8Array(32),
  });
  expect(settings.containers).toMatchObject({ memoryBytes: 4 * 2 ** 30, stopGraceSeconds: 60, logMaxBytes: 2 ** 20 });
  expect(settings.history.keepDays).toBe(1.5);
  expect(settings.abandoned.afterHours).toBe(72);
  expect(settings.maximumAgeHours).toBe(1.5);
  expect(settings.engine).toEqual({ callSeconds: 5, resyncSeconds: 120 });
});

test.each<[string, string, string[]]>([
  ['a misspelt key', 'lissten: {}', ['berth.yaml:1: lissten: unknown key; did you mean listen?']],
  [
    'a key in another case',
    'docker:\n  call-timeout: 3s',
    ['berth.yaml:2: docker.call-timeout: unknown key; did you mean callTimeout?'],
  ],
  [
    'a key nobody could guess',
    'log: {colour: red}',
    ['berth.yaml:1: log.colour: unknown key; known here: level, format'],
  ],
  [
    'a misspelt key within a list',
    'hubs:\n  - name: a\n    tokenfile: /x',
    ['berth.yaml:3: hubs[0].tokenfile: unknown key; did you mean tokenFile?'],
  ],
  [
    'a misspelt key within an image',
    'images:\n  - referense: a',
    [
      'berth.yaml:2: images[0].reference: is missing; must be an image reference such as quay.io/jupyterhub/singleuser:5',
      'berth.yaml:2: images[0].referense: unknown key; did you mean reference?',
    ],
  ],
  [
    'a number for a duration',
    'maximumAge: 30',
    ['berth.yaml:1: maximumAge: must be a duration such as 30s, 5m, 2h or 90d, not 30'],
  ],
  [
    'a duration of an unknown unit',
    'maximumAge: 3w',
    ['berth.yaml:1: maximumAge: must be a duration such as 30s, 5m, 2h or 90d, not "3w"'],
  ],
  [
    'a duration that is too short',
    'docker: {resync: 1s}',
    ['berth.yaml:1: docker.resync: must be a duration from 5s to 3650d, not "1s"'],
  ],
  [
    'a size without a unit',
    'containers: {memory: 4}',
    ['berth.yaml:1: containers.memory: must be a size such as 512MiB or 4GiB, not 4'],
  ],
  [
    'a size that is too small',
    'containers: {memory: 1kB}',
    ['berth.yaml:1: containers.memory: must be a size of at least 6MiB, not "1kB"'],
  ],
  [
    'a port out of range',
    'listen: {http: {port: 99999}}',
    ['berth.yaml:1: listen.http.port: must be a whole number from 0 to 65535, not 99999'],
  ],
  ['an empty section', 'containers:', ['berth.yaml:1: containers: must be a mapping of keys to values, not empty']],
  ['a list for a mapping', '- a', ['berth.yaml: must be a mapping of keys to values, not a list']],
  [
    'a word for a flag',
    'abandoned: {stop: maybe}',
    ['berth.yaml:1: abandoned.stop: must be true or false, not "maybe"'],
  ],
  [
    'true for a listener',
    'listen: {http: true}',
    ['berth.yaml:1: listen.http: must be a mapping of keys to values, not true'],
  ],
  [
    'a relative path',
    'adminTokenFile: admin.token',
    ['berth.yaml:1: adminTokenFile: must be an absolute path, not "admin.token"'],
  ],
  [
    'an image in capitals',
    'images: [Bad/Image]',
    ['berth.yaml:1: images[0]: must be an image reference such as quay.io/jupyterhub/singleuser:5, not "Bad/Image"'],
  ],
  [
    'a hub of no name',
    'hubs: [{tokenFile: /a}]',
    ['berth.yaml:1: hubs[0].name: is missing; must be 1 to 30 characters of a-z, 0-9 and -'],
  ],
  [
    'a hub of an unsafe name',
    'hubs: [{name: A_B}]',
    ['berth.yaml:1: hubs[0].name: must be 1 to 30 characters of a-z, 0-9 and -, not "A_B"'],
  ],
  [
    'a hub URL that is none',
    'hubs: [{name: a, apiUrl: "ftp://x"}]',
    [
      'berth.yaml:1: hubs[0].apiUrl: must be a URL that begins with http:// or https://, without user, password or fragment, not "ftp://x"',
    ],
  ],
  [
    'two hubs of one name',
    'hubs:\n  - {name: a, tokenFile: /a}\n  - {name: a, tokenFile: /b}',
    ['berth.yaml:3: hubs[1].name: hub 1 has this name already; each hub needs its own'],
  ],
  [
    'one token file for two roles',
    'hubs: [{name: a, tokenFile: /t}]\nviewerTokenFile: /t',
    [
      'berth.yaml:2: viewerTokenFile: hubs.0.tokenFile is this file already; a token has one role, so give each its own file',
    ],
  ],
  [
    'the generated file of another role',
    'viewerTokenFile: /var/lib/berth/admin.token',
    [
      'berth.yaml:1: viewerTokenFile: adminTokenFile is this file already; a token has one role, so give each its own file',
    ],
  ],
  [
    'an image twice',
    'images: [a, {reference: a}]',
    ['berth.yaml:1: images[1]: image 1 is the same; leave one of them out'],
  ],
  [
    'TCP beyond loopback in clear',
    'listen: {http: {address: 10.1.2.3}}',
    [
      'berth.yaml:1: listen.http.address: 10.1.2.3 is reachable from elsewhere, so tokens would travel in clear; add tls: {certificate, key}, or listen on 127.0.0.1',
    ],
  ],
  [
    'every address in clear',
    'listen: {http: {address: "::"}}',
    [
      'berth.yaml:1: listen.http.address: :: is reachable from elsewhere, so tokens would travel in clear; add tls: {certificate, key}, or listen on 127.0.0.1',
    ],
  ],
  [
    'no listener at all',
    'listen: {http: false, socket: false}',
    ['berth.yaml:1: listen: http and socket are both false; leave one of them on'],
  ],
  [
    'a loader variable',
    'containers: {environment: {LD_PRELOAD: /x.so}}',
    [
      'berth.yaml:1: containers.environment.LD_PRELOAD: would change how every program in the container is loaded; leave it out',
    ],
  ],
  [
    'a variable of the hub',
    'containers: {environment: {JUPYTERHUB_API_TOKEN: x}}',
    ['berth.yaml:1: containers.environment.JUPYTERHUB_API_TOKEN: is set by Berth or the hub; leave it out'],
  ],
  [
    'a variable that is no name',
    'containers: {environment: {"A B": x}}',
    ['berth.yaml:1: containers.environment.A B: no name of a variable; letters, digits and _ only, the first no digit'],
  ],
  [
    'a number in the environment',
    'containers: {environment: {A: 1}}',
    ['berth.yaml:1: containers.environment.A: must be text, numbers in quotes, not 1'],
  ],
  [
    "a volume's name that begins with the user's",
    'containers: {volumes: [{source: "{username}-data", target: /s}]}',
    [
      'berth.yaml:1: containers.volumes[0].source: no name of a volume for every user: it begins with a letter or digit of its own, then letters, digits, ., _, - and fields, such as jupyterhub-user-{username}; or it is an absolute path',
    ],
  ],
  [
    "Docker's socket as a volume",
    'containers: {volumes: [{source: /var/run/docker.sock, target: /s}]}',
    ['berth.yaml:1: containers.volumes[0].source: would show notebooks /var/run/docker.sock; choose another folder'],
  ],
  [
    'the state folder as a volume',
    'containers: {volumes: [{source: /var/lib/berth/x, target: /s}]}',
    ['berth.yaml:1: containers.volumes[0].source: would show notebooks /var/lib/berth; choose another folder'],
  ],
  [
    'a folder that holds the state folder',
    'containers: {volumes: [{source: /var/lib, target: /s}]}',
    ['berth.yaml:1: containers.volumes[0].source: would show notebooks /var/lib/berth; choose another folder'],
  ],
  [
    'all of /tmp as a volume',
    'containers: {volumes: [{source: /tmp/, target: /s}]}',
    ['berth.yaml:1: containers.volumes[0].source: /tmp holds far more than notebooks need; name a folder within'],
  ],
  [
    'a way around by dots',
    'containers: {volumes: [{source: /home/../etc, target: /s}]}',
    ['berth.yaml:1: containers.volumes[0].source: may not contain ..; write the path it leads to'],
  ],
  [
    "the host's /etc, writable",
    'containers: {volumes: [{source: /etc/krb5.conf, target: /etc/krb5.conf}]}',
    [
      "berth.yaml:1: containers.volumes[0].source: the host's /etc is mounted read-only or not at all; add readOnly: true",
    ],
  ],
  [
    'a volume over what Berth mounts',
    'containers: {volumes: [{source: a, target: /run/berth/ssl}]}',
    ['berth.yaml:1: containers.volumes[0].target: may not be /run/berth or lie in it'],
  ],
  [
    'a volume named by something unknown',
    'containers: {volumes: [{source: "data-{uid}", target: /s}]}',
    [
      'berth.yaml:1: containers.volumes[0].source: has braces around something else than username, servername, legacy_username, legacy_servername',
    ],
  ],
  [
    'two volumes on one target',
    'containers:\n  volumes:\n    - {source: a, target: /s}\n    - {source: b, target: /s/}',
    ['berth.yaml:4: containers.volumes[1].target: volume 1 has this target already'],
  ],
  [
    "root as the notebooks' user",
    'containers: {user: "0:100"}',
    ['berth.yaml:1: containers.user: notebooks never run as root; name another user, such as "1000:100"'],
  ],
  [
    'a prefix of capitals',
    'containers: {prefix: Berth}',
    ['berth.yaml:1: containers.prefix: must be 1 to 21 characters of a-z, 0-9 and -, the first no -, not "Berth"'],
  ],
  [
    'several at once, across keys too',
    'maximumAge: 1\nnetwork: {mode: mine}\nimages: [a, a]',
    [
      'berth.yaml:1: maximumAge: must be a duration such as 30s, 5m, 2h or 90d, not 1',
      'berth.yaml:2: network.mode: must be one of own, existing, not "mine"',
      'berth.yaml:3: images[1]: image 1 is the same; leave one of them out',
    ],
  ],
])('%s is refused', (_, text, expected) => {
  expect(faultsOf(text)).toEqual(expected);
});

test.each([
  ['a key twice', 'log: {}\nlog: {}', 'berth.yaml:2: is no valid YAML'],
  ['a broken bracket', 'images: [a', 'berth.yaml:1: is no valid YAML'],
  ['two documents', 'log: {}\n---\nlog: {}', 'berth.yaml:2: is no valid YAML'],
])('%s is refused with its line', (_, text, expected) => {
  expect(faultsOf(text).join('\n')).toContain(expected);
});

test.each([
  ['TLS beyond loopback', 'listen: {http: {address: 10.1.2.3, tls: {certificate: /c, key: /k}}}'],
  ['loopback of IPv6', 'listen: {http: {address: "::1"}}'],
  ['the socket only', 'listen: {http: false}'],
  ['a volume per user', 'containers: {volumes: [{source: "jupyterhub-user-{username}", target: /home/jovyan/work}]}'],
  ['a folder per user', 'containers: {volumes: [{source: "/home/{username}", target: /home/jovyan}]}'],
  [
    "the host's Kerberos configuration, read-only",
    'containers: {volumes: [{source: /etc/krb5.conf, target: /etc/krb5.conf, readOnly: true}]}',
  ],
])('%s is accepted', (_, text) => {
  expect(faultsOf(text)).toEqual([]);
});
