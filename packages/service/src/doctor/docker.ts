/** What of Docker, its settings and its images keeps notebooks from running well. */
import { EngineError, type Engine, type EngineInfo } from '@berth/spawner';
import type { ImageConfiguration } from '../configuration/index.ts';
import type { Finding } from './doctor.ts';

/** API versions below this lack what Berth asks for. */
const oldestVersion = 20;

export async function* checkDocker(engine: Engine, socket: string, signal: AbortSignal): AsyncGenerator<Finding> {
  let info: EngineInfo;
  try {
    info = await engine.describe(signal);
  } catch (error) {
    yield unreachable(error, socket);
    return;
  }
  yield* describe(info);
}

function unreachable(error: unknown, socket: string): Finding {
  const away = error instanceof EngineError && (error.code === 'unreachable' || error.code === 'timeout');
  return {
    part: 'docker',
    level: 'error',
    finding: `Docker gives no answer: ${messageOf(error)}.`,
    mend: away
      ? `Start Docker (systemctl start docker), check that the service may open ${socket}, or set docker.socket.`
      : "Look at Docker's log (journalctl -u docker).",
  };
}

function* describe(info: EngineInfo): Generator<Finding> {
  const major = Number.parseInt(info.version, 10);
  if (major < oldestVersion)
    yield {
      part: 'docker',
      level: 'error',
      finding: `Docker ${info.version} is older than Berth supports.`,
      mend: `Install Docker ${oldestVersion}.10 or later.`,
    };
  else
    yield {
      part: 'docker',
      level: 'ok',
      finding: `Docker ${info.version}, API ${info.apiVersion}, on ${info.os}, ${info.cpus} CPUs.`,
    };
  yield info.liveRestore
    ? { part: 'live-restore', level: 'ok', finding: "Notebooks outlive a restart of Docker's daemon." }
    : {
        part: 'live-restore',
        level: 'warning',
        finding: "A restart of Docker's daemon ends every notebook.",
        mend: 'Set "live-restore": true in /etc/docker/daemon.json and run systemctl reload docker.',
      };
  if (info.usernsRemap)
    yield {
      part: 'userns-remap',
      level: 'warning',
      finding: 'Docker maps user ids (userns-remap): files on mounted folders get shifted owners.',
      mend: 'Turn userns-remap off in /etc/docker/daemon.json, or use volumes instead of folders of the host.',
    };
  yield cgroups(info);
  for (const warning of info.warnings)
    yield {
      part: 'docker',
      level: 'warning',
      finding: `Docker warns: ${warning}`,
      mend: "See Docker's documentation on this warning.",
    };
}

function cgroups({ cgroupVersion, cgroupDriver }: EngineInfo): Finding {
  if (cgroupDriver === 'none')
    return {
      part: 'cgroups',
      level: 'error',
      finding: 'Docker has no cgroup driver, so no limit of memory or CPU holds.',
      mend: 'Run Docker as root with a cgroup driver.',
    };
  if (cgroupVersion === 2 && cgroupDriver === 'cgroupfs')
    return {
      part: 'cgroups',
      level: 'warning',
      finding: 'cgroup v2 with the driver cgroupfs, beside systemd: two owners of one tree.',
      mend: 'Where systemd runs, set "exec-opts": ["native.cgroupdriver=systemd"] in /etc/docker/daemon.json.',
    };
  return { part: 'cgroups', level: 'ok', finding: `cgroup v${cgroupVersion}, driver ${cgroupDriver}.` };
}

export async function* checkImages(
  engine: Engine,
  images: readonly ImageConfiguration[],
  user: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<Finding> {
  for (const { reference, pull } of images) {
    const image = await engine.findImage(reference, signal);
    if (image === undefined)
      yield {
        part: 'image',
        level: pull === 'never' ? 'error' : 'warning',
        finding: `The image ${reference} isn't on this host${pull === 'never' ? ' and is never pulled' : '; the first start of it waits for the pull'}.`,
        mend: `Run docker pull ${reference}${pull === 'never' ? ' or load it with docker load' : ''}.`,
      };
    else if (user === undefined && /^(root|0+)?(:|$)/.test(image.user))
      yield {
        part: 'image',
        level: 'error',
        finding: `The image ${reference} runs as root, so its servers are refused.`,
        mend: 'Give the image a USER that is not root, or set containers.user in the configuration.',
      };
    else yield { part: 'image', level: 'ok', finding: `The image ${reference} is here.` };
  }
}

export function messageOf(error: unknown): string {
  return (error as { message?: unknown } | undefined)?.message?.toString() ?? String(error);
}
