/** Whether a notebook will reach its hub: tried from a throw-away container, as a notebook is made. */
import { randomBytes } from 'node:crypto';
import type { ContainerSpec, Engine } from '@berth/spawner';
import type { HubConfiguration } from '../configuration/index.ts';
import { messageOf } from './docker.ts';
import type { Finding } from './doctor.ts';

/** The label, with this service's id for value, that tells a doctor's container from a notebook. */
export const doctorLabel = 'berth.doctor';

const reached = 'berth-reached';
const limitMs = 20_000;

/**
 * Any HTTP answer counts, whatever its status; of https the handshake, as a hub with internal SSL hangs up on who has no
 * certificate. The hub's own isn't checked. Images without python3 and wget can't tell.
 */
const script = `
if command -v python3 >/dev/null; then exec python3 -c '
import socket, ssl, sys, urllib.error, urllib.parse, urllib.request
url = urllib.parse.urlsplit(sys.argv[1])
try:
    if url.scheme == "https":
        with socket.create_connection((url.hostname, url.port or 443), 10) as plain:
            ssl._create_unverified_context().wrap_socket(plain, server_hostname=url.hostname)
    else:
        urllib.request.urlopen(sys.argv[1], timeout=10)
except urllib.error.HTTPError:
    pass
except Exception as error:
    if "ALERT_HANDSHAKE_FAILURE" not in str(error):
        sys.exit("berth-failed " + str(error))
print("${reached}")
' "$1"
elif command -v wget >/dev/null; then
  wget -T 10 -O /dev/null "$1" 2>&1 | grep -q "HTTP\\|saved\\|100%\\|alert certificate required\\|alert handshake failure" && echo ${reached} || echo "berth-failed wget has no answer"
else echo berth-no-tool; fi
`;

export interface HubReachParts {
  readonly engine: Engine;
  readonly instance: string;
  readonly prefix: string;
  readonly image: string;
  readonly network: string;
  readonly user: string | undefined;
}

export async function checkHub(parts: HubReachParts, hub: HubConfiguration, signal: AbortSignal): Promise<Finding> {
  const part = 'hub';
  if (hub.apiUrl === undefined)
    return {
      part,
      level: 'warning',
      finding: `The hub ${hub.name} has no apiUrl, so its URL is neither pinned nor tried.`,
      mend: `Set hubs[].apiUrl of ${hub.name} to the hub's API as containers see it, such as http://<hub_ip>:8081/hub/api.`,
    };
  const image = await parts.engine.findImage(parts.image, signal);
  if (image === undefined)
    return {
      part,
      level: 'warning',
      finding: `The hub ${hub.name} can't be tried without the image ${parts.image}.`,
      mend: `Run docker pull ${parts.image}.`,
    };
  const lines = await runProbe(parts, specOf(parts, image.id, hub.apiUrl), signal);
  if (lines.some((line) => line.includes(reached)))
    return { part, level: 'ok', finding: `Containers reach the hub ${hub.name} at ${hub.apiUrl}.` };
  if (lines.some((line) => line.includes('berth-no-tool')))
    return {
      part,
      level: 'warning',
      finding: `The image ${parts.image} has neither python3 nor wget to try the hub ${hub.name} with.`,
      mend: `Try by hand: docker run --rm --network ${parts.network} <an image with curl> curl ${hub.apiUrl}.`,
    };
  return {
    part,
    level: 'error',
    finding: `Containers on the network ${parts.network} don't reach the hub ${hub.name} at ${hub.apiUrl}: ${lines.at(-1)?.replace('berth-failed ', '') ?? 'no answer within 20 s'}.`,
    mend: `In jupyterhub_config.py set c.JupyterHub.hub_ip to an address that the network ${parts.network} reaches (see the finding on the network), allow port ${portOf(hub.apiUrl)} in the host's firewall, and keep hubs[].apiUrl the same.`,
  };
}

async function runProbe({ engine, instance }: HubReachParts, spec: ContainerSpec, signal: AbortSignal) {
  for (const left of (await engine.list(`${doctorLabel}=${instance}`, signal)).containers)
    if (left.state.phase === 'exited') await engine.remove(left.id, signal);
  const limit = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
  const id = await engine.create(spec, signal);
  try {
    await engine.start(id, limit);
    while ((await engine.inspect(id, limit)).state.phase === 'running') await pause(200, limit);
    return await engine.logs(id, 5, limit);
  } catch (error) {
    return limit.aborted ? [] : [messageOf(error)];
  } finally {
    const end = AbortSignal.timeout(limitMs);
    await engine.stop(id, 0, end);
    await engine.remove(id, end);
  }
}

function specOf({ instance, prefix, network, user }: HubReachParts, imageId: string, url: string): ContainerSpec {
  return {
    name: `${prefix}-doctor-${randomBytes(4).toString('hex')}`,
    imageId,
    command: ['sh', '-c', script, 'sh', url],
    environment: {},
    labels: { [doctorLabel]: instance },
    ...(user === undefined ? {} : { user }),
    mounts: [],
    network: { name: network, aliases: [] },
    publish: [],
    limits: { memoryBytes: 2 ** 28, pids: 64, openFiles: 1024 },
    security: { noNewPrivileges: true, dropCapabilities: ['ALL'], addCapabilities: [], init: true },
    logs: { maxBytes: 2 ** 16, maxFiles: 1 },
    stopGraceSeconds: 0,
  };
}

function portOf(url: string): string {
  const { port, protocol } = new URL(url);
  return port === '' ? (protocol === 'https:' ? '443' : '80') : port;
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
  signal.throwIfAborted();
}

/** A hub that is declared to run in a container must be there, on the notebooks' network. */
export async function checkHubContainer(
  { engine, network }: HubReachParts,
  hub: HubConfiguration,
  signal: AbortSignal,
): Promise<Finding | undefined> {
  if (hub.container === undefined) return undefined;
  const part = 'hub';
  try {
    const { addresses, state } = await engine.inspect(hub.container, signal);
    if (state.phase !== 'running')
      return {
        part,
        level: 'error',
        finding: `The container ${hub.container} of the hub ${hub.name} doesn't run.`,
        mend: `Run docker start ${hub.container}.`,
      };
    if (network in addresses)
      return { part, level: 'ok', finding: `The hub ${hub.name} is on the network ${network}.` };
    return {
      part,
      level: 'error',
      finding: `The hub ${hub.name} isn't on the network ${network}.`,
      mend: `Run docker network connect ${network} ${hub.container}.`,
    };
  } catch (error) {
    return {
      part,
      level: 'error',
      finding: `The container ${hub.container} of the hub ${hub.name} can't be inspected: ${messageOf(error)}`,
      mend: 'Set hubs[].container to its name, or leave it out.',
    };
  }
}
