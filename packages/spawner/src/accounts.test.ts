import { expect, test } from '@jest/globals';
import type { Accounts, Tickets } from './accounts.ts';
import { EngineError } from './engine.ts';
import { SpawnError } from './errors.ts';
import { instanceLabel } from './labels.ts';
import type { SpawnErrorCode } from './server.ts';
import { accounts, alicesAccount, eventually, settings, tickets, World } from './testing/world.ts';

const { name, uid, gid, principal } = alicesAccount;
const account = { name, uid, gid, principal };
const hanging = () => new Promise<never>(() => undefined);

function messages(world: World): string[] {
  return world.spawner.get(world.key)?.progress.map(({ message }) => message) ?? [];
}

test('a server runs as its account, with its ticket; record, view and container say as whom', async () => {
  const world = await new World({ accounts, tickets }).open();
  const { container, ...view } = await world.running();
  expect(view.account).toEqual(account);
  expect(world.store.servers.get(world.key)?.account).toEqual(account);
  expect(world.engine.specOf(container?.id ?? '')).toMatchObject({
    ...{ user: '70001:70000', groups: [70_002, 70_003], workingDirectory: '/home/alice' },
    environment: { HOME: '/home/alice', USER: 'alice', KRB5CCNAME: 'FILE:/run/berth/krb5/krb5cc' },
  });
  expect(world.engine.callCount('readFiles')).toBe(1);
  await world.close();
});

test('the account is told to listeners before its ticket is asked for, so that it is renewed from then on', async () => {
  const told: unknown[] = [];
  let toldBefore: unknown;
  const watching: Tickets = {
    async prepare(server, asked, signal) {
      toldBefore = told.at(-1);
      return tickets.prepare(server, asked, signal);
    },
  };
  const world = await new World({ accounts, tickets: watching }).open();
  world.spawner.subscribe((event) => {
    if (event.type === 'server') told.push(event.server.account);
  });
  await world.running();
  expect(told[0]).toBeUndefined();
  expect(toldBefore).toEqual(account);
  await world.close();
});

test('the account reads the files of the image that is started', async () => {
  const read: Record<string, string> = {};
  const reading: Accounts = {
    async prepare(_, image, signal) {
      for (const [path, text] of await image.read(['/etc/passwd', '/etc/nothing'], signal)) read[path] = text;
      read['id'] = image.id;
      return undefined;
    },
  };
  const world = new World({ accounts: reading });
  const { id } = world.engine.addImage('notebook:1', { files: { '/etc/passwd': 'lab:x:1000:1000::/:/bin/sh\n' } });
  await (await world.open()).running();
  expect(read).toEqual({ '/etc/passwd': 'lab:x:1000:1000::/:/bin/sh\n', id });
  await world.close();
});

test('what the ticket’s owner should know is told as progress', async () => {
  const world = await new World({ accounts, tickets }).open();
  await world.running();
  const said = messages(world);
  expect(said).toEqual(expect.arrayContaining(['Looking up your account', 'Your ticket ends in 3 hours.']));
  expect(said.indexOf('Your ticket ends in 3 hours.')).toBe(said.indexOf('Getting your Kerberos ticket ready') + 1);
  await world.close();
});

test.each<[string, Pick<World, 'accounts' | 'tickets'>, string[]]>([
  ['nor tickets', { accounts: undefined, tickets: undefined }, []],
  ['but tickets', { accounts: undefined, tickets }, []],
  ['for this user', { accounts: { prepare: async () => undefined }, tickets }, ['Looking up your account']],
])('without accounts %s a server runs as its image’s user, and hears nothing of tickets', async (_, parts, said) => {
  const world = new World();
  Object.assign(world, parts);
  await world.restart();
  const { container, ...view } = await world.running();
  expect(view).not.toHaveProperty('account');
  expect(world.store.servers.get(world.key)).not.toHaveProperty('account');
  const spec = world.engine.specOf(container?.id ?? '');
  for (const key of ['user', 'groups', 'workingDirectory']) expect(spec).not.toHaveProperty(key);
  expect(spec.environment).not.toHaveProperty('KRB5CCNAME');
  expect(spec.labels['berth.spec']).not.toContain('account');
  expect(messages(world).filter((message) => /account|ticket/.test(message))).toEqual(said);
  await world.close();
});

test('without tickets a server runs as its account, without one', async () => {
  const world = await new World({ accounts }).open();
  const { container, ...view } = await world.running();
  expect(view.account).toEqual(account);
  expect(world.store.servers.get(world.key)?.account).toEqual(account);
  expect(world.engine.specOf(container?.id ?? '').environment).not.toHaveProperty('KRB5CCNAME');
  await world.close();
});

test('a start may go on without a ticket, where the tickets say so', async () => {
  const world = await new World({ accounts, tickets: { prepare: async () => undefined } }).open();
  const { container } = await world.running();
  expect(world.engine.specOf(container?.id ?? '').environment).not.toHaveProperty('KRB5CCNAME');
  await world.close();
});

const refusals: [SpawnErrorCode, 'accounts' | 'tickets', string][] = [
  ['login-required', 'accounts', 'look up the account'],
  ['account-unsafe', 'accounts', 'look up the account'],
  ['home-unsafe', 'accounts', 'look up the account'],
  ['directory-unreachable', 'accounts', 'look up the account'],
  ['ticket-ended', 'tickets', 'get the Kerberos ticket ready'],
  ['ticket-missing', 'tickets', 'get the Kerberos ticket ready'],
];

test.each(refusals)(
  '%s: the user reads the sentence, nothing is left, and the next start may succeed',
  async (code, part, step) => {
    const prepare = () => Promise.reject(new SpawnError(code, `Not now: ${code}.`));
    const world = await new World({ accounts, tickets, [part]: { prepare } }).open();
    await world.spawner.start(world.request());
    const { status } = await world.reaches('failed');
    expect(status).toMatchObject({ failure: { code, step, message: `Not now: ${code}.`, retryable: false } });
    expect(world.store.history[0]).toMatchObject({ outcome: 'failed', failure: { code } });
    expect(world.engine.callCount('create')).toBe(0);
    expect(world.engine.containers()).toEqual([]);
    Object.assign(world, { accounts, tickets });
    await world.restart();
    await world.running({ generation: 2 });
    await world.close();
  },
);

test.each([
  ['unreachable', 'docker-unreachable'],
  ['image-not-found', 'image-not-found'],
] as const)('an image whose files can’t be read (%s) ends the start with %s', async (engineCode, code) => {
  const world = await new World({ accounts, tickets }).open();
  world.engine.failNext('readFiles', new EngineError(engineCode, 'Docker says no'));
  await world.spawner.start(world.request());
  expect((await world.reaches('failed')).status).toMatchObject({ failure: { code, message: 'Docker says no' } });
  expect(world.engine.containers()).toEqual([]);
  await world.close();
});

test('an error that nobody foresaw is told without its words', async () => {
  const prepare = () => Promise.reject(new Error('password is 123'));
  const world = await new World({ accounts: { prepare }, tickets }).open();
  await world.spawner.start(world.request());
  const { status } = await world.reaches('failed');
  expect(status).toMatchObject({ failure: { code: 'internal' } });
  expect(JSON.stringify(status)).not.toContain('123');
  await world.close();
});

test.each([
  ['accounts', 'look up the account'],
  ['tickets', 'get the Kerberos ticket ready'],
] as const)('%s that never answer cost no more than the budget, and the error names the step', async (part, step) => {
  let aborted: AbortSignal | undefined;
  const prepare = (_: unknown, __: unknown, signal: AbortSignal) => ((aborted = signal), hanging());
  const world = await new World({ accounts, tickets, [part]: { prepare } }).open();
  const began = Date.now();
  await world.spawner.start(world.request({ budgetSeconds: 0.3 }));
  const { status } = await world.reaches('failed');
  expect(Date.now() - began).toBeLessThan(4000);
  expect(status).toMatchObject({
    failure: { code: 'start-timeout', step, message: expect.stringMatching(`the step "${step}" had taken 0\\.\\d s`) },
  });
  expect(aborted?.aborted).toBe(true);
  expect(world.engine.containers()).toEqual([]);
  await world.close();
});

test.each(['accounts', 'tickets'] as const)(
  'a start cancelled while %s are asked ends at once, and a late answer changes nothing',
  async (part) => {
    const late = Promise.withResolvers<never>();
    let asked = false;
    const slow = { prepare: () => ((asked = true), late.promise) };
    const world = await new World({ accounts, tickets, [part]: slow }).open();
    await world.spawner.start(world.request());
    await eventually(() => asked);
    await world.spawner.stop(world.key, {});
    await world.reaches('stopped');
    const before = world.spawner.get(world.key);
    const answer = { ...alicesAccount, uid: 66_666, folder: '/late', krb5Conf: '/late', notices: ['too late'] };
    late.resolve(answer as never);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(world.spawner.get(world.key)).toEqual(before);
    expect(world.engine.callCount('create')).toBe(0);
    await world.close();
  },
);

test('an account that changed since the last start is the new one’s', async () => {
  const world = await new World({ accounts, tickets }).open();
  await world.running();
  world.accounts = { prepare: async () => ({ ...alicesAccount, uid: 70_009 }) };
  await world.restart();
  expect(world.spawner.get(world.key)?.account).toEqual(account);
  expect((await world.running({ generation: 2 })).account).toEqual({ ...account, uid: 70_009 });
  world.accounts = undefined;
  await world.restart();
  expect(await world.running({ generation: 3 })).not.toHaveProperty('account');
  await world.close();
});

test('the account survives a restart, and a lost database by the labels', async () => {
  const world = await new World({ accounts, tickets }).open();
  await world.running();
  await world.restart();
  expect((await world.reaches('running')).account).toEqual(account);
  void world.spawner.close();
  world.store.servers.clear();
  await world.restart();
  expect((await world.reaches('running')).account).toEqual(account);
  await eventually(() => world.store.servers.get(world.key)?.account?.uid === account.uid);
  await world.close();
});

test('where a restored database is behind, the account is that of the running container, also where it has none', async () => {
  const world = await new World({ accounts, tickets }).open();
  await world.running({ generation: 1 });
  const old = structuredClone(world.store.servers.get(world.key));
  world.accounts = undefined;
  await world.restart();
  await world.running({ generation: 2 });
  void world.spawner.close();
  if (old) world.store.servers.set(world.key, old);
  expect(old?.account).toEqual(account);
  await world.restart();
  const view = await world.reaches('running');
  expect(view.generation).toBe(2);
  expect(view).not.toHaveProperty('account');
  await world.close();
});

test('a container that claims another account by its labels is left alone, whoever it says it is', async () => {
  const world = await new World({ accounts, tickets }).open();
  const { container } = await world.running();
  const signal = new AbortController().signal;
  const spec = world.engine.specOf(container?.id ?? '');
  await world.engine.stop(container?.id ?? '', 0, signal);
  await world.engine.remove(container?.id ?? '', signal);
  await world.reaches('exited');
  void world.spawner.close();
  world.store.servers.clear();
  const forged = (spec.labels['berth.spec'] ?? '').replace('"uid":70001', '"uid":0');
  expect(forged).toContain('"uid":0');
  const id = await world.engine.create({ ...spec, labels: { ...spec.labels, 'berth.spec': forged } }, signal);
  await world.engine.start(id, signal);
  await world.restart();
  expect(world.spawner.list()).toEqual([]);
  const { containers } = await world.engine.list(instanceLabel(settings.instance), signal);
  expect(containers.map((one) => one.id)).toEqual([id]);
  expect(world.spawner.parts().find(({ part }) => part === 'resync')?.detail).toContain('no valid signature');
  await world.close();
});
