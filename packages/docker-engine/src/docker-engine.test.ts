import { afterEach, expect, test } from '@jest/globals';
import type { ContainerSpec, EngineEvent } from '@berth/spawner';
import { createDockerEngine, type DockerEngine } from './index.ts';
import { eventually, patience } from './testing/engine-contract.ts';
import { readRecording, RECORDED, ReplayServer, type Recording } from './testing/replay-server.ts';

const servers: ReplayServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.remove();
});

async function replay(recording: Recording, more: { watchRefreshSeconds?: number; callSeconds?: number } = {}) {
  const server = await ReplayServer.start(recording);
  servers.push(server);
  const engine = createDockerEngine({ socketPath: server.socketPath, callSeconds: 5, ...more });
  return { server, engine };
}

/** The id of the recorded container that was created as `berth-one`. */
function firstId(recording: Recording): string {
  return recordedId(recording, 'create');
}

function recordedId(recording: Recording, exchange: string): string {
  const found = recording.exchanges.find((one) => one.name === exchange)?.json as { Id: string } | undefined;
  if (found === undefined) throw new Error(`nothing recorded as "${exchange}"`);
  return found.Id;
}

const spec: ContainerSpec = {
  name: 'berth-one',
  imageId: `sha256:${'0'.repeat(64)}`,
  environment: { TOKEN: 'secret-of-the-hub' },
  labels: {},
  mounts: [],
  network: { name: 'berth', aliases: [] },
  publish: [],
  limits: { pids: 10, openFiles: 10 },
  security: { noNewPrivileges: true, dropCapabilities: [], addCapabilities: [], init: true },
  logs: { maxBytes: 1, maxFiles: 1 },
  stopGraceSeconds: 1,
};

test.each(RECORDED)('engine %s: the version is asked for once, and every call is pinned to it', async (name) => {
  const recording = await readRecording(name);
  const { server, engine } = await replay(recording);
  const info = await engine.describe(patience());
  await Promise.all([engine.list('berth.instance', patience()), engine.list('berth.instance', patience())]);
  expect(info).toMatchObject({ version: expect.stringContaining(recording.engine), apiVersion: recording.api });
  expect(info).toMatchObject({ cgroupVersion: name === '20.10' ? 1 : 2, usernsRemap: false, liveRestore: false });
  const [first, ...rest] = server.requests;
  expect(first).toMatchObject({ path: '/_ping', version: undefined });
  expect(rest.map((request) => request.version)).toEqual(rest.map(() => recording.api));
});

test.each(RECORDED)('engine %s: one call lists all containers, with their states', async (name) => {
  const { server, engine } = await replay(await readRecording(name));
  const { containers, unreadable } = await engine.list('berth.instance', patience());
  expect(unreadable).toBe(0);
  const phases = Object.fromEntries(containers.map((one) => [one.name, one.state.phase]));
  expect(phases).toEqual({
    'berth-one': 'running',
    'berth-two': 'exited',
    'berth-three': 'created',
    'berth-oom': 'exited',
    'berth-fresh': 'created',
    'berth-gone-net': 'created',
    'berth-port': 'created',
  });
  const running = containers.find((one) => one.name === 'berth-one');
  expect(running?.addresses).toEqual({ berth: expect.stringMatching(/^10\./) });
  expect(running?.published).toEqual({ 8888: { address: '127.0.0.1', port: 20998 } });
  expect(containers.filter((one) => one !== running).every((one) => Object.keys(one.addresses).length === 0)).toBe(
    true,
  );
  const asked = server.requests.filter((request) => request.path === '/containers/json');
  expect(asked).toHaveLength(1);
  expect(asked[0]?.query.get('all')).toBe('true');
  expect(JSON.parse(asked[0]?.query.get('filters') ?? '')).toEqual({ label: ['berth.instance'] });
});

test.each(RECORDED)('engine %s: exits are told apart', async (name) => {
  const recording = await readRecording(name);
  const { engine } = await replay(recording);
  const state = async (exchange: string) => (await engine.inspect(recordedId(recording, exchange), patience())).state;
  expect(await state('inspect running')).toMatchObject({ phase: 'running', startedAt: expect.any(Date) });
  expect(await state('inspect exited')).toMatchObject({ exit: { code: 3, oomKilled: false } });
  expect(await state('inspect oom')).toMatchObject({ exit: { code: 137, oomKilled: true } });
  expect(await state('inspect created')).toEqual({ phase: 'created' });
});

test.each(RECORDED)('engine %s: events become steps with labels and exit codes', async (name) => {
  const recording = await readRecording(name);
  const { server, engine } = await replay(recording);
  const events: EngineEvent[] = [];
  const observer = { onEvent: (event: EngineEvent) => events.push(event), onGap: () => 0, onDown: () => 0 };
  const watch = engine.watch('berth.instance', observer);
  await eventually(() => events.find((event) => event.action === 'destroy'));
  watch.close();
  const ofTwo = events.filter((event) => event.containerId === recordedId(recording, 'inspect exited'));
  expect(ofTwo.slice(0, 3).map((event) => [event.action, event.exitCode])).toEqual([
    ['create', undefined],
    ['start', undefined],
    ['die', 3],
  ]);
  expect(ofTwo[0]?.labels).toEqual({ 'berth-test': 'tiny', 'berth.instance': 'test-1', 'berth.key': 'u1' });
  const oom = events.filter((event) => event.containerId === recordedId(recording, 'inspect oom'));
  expect(oom.map((event) => event.action)).toEqual(expect.arrayContaining(['oom', 'die']));
  const filters = JSON.parse(server.requests.find((one) => one.path === '/events')?.query.get('filters') ?? '');
  expect(filters).toMatchObject({ type: ['container'], label: ['berth.instance'] });
});

test.each(RECORDED)('engine %s: each refusal has its code', async (name) => {
  const recording = await readRecording(name);
  const { engine } = await replay(recording);
  const create = (containerName: string) => engine.create({ ...spec, name: containerName }, patience());
  const expected = { 'berth-none': 'image-not-found', 'berth-bind': 'refused', 'b b': 'refused' };
  for (const [containerName, code] of Object.entries(expected))
    await expect(create(containerName)).rejects.toMatchObject({ name: 'EngineError', code });
  const taken = recording.exchanges.filter((one) => one.name !== 'create');
  const again = await replay({ ...recording, exchanges: taken });
  await expect(again.engine.create(spec, patience())).rejects.toMatchObject({ code: 'name-taken', status: 409 });
  await expect(engine.inspect('nobody', patience())).rejects.toMatchObject({ code: 'not-found' });
  const id = firstId(recording);
  await expect(engine.remove(id, patience())).rejects.toMatchObject({ code: 'refused', status: 409 });
});

test.each(RECORDED)('engine %s: image, network and logs are read', async (name) => {
  const recording = await readRecording(name);
  const { engine } = await replay(recording);
  expect(await engine.findImage('berth-test/tiny:1', patience())).toMatchObject({ user: '1000', labels: {} });
  expect(await engine.findImage('nobody/nothing:1', patience())).toBeUndefined();
  const found = recording.exchanges.filter((one) => one.name !== 'network missing');
  const again = await replay({ ...recording, exchanges: found });
  const request = { name: 'berth', interContainer: false, labels: {}, mustExist: true };
  expect(await again.engine.ensureNetwork(request, patience())).toMatchObject({
    gateway: '10.215.0.1',
    subnet: '10.215.0.0/22',
    interContainer: false,
    created: false,
  });
  expect(await engine.logs(recordedId(recording, 'inspect exited'), 10, patience())).toEqual(['out', 'err']);
});

test('the environment is in the body of a create, never in its URL', async () => {
  const { server, engine } = await replay(await readRecording('29'));
  await engine.create(spec, patience());
  const request = server.requests.find((one) => one.path === '/containers/create');
  expect([...(request?.query ?? [])]).toEqual([['name', 'berth-one']]);
  expect(request?.body).toContain('secret-of-the-hub');
});

test('a pull says what the registry said, and a reference that no registry has is not found', async () => {
  const { engine } = await replay(await readRecording('28'));
  const pull = (reference: string) => engine.pull(reference, () => undefined, patience());
  await expect(pull('127.0.0.1:9/none:1')).rejects.toMatchObject({ code: 'image-pull-failed' });
  await expect(pull('berth-test/tiny:1')).rejects.toMatchObject({ code: 'image-not-found', status: 404 });
});

test('an engine that is too old, or only speaks what is newer, is refused with a sentence', async () => {
  const recording = await readRecording('28');
  const speaking = (api: string, minimum: string) => {
    const headers = { 'api-version': api };
    const version = { name: 'v', method: 'GET', path: '/version', status: 200 };
    return replay({
      ...recording,
      exchanges: [
        { name: 'p', method: 'GET', path: '/_ping', status: 200, headers, text: 'OK' },
        { ...version, json: { ApiVersion: api, MinAPIVersion: minimum } },
      ],
    });
  };
  const asked = async (engine: DockerEngine) => engine.list('x', patience());
  await expect(asked((await speaking('1.40', '1.12')).engine)).rejects.toThrow(/too old: it speaks API 1\.40/);
  await expect(asked((await speaking('1.70', '1.60')).engine)).rejects.toThrow(/accepts API 1\.60 or newer/);
});

test('an engine whose ping says no version is asked for it, and what is no engine is said to be none', async () => {
  const recording = await readRecording('29');
  const silent = { name: 'p', method: 'GET', path: '/_ping', status: 200, text: 'OK' };
  const rest = recording.exchanges.filter((one) => one.path !== '/_ping');
  const { server, engine } = await replay({ ...recording, exchanges: [silent, ...rest] });
  await engine.list('berth.instance', patience());
  expect(server.requests.map((one) => one.path)).toEqual(['/_ping', '/version', '/containers/json']);
  const other = { name: 'v', method: 'GET', path: '/version', status: 200, json: {} };
  const stranger = await replay({ ...recording, exchanges: [silent, other] });
  await expect(stranger.engine.list('x', patience())).rejects.toThrow(/no Docker Engine/);
});

test('after the engine was replaced by a newer one the version is agreed anew', async () => {
  const { server, engine } = await replay(await readRecording('20.10'));
  await engine.list('berth.instance', patience());
  server.become(await readRecording('29'));
  // Nobody has noticed yet: the newer one refuses the old version, and says so.
  await expect(engine.list('berth.instance', patience())).rejects.toThrow(/too old/);
  await engine.list('berth.instance', patience());
  expect(server.requests.at(-1)?.version).toBe('1.52');
});

test('who cannot be reached is said to be unreachable, and is asked again afterwards', async () => {
  const recording = await readRecording('28');
  const { server, engine } = await replay(recording);
  await engine.list('berth.instance', patience());
  await server.hangUp();
  await expect(engine.list('berth.instance', patience())).rejects.toMatchObject({ code: 'unreachable' });
  await server.listen();
  await engine.list('berth.instance', patience());
  server.on('GET /containers/json', (_request, response) => response.destroy());
  await expect(engine.list('berth.instance', patience())).rejects.toMatchObject({ code: 'unreachable' });
  expect(server.requests.filter((one) => one.path === '/_ping')).toHaveLength(2);
});

test('an answer that breaks off in its middle is unreachable, and at once', async () => {
  const { server, engine } = await replay(await readRecording('28'), { callSeconds: 20 });
  server.on('GET /containers/json', (_request, response) => {
    response.write('[{"Id":');
    setTimeout(() => response.destroy(), 20);
  });
  const begun = performance.now();
  await expect(engine.list('x', patience())).rejects.toMatchObject({ code: 'unreachable' });
  expect(performance.now() - begun).toBeLessThan(5000);
});

test('an answer that never comes is a time-out, and an abort ends the request', async () => {
  const { server, engine } = await replay(await readRecording('28'), { callSeconds: 0.3 });
  let open = 0;
  server.on('GET /containers/json', (_request, response) => {
    open++;
    response.on('close', () => open--);
  });
  await expect(engine.list('x', patience())).rejects.toMatchObject({ code: 'timeout' });
  await expect(engine.list('x', AbortSignal.timeout(100))).rejects.toMatchObject({ name: 'TimeoutError' });
  await eventually(() => (open === 0 ? true : undefined));
  expect(open).toBe(0);
});

test('an engine that answers 500, nonsense, or a full disk is told apart', async () => {
  const { server, engine } = await replay(await readRecording('28'));
  const say = (status: number, body: string) =>
    server.on('GET /containers/json', (_request, response) => response.writeHead(status).end(body));
  say(500, '{"message":"it \\u001b[31mburns\\u001b[0m"}');
  await expect(engine.list('x', patience())).rejects.toMatchObject({
    code: 'refused',
    status: 500,
    message: 'it burns',
  });
  say(500, '{"message":"write /var/lib/docker/x: no space left on device"}');
  await expect(engine.list('x', patience())).rejects.toMatchObject({ code: 'disk-full' });
  say(200, '<html>');
  await expect(engine.list('x', patience())).rejects.toMatchObject({ code: 'refused' });
});

test('entries of a list that lack what every container has are counted, not thrown', async () => {
  const { server, engine } = await replay(await readRecording('28'));
  const good = { Id: 'a', Names: ['/n'], ImageID: 'sha256:1', Labels: {}, Created: 1, State: 'running' };
  const odd = [
    null,
    'text',
    {},
    { ...good, Names: null },
    { ...good, Names: [] },
    { ...good, Labels: null },
    { ...good, State: 'melting' },
    { ...good, Created: null },
    { ...good, ImageID: '' },
  ];
  server.on('GET /containers/json', (_request, response) => response.end(JSON.stringify([...odd, good])));
  const { containers, unreadable } = await engine.list('x', patience());
  expect(unreadable).toBe(odd.length);
  expect(containers).toMatchObject([{ id: 'a', name: 'n', addresses: {}, published: {} }]);
});

test('a removal that is under way is waited for until it is over', async () => {
  const { server, engine } = await replay(await readRecording('28'));
  let looks = 0;
  server.on('DELETE /containers/x', (_request, response) =>
    response.writeHead(409).end('{"message":"removal of container x is already in progress"}'),
  );
  server.on('GET /containers/x/json', (_request, response) =>
    ++looks < 3 ? response.end('{"Id":"x"}') : response.writeHead(404).end('{"message":"No such container: x"}'),
  );
  await engine.remove('x', patience());
  expect(looks).toBe(3);
});

test('a network whose gateway is not known yet has none', async () => {
  const { server, engine } = await replay(await readRecording('29'));
  const body = { Name: 'n', Id: '1', IPAM: { Config: [{ Subnet: '10.0.0.0/24' }] }, Options: null };
  server.on('GET /networks/n', (_request, response) => response.end(JSON.stringify(body)));
  const request = { name: 'n', interContainer: false, labels: {}, mustExist: false };
  expect(await engine.ensureNetwork(request, patience())).toMatchObject({ gateway: undefined, interContainer: true });
});

test('a stop is given its grace on top of the limit of a call', async () => {
  const { server, engine } = await replay(await readRecording('28'), { callSeconds: 0.1 });
  server.on('POST /containers/x/stop', (request, response) => {
    if (request.query.get('t') === '1') setTimeout(() => response.writeHead(204).end(), 500);
  });
  await engine.stop('x', 1, patience());
  await expect(engine.stop('x', 0, patience())).rejects.toMatchObject({ code: 'timeout' });
});

test('a container that is gone is removed', async () => {
  const { server, engine } = await replay(await readRecording('28'));
  server.on('DELETE /containers/x', (_request, response) =>
    response.writeHead(404).end('{"message":"No such container: x"}'),
  );
  await engine.remove('x', patience());
  expect(Object.fromEntries(server.requests.at(-1)?.query ?? [])).toEqual({ v: 'true', force: 'false' });
});
