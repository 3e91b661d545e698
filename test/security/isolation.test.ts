/**
 * What a notebook reaches and finds, tried from a kernel inside it. Each thing that must not be reached is reached from
 * the host first, so that "no" doesn't mean that nobody was there.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createSocket } from 'node:dgram';
import { readFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../stack/run-command.ts';
import { docker, sharedEngine, testFolder } from '../stack/shared-engine.ts';
import { Stack } from '../stack/stack.ts';
import { addressOf, inspect, type Inspected } from './inspected.ts';
import { openNotebook, patientHub, type OpenedNotebook } from './opened-notebook.ts';
import * as probes from './probes.ts';
import { startTlsService, statusAt } from './tls-service.ts';

const engine = sharedEngine();
const listening = { tcp: 45_871, udp: 45_872 };

let folder: string;
let stack: Stack;
/** The notebook that tries; another server of the same user; another user's. */
let [own, sibling, foreign]: (OpenedNotebook & { readonly container: Inspected })[] = [];
let stranger: Inspected;
let ports: { berth: number; hub: number; proxyApi: number; proxy: number };

beforeAll(async () => {
  folder = await testFolder();
  stack = await Stack.start({ folder, engine, images: [engine.notebookImage], hubConfiguration: patientHub });
  const user1 = await stack.loggedIn('user1');
  const user2 = await stack.loggedIn('user2');
  [own, sibling, foreign] = await Promise.all(
    (
      [
        [user1, 'user1', ''],
        [user1, 'user1', 'two'],
        [user2, 'user2', ''],
      ] as const
    ).map(async ([browser, user, server]) => {
      const opened = await openNotebook(stack, browser, user, server);
      const { Name } = (await stack.containers(user)).find(({ Config }) => Config.Labels['berth.server'] === server)!;
      return Object.assign(opened, { container: await inspect(engine, Name) });
    }),
  );
  for (const one of [sibling, foreign]) await one!.run(probes.listenOn(listening.tcp, listening.udp));
  const name = (await docker(engine, 'run', '-d', '--rm', engine.tinyImage)).trim();
  stranger = await inspect(engine, name);
  const configuration = await readFile(join(folder, 'h', 'jupyterhub_config.py'), 'utf8');
  const proxyApi = /ConfigurableHTTPProxy\.api_url = "([^"]+)"/.exec(configuration)?.[1];
  const port = (url: string | undefined) => Number(new URL(url ?? '').port);
  ports = {
    berth: port(stack.berth.url),
    hub: port(stack.hub.apiUrl),
    proxyApi: port(proxyApi),
    proxy: port(stack.hub.origin),
  };
}, 240_000);

afterAll(async () => {
  if (stranger !== undefined) await docker(engine, 'rm', '-f', stranger.Id);
  await stack?.remove();
});

/** Every address of this host as a notebook would write it. */
function hostAddresses(): string[] {
  const found = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return found.map(({ address, family }) =>
    family === 'IPv6' && address.startsWith('fe80') ? `${address}%eth0` : address,
  );
}

/** IPv4 addresses of this host that others may use. */
function ipv4Addresses(): string[] {
  const found = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return found.filter(({ family, internal }) => family === 'IPv4' && !internal).map(({ address }) => address);
}

async function reachedFromHost(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 5000 });
    const end = (answer: boolean) => () => resolve(socket.destroy() && answer);
    socket.once('connect', end(true)).once('error', end(false)).once('timeout', end(false));
  });
}

/** Which of the targets the notebook connects to. */
async function opened(targets: readonly probes.Target[]): Promise<string[]> {
  const reached = await own!.run<probes.Reached>(probes.connectTo(targets));
  expect(Object.keys(reached)).toHaveLength(new Set(targets.map(({ host, port }) => `${host} ${port}`)).size);
  return Object.keys(reached).filter((target) => reached[target] === 'open');
}

test('a notebook reaches the hub, and itself: the probe can connect', async () => {
  const hub = { host: engine.bridgeAddress, port: ports.hub };
  const itself = { host: addressOf(own!.container), port: 8888 };
  expect(await opened([hub, itself])).toEqual([hub, itself].map(({ host, port }) => `${host} ${port}`));
});

test('a notebook reaches neither the service nor the proxy, at any address of the host', async () => {
  const shut = [ports.berth, ports.proxyApi, ports.proxy];
  expect(await Promise.all(shut.map((port) => reachedFromHost('127.0.0.1', port)))).toEqual([true, true, true]);

  const gateway = Object.values(own!.container.NetworkSettings.Networks)[0]!.Gateway;
  const names = ['localhost', 'host.docker.internal', 'gateway.docker.internal', gateway, '0.0.0.0'];
  const hosts = [...new Set([...hostAddresses(), ...names])];
  expect(hosts).toEqual(expect.arrayContaining(['127.0.0.1', engine.bridgeAddress, gateway]));
  expect(await opened(hosts.flatMap((host) => shut.map((port) => ({ host, port }))))).toEqual([]);
});

test('a service that listens on all addresses, with TLS, answers the host and no notebook', async () => {
  const { port, program } = await startTlsService(join(folder, 't'), engine.socketPath, engine.tinyImage);
  try {
    const gateway = Object.values(own!.container.NetworkSettings.Networks)[0]!.Gateway;
    const hosts = [...new Set([engine.bridgeAddress, gateway, ...ipv4Addresses()])];
    expect(await Promise.all(hosts.map((host) => statusAt(host, port, '/healthz')))).toEqual(hosts.map(() => 200));
    const answers = await own!.run<probes.Reached>(probes.askByTls(hosts.map((host) => ({ host, port }))));
    expect(Object.keys(answers)).toHaveLength(hosts.length);
    expect(Object.values(answers).filter((answer) => answer.includes('HTTP'))).toEqual([]);
    expect(program.log()).toContain('a notebook tried to reach the service and was cut off');
  } finally {
    await program.stop();
  }
});

test("a notebook reaches what the host serves on its addresses, until the checklist's firewall rule shuts it out", async () => {
  const server = createServer((socket) => socket.end());
  await new Promise<void>((resolve) => server.listen(0, engine.bridgeAddress, resolve));
  const { port } = server.address() as AddressInfo;
  const [hub, other] = [ports.hub, port].map((one) => ({ host: engine.bridgeAddress, port: one }));
  const subnet = (
    await docker(engine, 'network', 'inspect', '-f', '{{(index .IPAM.Config 0).Subnet}}', 'berth')
  ).trim();
  const document = await readFile(new URL('../../SECURITY.md', import.meta.url), 'utf8');
  const rule = /`iptables -I (INPUT -s SUBNET [^`]+)`/.exec(document)?.[1] ?? '';
  const words = rule.replace('SUBNET', subnet).replace('8081', String(ports.hub)).split(' ');
  try {
    expect(await opened([hub!, other!])).toHaveLength(2);
    await runCommand('iptables', ['-w', '-I', ...words]);
    try {
      expect(await opened([hub!, other!])).toEqual([`${hub!.host} ${hub!.port}`]);
      expect(await reachedFromHost(addressOf(own!.container), 8888)).toBe(true);
    } finally {
      await runCommand('iptables', ['-w', '-D', ...words]);
    }
  } finally {
    server.close();
  }
});

test("Docker's name service tells a notebook the names of the containers beside it", async () => {
  const addresses = [sibling!, foreign!].map(({ container }) => addressOf(container));
  const names = await own!.run<(string | null)[]>(probes.namesOf(addresses));
  expect(names).toEqual([sibling!, foreign!].map(({ container }) => `${container.Name.slice(1)}.berth`));
});

test('dockerd and the service listen on no address that a notebook could try', async () => {
  const dockerd = Number(await readFile(join(engine.root, 'd', 'docker.pid'), 'utf8'));
  expect(await listenersOf(dockerd)).toEqual([]);
  expect(await listenersOf(stack.berth.pid!)).toEqual([`127.0.0.1:${ports.berth}`]);
});

test('a notebook reaches no other notebook, of another user or of its own', async () => {
  const targets = [sibling!, foreign!].flatMap(({ container }) =>
    [8888, listening.tcp].map((port) => ({ host: addressOf(container), port })),
  );
  expect(await Promise.all(targets.map(({ host, port }) => reachedFromHost(host, port)))).toEqual([
    true,
    true,
    true,
    true,
  ]);
  const byName = [sibling!, foreign!].flatMap(({ container }) =>
    [container.Name.slice(1), container.Config.Hostname].map((host) => ({ host, port: listening.tcp })),
  );
  expect(await opened([...targets, ...byName])).toEqual([]);
});

test('no datagram of a notebook comes to another one', async () => {
  const address = addressOf(foreign!.container);
  await own!.run(probes.sendDatagram(address, listening.udp, 'from a notebook'));
  await own!.run(probes.sendDatagram('255.255.255.255', listening.udp, 'from a notebook, to all'));
  const sender = createSocket('udp4');
  await new Promise((resolve) => sender.send('from the host', listening.udp, address, resolve));
  sender.close();
  expect(await foreign!.run(probes.receivedDatagrams)).toEqual(['from the host']);
});

test('notebooks have no IPv6 by which they could reach each other', async () => {
  const [mine, theirs] = await Promise.all([own!, foreign!].map((one) => one.run<string[]>(probes.ownIpv6Addresses)));
  expect(mine).toEqual([]);
  expect(theirs).toEqual([]);
});

test("a notebook reaches no container on another of Docker's networks", async () => {
  const target = { host: addressOf(stranger), port: 8888 };
  expect(await reachedFromHost(target.host, target.port)).toBe(true);
  expect(await opened([target])).toEqual([]);
});

test("a notebook's file system holds no socket and no file of Docker's, of Berth's or of the hub's", async () => {
  const found = await own!.run<string[]>(probes.secretFiles);
  // The kernel's own sockets, where it uses any, lie in the account's own runtime folder.
  expect(found.filter((path) => !path.startsWith('/home/jovyan/'))).toEqual([]);
  const mounts = await own!.run<string[]>(probes.mountPoints);
  const dockers = /^\/(proc|sys|dev|etc\/(hostname|hosts|resolv\.conf)|(usr\/)?sbin\/docker-init)?(\/|$)/;
  expect(mounts).toContain('/etc/hosts');
  expect(mounts.filter((path) => !dockers.test(path))).toEqual([]);
});

test("a notebook's environment holds the hub's token for this server, and no other secret", async () => {
  const environment = await own!.run<Record<string, string>>(probes.environments);
  expect(Object.keys(environment).filter((name) => /^(BERTH|CONFIGPROXY|DOCKER|KRB5|LD_)/.test(name))).toEqual([]);
  expect(environment['JUPYTERHUB_API_TOKEN']).toMatch(/^.{32,}$/);

  const configuration = await readFile(join(folder, 'h', 'jupyterhub_config.py'), 'utf8');
  const foreignToken = foreign!.container.Config.Env.find((entry) => entry.startsWith('JUPYTERHUB_API_TOKEN='));
  const secrets = [
    await stack.berth.token('hub'),
    await stack.berth.token('admin'),
    /auth_token = "([^"]+)"/.exec(configuration)?.[1],
    (await readFile(join(folder, 'h', 'cookie_secret'), 'utf8')).trim(),
    stack.hub.adminToken,
    stack.hub.password,
    foreignToken?.split('=')[1],
  ];
  const values = Object.values(environment).join('\n');
  for (const secret of secrets) {
    expect(secret).toMatch(/^.{8,}$/);
    expect(values.includes(secret!)).toBe(false);
  }
});

/** Where a process listens by TCP. */
async function listenersOf(pid: number): Promise<string[]> {
  const lines = (await runCommand('ss', ['-H', '-l', '-t', '-n', '-p'])).split('\n');
  return lines.filter((line) => line.includes(`pid=${pid},`)).map((line) => line.split(/\s+/)[3] ?? '');
}
