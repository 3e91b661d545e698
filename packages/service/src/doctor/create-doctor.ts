/** The doctor, put together: all checks at once, each with its own end, one examination at a time. */
import type { Engine, Spawner } from '@berth/spawner';
import type { Configuration, Folders } from '../configuration/index.ts';
import type { Login } from '../login/open-login.ts';
import type { Readiness } from '../readiness.ts';
import { checkDocker, checkImages, messageOf } from './docker.ts';
import type { Doctor, Finding } from './doctor.ts';
import { checkDisks, checkFiles } from './files.ts';
import { checkHub, checkHubContainer, type HubReachParts } from './hub-reach.ts';
import { checkNetwork } from './network.ts';

export interface DoctorParts {
  readonly configuration: Configuration;
  readonly folders: Folders;
  readonly engine: Engine;
  readonly spawner: Pick<Spawner, 'network'>;
  /** Directory, tickets, name service; undefined where none is configured. */
  readonly login: Pick<Login, 'directory' | 'keeper' | 'checkAccounts'>;
  readonly instance: string;
  /** Its parts that aren't ok are findings too; containers with invalid labels show there. */
  readonly readiness: Readiness;
  readonly now: () => Date;
}

interface Check {
  readonly part: string;
  readonly findings: AsyncIterable<Finding> | Iterable<Finding>;
}

const rank = { error: 0, warning: 1, ok: 2 } as const;

export function createDoctor(parts: DoctorParts): Doctor {
  let underWay: Promise<Finding[]> | undefined;
  return {
    async diagnose(signal) {
      // The callers of one examination share it, so that nobody fills the host with probes.
      underWay ??= examine(parts, AbortSignal.timeout(60_000)).finally(() => {
        underWay = undefined;
      });
      const findings = await Promise.race([underWay, rejectedBy(signal)]);
      return findings.toSorted((a, b) => rank[a.level] - rank[b.level]);
    },
  };
}

async function examine(parts: DoctorParts, signal: AbortSignal): Promise<Finding[]> {
  const { configuration, folders, engine, spawner, login } = parts;
  const checks: Check[] = [
    { part: 'docker', findings: checkDocker(engine, configuration.docker.socket, signal) },
    { part: 'image', findings: checkImages(engine, configuration.images, configuration.containers.user, signal) },
    { part: 'network', findings: checkNetwork(configuration.network, spawner.network) },
    { part: 'hub', findings: checkHubs(parts, signal) },
    { part: 'directory', findings: login.directory?.diagnose(signal) ?? [] },
    { part: 'tickets', findings: login.keeper?.diagnose(signal) ?? [] },
    { part: 'accounts', findings: login.checkAccounts(signal) },
    { part: 'files', findings: checkFiles(configuration, folders) },
    { part: 'disk', findings: checkDisks(places(folders, await dataRoot(engine, signal))) },
    { part: 'clock', findings: checkClock(parts.now()) },
    { part: 'service', findings: checkReadiness(parts.readiness) },
  ];
  return (await Promise.all(checks.map(collect))).flat();
}

/** A check that breaks is a finding itself. */
async function collect({ part, findings }: Check): Promise<Finding[]> {
  const found: Finding[] = [];
  try {
    for await (const finding of findings) found.push(finding);
  } catch (error) {
    const finding = `This could not be looked at to the end: ${messageOf(error)}`;
    found.push({ part, level: 'error', finding, mend: 'See the other findings; those on Docker first.' });
  }
  return found;
}

async function* checkHubs(parts: DoctorParts, signal: AbortSignal): AsyncGenerator<Finding> {
  const { configuration, engine, instance } = parts;
  const reach: HubReachParts = {
    engine,
    instance,
    prefix: configuration.containers.prefix,
    image: configuration.images[0]?.reference ?? '',
    network: configuration.network.name,
    user: configuration.containers.user,
  };
  for (const hub of configuration.hubs) {
    const container = await checkHubContainer(reach, hub, signal);
    if (container !== undefined) yield container;
    yield await checkHub(reach, hub, signal);
  }
}

function places({ state }: Folders, docker: string | undefined) {
  return [
    { name: 'The state folder', path: state },
    ...(docker === undefined ? [] : [{ name: "Docker's data", path: docker }]),
  ];
}

async function dataRoot(engine: Engine, signal: AbortSignal): Promise<string | undefined> {
  return engine.describe(signal).then(
    (info) => info.dataRoot,
    () => undefined,
  );
}

/** Generations are made of the time: a clock that lies in the past would make each start look older than the last. */
export function* checkClock(now: Date): Generator<Finding> {
  const sane = now.getUTCFullYear() >= 2026 && now.getUTCFullYear() < 2100;
  yield sane
    ? { part: 'clock', level: 'ok', finding: `The clock says ${now.toISOString()}.` }
    : {
        part: 'clock',
        level: 'error',
        finding: `The clock says ${now.toISOString()}.`,
        mend: 'Set it: run chronyd or systemd-timesyncd.',
      };
}

/** Parts that have no check of their own above. */
const mends: Readonly<Record<string, string>> = {
  store: "Look at the service's log and at the state folder's disk.",
  resync: 'Nothing: Berth looks again by itself. Containers it names as not its own are for you to remove.',
  tokens: 'Do what the sentence says; the file is read again within a second.',
  audit: 'Free space on the disk of the audit log, or set audit.file to another.',
  listeners: 'Change listen in the configuration and restart the service.',
};

function* checkReadiness(readiness: Readiness): Generator<Finding> {
  for (const { part, state, detail } of readiness.look().parts) {
    const mend = mends[part];
    if (state === 'ok' || mend === undefined) continue;
    const level = state === 'down' ? 'error' : 'warning';
    yield { part, level, finding: detail ?? `The part ${part} is ${state}.`, mend };
  }
}

function rejectedBy(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = () => reject(signal.reason as Error);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}
