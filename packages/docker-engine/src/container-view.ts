/**
 * A container as Docker shows it, as a ContainerView.
 *
 * Both functions give undefined where something is missing that every container has: whoever asked then knows that
 * there is a container it can't judge.
 */
import type { ContainerExit, ContainerState, ContainerView } from '@berth/spawner';
import { dateIn, listIn, numberIn, objectIn, textIn, textsIn, type JsonObject } from './json-value.ts';
import { plainText } from './plain-text.ts';

/** From `GET /containers/{id}/json`. */
export function inspectedContainer(value: unknown): ContainerView | undefined {
  const info = objectIn(value);
  const id = textIn(info?.['Id']);
  const name = textIn(info?.['Name']);
  const imageId = textIn(info?.['Image']);
  const labels = textsIn(objectIn(info?.['Config'])?.['Labels'] ?? {});
  const createdAt = dateIn(info?.['Created']);
  const state = inspectedState(objectIn(info?.['State']));
  if (!info || !id || !name || !imageId || !labels || !createdAt || !state) return undefined;
  const running = state.phase === 'running';
  const network = objectIn(info['NetworkSettings']);
  // Docker writes 0 for no limit.
  const memoryBytes = numberIn(objectIn(info['HostConfig'])?.['Memory']) ?? 0;
  return {
    id,
    name: name.replace(/^\//, ''),
    imageId,
    labels,
    state,
    createdAt,
    addresses: running ? addresses(network) : {},
    published: running ? inspectedPorts(network) : {},
    ...(memoryBytes > 0 ? { memoryBytes } : {}),
  };
}

/** From an entry of `GET /containers/json`, which knows neither exit nor times of start. */
export function listedContainer(value: unknown): ContainerView | undefined {
  const entry = objectIn(value);
  const id = textIn(entry?.['Id']);
  // A container has further names, with two slashes, where others link to it.
  const name = listIn(entry?.['Names']).find((one) => typeof one === 'string' && /^\/[^/]+$/.test(one)) as
    string | undefined;
  const imageId = textIn(entry?.['ImageID']);
  const labels = textsIn(entry?.['Labels']);
  const created = numberIn(entry?.['Created']);
  const state = listedState(entry?.['State']);
  if (!entry || !id || !name || !imageId || !labels || created === undefined || !state) return undefined;
  const running = state.phase === 'running';
  return {
    id,
    name: name.slice(1),
    imageId,
    labels,
    state,
    createdAt: new Date(created * 1000),
    addresses: running ? addresses(objectIn(entry['NetworkSettings'])) : {},
    published: running ? listedPorts(listIn(entry['Ports'])) : {},
  };
}

function inspectedState(state: JsonObject | undefined): ContainerState | undefined {
  const listed = listedState(state?.['Status']);
  if (!state || !listed) return undefined;
  if (listed.phase === 'running') {
    const startedAt = dateIn(state['StartedAt']);
    return startedAt === undefined ? listed : { ...listed, startedAt };
  }
  if (listed.phase === 'exited') {
    const exit = exitOf(state);
    return exit === undefined ? listed : { phase: 'exited', exit };
  }
  return listed;
}

/** 'restarting' counts as running: Docker starts it again, and it must be stopped before it can be removed. */
function listedState(status: unknown): ContainerState | undefined {
  switch (status) {
    case 'created':
      return { phase: 'created' };
    case 'running':
    case 'restarting':
      return { phase: 'running', paused: false };
    case 'paused':
      return { phase: 'running', paused: true };
    case 'exited':
    // A removal of it has failed half-way; it can be removed again, and nothing else.
    case 'dead':
      return { phase: 'exited' };
    case 'removing':
      return { phase: 'removing' };
    default:
      return undefined;
  }
}

function exitOf(state: JsonObject): ContainerExit | undefined {
  const code = numberIn(state['ExitCode']);
  const at = dateIn(state['FinishedAt']);
  if (code === undefined || at === undefined) return undefined;
  const error = textIn(state['Error']);
  return {
    code,
    oomKilled: state['OOMKilled'] === true,
    at,
    ...(error === undefined ? {} : { error: plainText(error, 500) }),
  };
}

function addresses(network: JsonObject | undefined): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, endpoint] of Object.entries(objectIn(network?.['Networks']) ?? {})) {
    const address = textIn(objectIn(endpoint)?.['IPAddress']) ?? textIn(objectIn(endpoint)?.['GlobalIPv6Address']);
    if (address !== undefined) found[name] = address;
  }
  return found;
}

/** Where a port is published on several addresses, as on 0.0.0.0 and ::, the first counts. */
function inspectedPorts(network: JsonObject | undefined): ContainerView['published'] {
  const found: Record<number, { address: string; port: number }> = {};
  for (const [key, bindings] of Object.entries(objectIn(network?.['Ports']) ?? {})) {
    const containerPort = /^(\d+)\/tcp$/.exec(key)?.[1];
    const binding = objectIn(listIn(bindings)[0]);
    const port = Number(textIn(binding?.['HostPort']));
    if (containerPort !== undefined && port > 0)
      found[Number(containerPort)] ??= { address: textIn(binding?.['HostIp']) ?? '0.0.0.0', port };
  }
  return found;
}

function listedPorts(ports: readonly unknown[]): ContainerView['published'] {
  const found: Record<number, { address: string; port: number }> = {};
  for (const one of ports.map(objectIn)) {
    const containerPort = numberIn(one?.['PrivatePort']);
    const port = numberIn(one?.['PublicPort']);
    if (containerPort !== undefined && port !== undefined && one?.['Type'] === 'tcp')
      found[containerPort] ??= { address: textIn(one['IP']) ?? '0.0.0.0', port };
  }
  return found;
}
