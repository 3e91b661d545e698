import { expect, test } from '@jest/globals';
import type { ContainerSpec } from '@berth/spawner';
import { containerConfig } from './container-config.ts';

const least: ContainerSpec = {
  name: 'n',
  imageId: 'sha256:1',
  environment: {},
  labels: {},
  mounts: [],
  network: { name: 'berth', aliases: [] },
  publish: [],
  limits: { pids: 10, openFiles: 20 },
  security: { noNewPrivileges: false, dropCapabilities: [], addCapabilities: [], init: false },
  logs: { maxBytes: 1000, maxFiles: 2 },
  stopGraceSeconds: 3,
};

test('what is not asked for is left to Docker and the image', () => {
  expect(containerConfig(least)).toEqual({
    Image: 'sha256:1',
    Env: [],
    Labels: {},
    StopTimeout: 3,
    HostConfig: {
      NetworkMode: 'berth',
      Mounts: [],
      RestartPolicy: { Name: 'no' },
      Init: false,
      SecurityOpt: [],
      CapDrop: [],
      CapAdd: [],
      PidsLimit: 10,
      Ulimits: [{ Name: 'nofile', Soft: 20, Hard: 20 }],
      LogConfig: { Type: 'json-file', Config: { 'max-size': '1000', 'max-file': '2' } },
    },
  });
});

test('swap is held to the memory, and a part of a processor is counted in billionths', () => {
  const { HostConfig } = containerConfig({ ...least, limits: { ...least.limits, memoryBytes: 1 << 30, cpus: 1.1 } });
  expect(HostConfig).toMatchObject({ Memory: 1 << 30, MemorySwap: 1 << 30, NanoCpus: 1_100_000_000 });
});

test('groups are given by number, and none where none are asked for', () => {
  expect(containerConfig({ ...least, groups: [70_002, 4_294_967_294] }).HostConfig).toMatchObject({
    GroupAdd: ['70002', '4294967294'],
  });
  expect(containerConfig({ ...least, groups: [] }).HostConfig).toMatchObject({ GroupAdd: [] });
});

test('mounts are objects: no path can pose as another, none is made on the host', () => {
  const { HostConfig } = containerConfig({
    ...least,
    mounts: [
      { type: 'bind', source: '/home/a:b', target: '/x:ro', readOnly: false },
      { type: 'volume', source: 'v', target: '/v', readOnly: true },
      { type: 'tmpfs', target: '/t', sizeBytes: 5 },
    ],
  });
  expect(HostConfig).not.toHaveProperty('Binds');
  expect(HostConfig?.Mounts).toEqual([
    { Type: 'bind', Source: '/home/a:b', Target: '/x:ro', ReadOnly: false, BindOptions: { CreateMountpoint: false } },
    { Type: 'volume', Source: 'v', Target: '/v', ReadOnly: true },
    { Type: 'tmpfs', Source: '', Target: '/t', TmpfsOptions: { SizeBytes: 5, Mode: 0o1777 } },
  ]);
});

test('a port that is published on two addresses has two bindings', () => {
  const publish = [
    { containerPort: 1, address: '10.0.0.1', hostPort: 2 },
    { containerPort: 1, address: '127.0.0.1', hostPort: 3 },
  ];
  const config = containerConfig({ ...least, publish });
  expect(config.ExposedPorts).toEqual({ '1/tcp': {} });
  expect(config.HostConfig?.PortBindings).toEqual({
    '1/tcp': [
      { HostIp: '10.0.0.1', HostPort: '2' },
      { HostIp: '127.0.0.1', HostPort: '3' },
    ],
  });
});

test('aliases belong to the network that is asked for', () => {
  const config = containerConfig({ ...least, network: { name: 'berth', aliases: ['lab'] } });
  expect(config.NetworkingConfig).toEqual({ EndpointsConfig: { berth: { Aliases: ['lab'] } } });
});
