import { afterEach, expect, test } from '@jest/globals';
import { pack } from 'tar-stream';
import { createDockerEngine } from './index.ts';
import { eventually, patience } from './testing/engine-contract.ts';
import { readRecording, RECORDED, ReplayServer } from './testing/replay-server.ts';

const servers: ReplayServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.remove();
});

const id = 'c'.repeat(64);
const imageId = `sha256:${'1'.repeat(64)}`;
const now = new Date('2026-03-04T12:00:00Z');
const minutes = (count: number) => String(now.getTime() - count * 60_000);

/** A daemon of which an image's files can be read; `archives` by path, 404 for all others. */
async function daemon(
  archives: Readonly<Record<string, Buffer>>,
  more: { callSeconds?: number; version?: (typeof RECORDED)[number] } = {},
) {
  const server = await ReplayServer.start(await readRecording(more.version ?? '20.10'));
  servers.push(server);
  const engine = createDockerEngine({
    socketPath: server.socketPath,
    callSeconds: more.callSeconds ?? 5,
    now: () => now,
  });
  server.on('GET /containers/json', (_, response) => response.end('[]'));
  server.on('POST /containers/create', (_, response) =>
    response.writeHead(201).end(JSON.stringify({ Id: id, Warnings: [] })),
  );
  server.on(`DELETE /containers/${id}`, (_, response) => response.writeHead(204).end());
  server.on(`GET /containers/${id}/archive`, ({ query }, response) => {
    const archive = archives[query.get('path') ?? ''];
    if (archive !== undefined) response.writeHead(200).end(archive);
    else
      response
        .writeHead(404)
        .end(JSON.stringify({ message: `Could not find the file ${query.get('path')} in container ${id}` }));
  });
  const removed = () =>
    server.requests.filter(({ method }) => method === 'DELETE').map(({ path }) => path.split('/')[2]);
  return { server, engine, removed };
}

type Entry = Parameters<ReturnType<typeof pack>['entry']>[0];

async function tar(...entries: [Entry, string | Buffer][]): Promise<Buffer> {
  const archive = pack();
  for (const [header, content] of entries) archive.entry(header, content);
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

test.each(RECORDED)('engine %s: a container is made of the image, never started, read and removed', async (version) => {
  const { server, engine, removed } = await daemon(
    { '/etc/passwd': await tar([{ name: 'passwd' }, 'root:x:0:0::/:\nанна:x:1:1::/:\n']) },
    { version },
  );
  const files = await engine.readFiles(imageId, ['/etc/passwd', '/etc/group'], patience());
  expect(files).toEqual(new Map([['/etc/passwd', 'root:x:0:0::/:\nанна:x:1:1::/:\n']]));
  expect(
    server.requests.filter(({ path }) => path !== '/_ping').map(({ method, path }) => `${method} ${path}`),
  ).toEqual([
    'GET /containers/json',
    'POST /containers/create',
    `GET /containers/${id}/archive`,
    `GET /containers/${id}/archive`,
    `DELETE /containers/${id}`,
  ]);
  const create = server.requests.find(({ path }) => path === '/containers/create');
  expect(create?.query.get('name')).toMatch(/^berth-files-[0-9a-f]{12}$/);
  expect(JSON.parse(create?.body ?? '')).toEqual({
    ...{ Image: imageId, Entrypoint: [], Cmd: ['never-started'], NetworkDisabled: true },
    ...{ Labels: { 'berth.files': String(now.getTime()) }, HostConfig: { NetworkMode: 'none' } },
  });
  expect(Object.fromEntries(server.requests.at(-1)?.query ?? [])).toMatchObject({ v: 'true' });
  expect(removed()).toEqual([id]);
});

test('what is no plain file, or is larger than 1 MiB, is left out; what is as large as that, or empty, is read', async () => {
  const large = 'x'.repeat(2 ** 20);
  const { engine, removed } = await daemon({
    '/folder': await tar([{ name: 'folder', type: 'directory' }, ''], [{ name: 'folder/passwd' }, 'not this']),
    '/link': await tar([{ name: 'link', type: 'symlink', linkname: '/etc/shadow' }, '']),
    '/hard': await tar([{ name: 'hard', type: 'link', linkname: 'passwd' }, '']),
    '/pipe': await tar([{ name: 'pipe', type: 'fifo' }, '']),
    '/device': await tar([{ name: 'device', type: 'character-device', devmajor: 1, devminor: 5 }, '']),
    '/nothing': await tar(),
    '/too-large': await tar([{ name: 'too-large' }, `${large}x`]),
    '/huge': await tar([{ name: 'huge' }, Buffer.alloc(2 ** 25, 0x61)]),
    '/large': await tar([{ name: 'large' }, large]),
    '/empty': await tar([{ name: 'empty' }, '']),
  });
  const paths = [
    '/folder',
    '/link',
    '/hard',
    '/pipe',
    '/device',
    '/nothing',
    '/too-large',
    '/huge',
    '/large',
    '/empty',
  ];
  const files = await engine.readFiles(imageId, paths, patience());
  expect([...files.keys()]).toEqual(['/large', '/empty']);
  expect([files.get('/large') === large, files.get('/empty')]).toEqual([true, '']);
  expect(removed()).toEqual([id]);
});

test.each<[string, string, Buffer | Promise<Buffer>]>([
  ['that is no archive', 'refused', Buffer.alloc(2048, 0x78)],
  [
    'that ends in the middle of a file',
    'refused',
    tar([{ name: 'p' }, 'x'.repeat(5000)]).then((all) => all.subarray(0, 2000)),
  ],
])('an answer %s is an error, not a file, and the container is removed', async (_, code, archive) => {
  const { engine, removed } = await daemon({ '/etc/passwd': await archive });
  await expect(engine.readFiles(imageId, ['/etc/passwd'], patience())).rejects.toMatchObject({
    name: 'EngineError',
    code,
  });
  expect(removed()).toEqual([id]);
});

test('a connection that breaks off in the middle of a file is unreachable, and the container is removed', async () => {
  const { server, engine, removed } = await daemon({});
  const archive = await tar([{ name: 'p' }, 'x'.repeat(50_000)]);
  server.on(`GET /containers/${id}/archive`, (_, response) => {
    response.writeHead(200).write(archive.subarray(0, 1000));
    setTimeout(() => response.destroy(), 20);
  });
  await expect(engine.readFiles(imageId, ['/etc/passwd'], patience())).rejects.toMatchObject({ code: 'unreachable' });
  expect(removed()).toEqual([id]);
});

test('a container that somebody removes meanwhile is not taken for an image without files', async () => {
  const { server, engine } = await daemon({});
  server.on(`GET /containers/${id}/archive`, (_, response) =>
    response.writeHead(404).end(JSON.stringify({ message: `No such container: ${id}` })),
  );
  await expect(engine.readFiles(imageId, ['/etc/passwd'], patience())).rejects.toMatchObject({ code: 'not-found' });
});

test.each([
  ['a caller who goes away', 30, 5, { name: 'TimeoutError' }],
  ['a daemon that never answers', 30_000, 0.2, { code: 'timeout' }],
])(
  '%s ends the reading, and the container is removed all the same',
  async (_, patienceMilliseconds, callSeconds, error) => {
    const { server, engine, removed } = await daemon({}, { callSeconds });
    server.on(`GET /containers/${id}/archive`, (_request, response) => void response.writeHead(200).write('x'));
    const reading = engine.readFiles(imageId, ['/etc/passwd'], AbortSignal.timeout(patienceMilliseconds));
    await expect(reading).rejects.toMatchObject(error);
    await eventually(() => (removed().length > 0 ? true : undefined));
    expect(removed()).toEqual([id]);
  },
);

test('what could not be removed is no reason to fail', async () => {
  const { server, engine } = await daemon({ '/etc/passwd': await tar([{ name: 'p' }, 'root']) });
  server.on(`DELETE /containers/${id}`, (_, response) => response.writeHead(500).end('{"message":"busy"}'));
  expect(await engine.readFiles(imageId, ['/etc/passwd'], patience())).toEqual(new Map([['/etc/passwd', 'root']]));
});

test('leftovers older than ten minutes are removed; younger ones, started ones and those of others are not', async () => {
  const { server, engine, removed } = await daemon({});
  const left = (Id: string, change: object) => ({
    ...{ Id, Names: ['/berth-files-0123456789ab'], State: 'created', Labels: { 'berth.files': minutes(11) } },
    ...change,
  });
  const listed = [
    left('old', {}),
    left('busy', {}),
    left('young', { Labels: { 'berth.files': minutes(9) } }),
    left('from-the-future', { Labels: { 'berth.files': minutes(-60) } }),
    left('at-no-time', { Labels: { 'berth.files': 'noon' } }),
    left('started', { State: 'running' }),
    // An image may have the label: its containers are nobody's leftovers.
    left('of-an-image-with-the-label', { Names: ['/berth-alice-x'] }),
    left('named-alike', { Names: ['/my-berth-files-0123456789ab'] }),
    left('without-names', { Names: null }),
    left('without-labels', { Labels: null }),
    null,
    left('last', {}),
  ];
  server.on('GET /containers/json', (_, response) => response.end(JSON.stringify(listed)));
  for (const name of ['old', 'last'])
    server.on(`DELETE /containers/${name}`, (_, response) => response.writeHead(204).end());
  server.on('DELETE /containers/busy', (_, response) =>
    response.writeHead(409).end('{"message":"removal of container busy is already in progress"}'),
  );
  await engine.readFiles(imageId, [], patience());
  expect(removed()).toEqual(['old', 'busy', 'last', id]);
  const list = server.requests.find(({ path }) => path === '/containers/json');
  expect(list?.query.get('all')).toBe('true');
  expect(JSON.parse(list?.query.get('filters') ?? '')).toEqual({ label: ['berth.files'] });
});
