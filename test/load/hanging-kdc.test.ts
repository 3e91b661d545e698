/** The KDC takes connections and says nothing: whoever logs in waits for it, and nobody else does. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { TokenHolder } from '../security/token-holder.ts';
import { Berth } from '../stack/berth.ts';
import { sharedEngine, testFolder } from '../stack/shared-engine.ts';
import { LoginStorm, type LoginAnswer } from './login-storm.ts';
import { Onlooker, type Seen } from './onlooker.ts';

/** How long each login waits for the KDC. Whoever waits for it too waits as long; a busy machine alone is quicker. */
const kdcSeconds = 15;
const polled = ['polled1', 'polled2'];
const started = ['started1', 'started2', 'started3'];
let storm: LoginStorm;
let berth: Berth;
let service: { url: string; token: string };
let answers: readonly LoginAnswer[];
let seen: Seen;

beforeAll(async () => {
  const engine = sharedEngine();
  const folder = await testFolder();
  storm = await LoginStorm.make(folder, [...polled, ...started], kdcSeconds);
  berth = await Berth.start({
    ...{ folder, dockerSocket: engine.socketPath, images: [engine.tinyImage] },
    configuration: { ...storm.configuration, instance: 'hanging-kdc' },
  });
  service = { url: berth.url, token: await berth.token('hub') };
  for (const name of storm.others) await storm.logIn(service, name);
  const hub = new TokenHolder(berth, service.token, 'default');
  for (const user of polled) await hub.started(user);
  storm.kdc.freeze();
  const logins = storm.break(service);
  [answers, seen] = await Promise.all([logins, new Onlooker({ ...service, polled, started }).look(logins)]);
}, 300_000);

afterAll(async () => {
  const hub = service && new TokenHolder(berth, service.token, 'default');
  for (const user of hub ? polled : []) await hub.stopped(user);
  await berth?.remove();
  await storm?.remove();
});

test('fifty who log in while the KDC hangs are all let in, without a ticket, and told so', () => {
  expect(answers).toHaveLength(50);
  for (const answer of answers)
    expect(answer).toEqual({ status: 200, ticket: false, notices: [expect.stringContaining('no Kerberos ticket')] });
});

test('meanwhile each question about a server is answered at once', () => {
  expect(seen.polls.length).toBeGreaterThan(50);
  expect(Math.max(...seen.polls)).toBeLessThan(10_000);
  expect(Math.max(...seen.health)).toBeLessThan(10_000);
});

test('meanwhile servers of those who have a ticket start, and the event stream tells of each step', () => {
  expect(seen.starts.length).toBeGreaterThan(1);
  expect(Math.max(...seen.events)).toBeLessThan(10_000);
  expect(Math.max(...seen.starts)).toBeLessThan(30_000);
});

test('once the KDC answers again, the next login brings the ticket', async () => {
  storm.kdc.thaw();
  const [first = ''] = storm.many;
  expect(await storm.logIn(service, first)).toEqual({ status: 200, ticket: true, notices: [] });
});
