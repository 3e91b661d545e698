/** A ContainerSpec as the body of `POST /containers/create`. */
import type { ContainerSpec, Mount } from '@berth/spawner';
import type { ContainerCreateOptions, HostConfig, MountSettings } from 'dockerode';

export function containerConfig(spec: ContainerSpec): ContainerCreateOptions {
  const { network, publish } = spec;
  return {
    Image: spec.imageId,
    Env: Object.entries(spec.environment).map(([key, value]) => `${key}=${value}`),
    Labels: { ...spec.labels },
    StopTimeout: spec.stopGraceSeconds,
    ...(spec.command === undefined ? {} : { Cmd: [...spec.command] }),
    ...(spec.user === undefined ? {} : { User: spec.user }),
    ...(spec.workingDirectory === undefined ? {} : { WorkingDir: spec.workingDirectory }),
    ...(spec.hostname === undefined ? {} : { Hostname: spec.hostname }),
    ...(publish.length === 0
      ? {}
      : { ExposedPorts: Object.fromEntries(publish.map((port) => [`${port.containerPort}/tcp`, {}])) }),
    HostConfig: hostConfig(spec),
    // Aliases are refused on Docker's default network, so that none is sent where none is asked.
    ...(network.aliases.length === 0
      ? {}
      : { NetworkingConfig: { EndpointsConfig: { [network.name]: { Aliases: [...network.aliases] } } } }),
  };
}

function hostConfig(spec: ContainerSpec): HostConfig {
  const { limits, security, logs, publish } = spec;
  return {
    NetworkMode: spec.network.name,
    Mounts: spec.mounts.map(mountOf),
    RestartPolicy: { Name: 'no' },
    Init: security.init,
    SecurityOpt: security.noNewPrivileges ? ['no-new-privileges'] : [],
    CapDrop: [...security.dropCapabilities],
    ...(spec.groups === undefined ? {} : { GroupAdd: spec.groups.map(String) }),
    CapAdd: [...security.addCapabilities],
    PidsLimit: limits.pids,
    Ulimits: [{ Name: 'nofile', Soft: limits.openFiles, Hard: limits.openFiles }],
    LogConfig: { Type: 'json-file', Config: { 'max-size': String(logs.maxBytes), 'max-file': String(logs.maxFiles) } },
    // Equal values leave no swap: MemorySwap is the sum of both.
    ...(limits.memoryBytes === undefined ? {} : { Memory: limits.memoryBytes, MemorySwap: limits.memoryBytes }),
    ...(limits.cpus === undefined ? {} : { NanoCpus: Math.round(limits.cpus * 1e9) }),
    ...(limits.shmBytes === undefined ? {} : { ShmSize: limits.shmBytes }),
    ...(spec.cgroupParent === undefined ? {} : { CgroupParent: spec.cgroupParent }),
    ...(publish.length === 0 ? {} : { PortBindings: portBindings(publish) }),
  };
}

/** Mounts, never Binds: a Binds string makes a missing folder on the host, and reads a ':' in a path as its own. */
function mountOf(mount: Mount): MountSettings {
  if (mount.type === 'tmpfs')
    return {
      Type: 'tmpfs',
      Source: '',
      Target: mount.target,
      TmpfsOptions: { SizeBytes: mount.sizeBytes, Mode: 0o1777 },
    };
  const { type, source, target, readOnly } = mount;
  const base = { Type: type, Source: source, Target: target, ReadOnly: readOnly };
  if (type === 'volume') return base;
  // @types/dockerode knows no CreateMountpoint, and asks for a propagation, which is better left to Docker.
  return { ...base, BindOptions: { CreateMountpoint: false } as unknown as NonNullable<MountSettings['BindOptions']> };
}

function portBindings(publish: ContainerSpec['publish']): Record<string, { HostIp: string; HostPort: string }[]> {
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const { containerPort, address, hostPort } of publish)
    (bindings[`${containerPort}/tcp`] ??= []).push({ HostIp: address, HostPort: String(hostPort) });
  return bindings;
}
