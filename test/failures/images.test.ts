/** Images that don't exist, aren't offered, or run as root: what everybody reads, and that nothing is left. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { waitFor } from '../stack/program.ts';
import { docker, sharedEngine, testFolder } from '../stack/shared-engine.ts';
import { Stack } from '../stack/stack.ts';
import { attempt, cli, failureIn, history, nothingLeft, readable, ready, rows } from './views.ts';

const engine = sharedEngine();
const rooted = 'berth-test/root:1';
/** `.invalid` is no domain (RFC 6761): no registry answers for it. */
const nowhere = 'registry.invalid/nobody/nothing:1';
const absent = 'berth-test/absent:1';
let stack: Stack;

beforeAll(async () => {
  const container = await docker(engine, 'create', engine.tinyImage);
  await docker(engine, 'commit', '--change', 'USER root', container.trim(), rooted);
  await docker(engine, 'rm', container.trim());
  const images = [
    { reference: engine.tinyImage, pull: 'never' },
    { reference: nowhere, pull: 'missing' },
    { reference: absent, pull: 'never' },
    { reference: rooted, pull: 'never' },
  ];
  stack = await Stack.start({ folder: await testFolder(), engine, images: [], berthConfiguration: { images } });
});

afterAll(async () => {
  await stack?.remove();
  await docker(engine, 'image', 'rm', rooted);
});

const unusable = [
  ['a name that no registry has', nowhere, ['image-not-found', 'image-pull-failed'], /registry\.invalid/],
  [
    'an image that is not here and may not be pulled',
    absent,
    ['image-not-found'],
    /berth-test\/absent:1 isn't on this host/,
  ],
  ['an image that runs as root', rooted, ['image-runs-as-root'], /berth-test\/root:1 runs as root.*containers\.user/],
] as const;

test.each(unusable)('%s: the user reads which image and why, within seconds', async (_, image, codes, reason) => {
  const user = `user-${unusable.findIndex((row) => row[1] === image)}`;
  const browser = await stack.loggedIn(user);
  const form = await browser.open(`/hub/spawn/${user}`);
  expect(form.text).toContain(`value="${image}"`);

  const began = Date.now();
  const seen = await attempt(stack, browser, user, { image });
  expect(Date.now() - began).toBeLessThan(15_000);
  expect(failureIn(seen)).toMatch(reason);
  expect(seen.after).toMatch(reason);

  const status = (await rows(stack, user))[0]?.status;
  expect(status?.state === 'failed' && (codes as readonly string[]).includes(status.failure.code)).toBe(true);
  expect(await cli(stack, 'ps', '--all', '--user', user)).toMatch(reason);
  expect(await cli(stack, 'history', '--user', user)).toMatch(reason);
  await nothingLeft(stack, user);

  await browser.startServer(user, '', { image: engine.tinyImage });
  await waitFor('the next start, with an image that works, is ready', () => ready(stack, user));
});

test('an image that is not offered is refused by name, with those that are; nothing is put on record', async () => {
  await stack.hubApi.createUser('curious');
  const answer = await stack.hubApi.call('POST', '/users/curious/server', { image: 'evil:1' });
  expect(answer.status).toBe(403);
  const { message } = (await answer.json()) as { message: string };
  expect(message).toContain('The image evil:1 is not offered. Offered: berth-test/tiny:1');
  expect(await rows(stack, 'curious')).toEqual([]);
  expect(await history(stack, 'curious')).toEqual([]);
  await nothingLeft(stack, 'curious');

  const browser = await stack.loggedIn('curious');
  const page = await browser.startServer('curious', '', { image: 'evil:1' });
  expect(readable(page.text)).toContain('The image evil:1 is not offered');
});
