/** What every notebook's container is, read from Docker and from inside, where the configuration says nothing of it. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { docker, sharedEngine, testFolder } from '../stack/shared-engine.ts';
import { Stack } from '../stack/stack.ts';
import { inspect, type Inspected } from './inspected.ts';
import { openNotebook, patientHub, type OpenedNotebook } from './opened-notebook.ts';
import * as probes from './probes.ts';
import { TokenHolder } from './token-holder.ts';

const engine = sharedEngine();
/** Images that would run as root, by what makes them: the changes that `docker import` is told. */
const rootImages: Readonly<Record<string, { readonly image: string; readonly changes: readonly string[] }>> = {
  'no USER': { image: 'berth-test/root-none:1', changes: [] },
  'USER root': { image: 'berth-test/root-name:1', changes: ['USER root'] },
  'USER root:users': { image: 'berth-test/root-group:1', changes: ['USER root:users'] },
  'USER 0': { image: 'berth-test/root-number:1', changes: ['USER 0'] },
  'USER 00:1000': { image: 'berth-test/root-zeros:1', changes: ['USER 00:1000'] },
};

let stack: Stack;
let notebook: OpenedNotebook;
let container: Inspected;
let hub: TokenHolder;

beforeAll(async () => {
  const folder = await testFolder();
  await importRootImages(join(folder, 'tiny.tar'));
  const images = [engine.notebookImage, engine.tinyImage, ...Object.values(rootImages).map(({ image }) => image)];
  stack = await Stack.start({ folder, engine, images, hubConfiguration: patientHub });
  notebook = await openNotebook(stack, await stack.loggedIn('user1'), 'user1');
  container = await inspect(engine, (await stack.containers('user1'))[0]!.Id);
  hub = await TokenHolder.of(stack.berth, 'hub.token', 'default');
}, 240_000);

/** The tiny image without its USER, imported once for each. */
async function importRootImages(archive: string): Promise<void> {
  const source = (await docker(engine, 'create', engine.tinyImage)).trim();
  await docker(engine, 'export', '-o', archive, source);
  await docker(engine, 'rm', source);
  for (const { image, changes } of Object.values(rootImages)) {
    const flags = ['ENV PATH=/bin', 'CMD ["/bin/serve"]', ...changes].flatMap((change) => ['--change', change]);
    await docker(engine, 'import', ...flags, archive, image);
  }
}

afterAll(async () => {
  await stack?.remove();
  for (const { image } of Object.values(rootImages)) await docker(engine, 'rmi', image).catch(() => undefined);
});

test("a notebook's container is made without anything that reaches the host", () => {
  const { HostConfig } = container;
  expect(HostConfig).toMatchObject({
    Privileged: false,
    CapDrop: ['ALL'],
    SecurityOpt: ['no-new-privileges'],
    Init: true,
    NetworkMode: 'berth',
    PidsLimit: 4096,
    Ulimits: [{ Name: 'nofile', Soft: 16_384, Hard: 16_384 }],
    RestartPolicy: { Name: 'no', MaximumRetryCount: 0 },
    LogConfig: { Type: 'json-file', Config: { 'max-size': String(10 * 2 ** 20), 'max-file': '2' } },
    PublishAllPorts: false,
    UsernsMode: '',
    PidMode: '',
    UTSMode: '',
    ReadonlyPaths: expect.arrayContaining(['/proc/sys', '/proc/sysrq-trigger']),
    MaskedPaths: expect.arrayContaining(['/proc/kcore', '/proc/keys']),
  });
  const nothing = ['CapAdd', 'Binds', 'VolumesFrom', 'Devices', 'DeviceRequests', 'DeviceCgroupRules', 'Links'];
  for (const name of [...nothing, 'GroupAdd', 'PortBindings', 'Sysctls', 'ExtraHosts'])
    expect([name, Object.keys(HostConfig[name] ?? {})]).toEqual([name, []]);
  expect(['private', 'shareable']).toContain(HostConfig['IpcMode']);
  expect(container.Mounts).toEqual([]);
  expect(container.Config.User).not.toMatch(/^(|root|0+)(:|$)/);
});

test('inside, the process is no root, has no capabilities and can gain none', async () => {
  const status = await notebook.run<Record<string, unknown>>(probes.ownStatus);
  const none = '0000000000000000';
  expect(status).toMatchObject({
    uid: 1000,
    capabilities: [none, none, none, none, none],
    noNewPrivileges: '1',
    seccomp: '2',
    openFiles: [16_384, 16_384],
    pids: '4096',
  });
  expect(status['firstProcess']).toMatch(/docker-init$/);
  expect(status['devices']).toEqual(['full', 'null', 'random', 'tty', 'urandom', 'zero']);
});

test('inside, each way to more than that is refused', async () => {
  const tried = await notebook.run<Record<string, string>>(probes.escapes);
  expect(Object.keys(tried)).toHaveLength(10);
  expect(
    Object.entries(tried).filter(([, result]) => !['EPERM', 'EACCES', 'EROFS', 'ENOENT'].includes(result)),
  ).toEqual([]);
});

test('a memory limit is one of memory and swap together, and mounts are Mounts, never Binds', async () => {
  const memoryBytes = 64 * 2 ** 20;
  await hub.started('limited', '', { image: engine.tinyImage, limits: { memoryBytes, cpus: 0.5 } });
  const { HostConfig } = await inspect(engine, (await hub.server('limited')).container!.id);
  expect(HostConfig).toMatchObject({ Memory: memoryBytes, MemorySwap: memoryBytes, NanoCpus: 5e8, Binds: null });
  await hub.stopped('limited');
});

test.each(Object.entries(rootImages))(
  'an image with %s is refused, with a sentence that says what to do',
  async (what, { image }) => {
    const user = `root by ${what}`;
    expect((await hub.put(user, '', { image })).status).toBe(202);
    const { status } = await hub.settled(user);
    expect(status).toMatchObject({
      state: 'failed',
      failure: {
        code: 'image-runs-as-root',
        message: `The image ${image} runs as root. Give it a USER that is not root, or set containers.user (for example "1000:100").`,
      },
    });
    expect(await stack.containers(user)).toEqual([]);
  },
);
