import { expect, test } from '@jest/globals';
import { checkChoices } from './choices.ts';
import type { SpawnerSettings } from './settings.ts';
import type { StartServer } from './spawner.ts';
import { settings, World } from './testing/world.ts';

const request = new World().request();
const pinned: Partial<SpawnerSettings> = { hubs: [{ name: 'default', apiUrl: 'http://172.17.0.1:8081/hub/api' }] };

const allowed: [string, Partial<StartServer>, Partial<SpawnerSettings>][] = [
  ['nothing in particular', {}, {}],
  ['an offered image', { image: 'other:1' }, {}],
  ['a listed command', { command: ['jupyterhub-singleuser', '--debug'] }, {}],
  ['less memory than the site gives', { limits: { memoryBytes: 2 ** 20 } }, {}],
  ['its own API URL', { environment: { JUPYTERHUB_API_URL: 'http://172.17.0.1:8081/hub/api' } }, pinned],
  [
    'a URL below its own',
    { environment: { JUPYTERHUB_ACTIVITY_URL: 'http://172.17.0.1:8081/hub/api/users/a/activity' } },
    pinned,
  ],
  ['any URL where none is pinned', { environment: { JUPYTERHUB_API_URL: 'http://anywhere' } }, {}],
  ['a proxy for its notebooks', { environment: { HTTPS_PROXY: 'http://proxy:3128' } }, {}],
];

test.each(allowed)('a hub may ask for %s', (_, change, site) => {
  expect(() => checkChoices({ ...request, ...change }, { ...settings, ...site })).not.toThrow();
});

const refused: [string, Partial<StartServer>, Partial<SpawnerSettings>, string][] = [
  ['an image that is not offered', { image: 'evil:1' }, {}, 'image-not-allowed'],
  ['an offered image under another tag', { image: 'other' }, {}, 'image-not-allowed'],
  ['a command that is not listed', { command: ['sh'] }, {}, 'command-not-allowed'],
  [
    'a listed command with more words',
    { command: ['jupyterhub-singleuser', '--debug', 'x'] },
    {},
    'command-not-allowed',
  ],
  ['another loader', { environment: { LD_PRELOAD: '/tmp/x.so' } }, {}, 'environment-not-allowed'],
  ['another ticket', { environment: { KRB5CCNAME: 'FILE:/tmp/krb5cc_0' } }, {}, 'environment-not-allowed'],
  ["one of Berth's own variables", { environment: { BERTH_URL: 'x' } }, {}, 'environment-not-allowed'],
  ["one of the site's own variables", { environment: { SITE: 'x' } }, {}, 'environment-not-allowed'],
  ['more memory than the site gives', { limits: { memoryBytes: 2 ** 31 } }, {}, 'limits-exceeded'],
  ['more CPUs than the site gives', { limits: { cpus: 2.5 } }, {}, 'limits-exceeded'],
  ...[
    'http://172.17.0.1:8082/hub/api',
    'https://172.17.0.1:8081/hub/api',
    'http://172.17.0.1:8081/hub/apix',
    'http://172.17.0.1:8081/hub/api/../../evil',
    'http://u:p@172.17.0.1:8081/hub/api',
    'http://172.17.0.1.evil:8081/hub/api',
    '//172.17.0.1:8081/hub/api',
  ].map((url): [string, Partial<StartServer>, Partial<SpawnerSettings>, string] => [
    `the hub URL ${url} beside the pinned one`,
    { environment: { JUPYTERHUB_API_URL: url } },
    pinned,
    'hub-url-mismatch',
  ]),
];

test.each(refused)('a hub may not ask for %s', (_, change, site, code) => {
  expect(() => checkChoices({ ...request, ...change }, { ...settings, ...site })).toThrow(
    expect.objectContaining({ code }),
  );
});

test('a key that belongs to somebody else is refused with the right one', async () => {
  const world = await new World().open();
  await expect(world.spawner.start(world.request({ key: 'bob-aaaaaaaaaaaaaaaa' }))).rejects.toMatchObject({
    code: 'key-mismatch',
    message: expect.stringContaining(world.key),
  });
  await world.close();
});
