/**
 * Labels: enough on each container to rebuild a lost database, signed so that nothing else can pose as Berth's.
 *
 * The signature covers the container's name, which the engine keeps unique, so that a copy of all labels on another
 * container is no valid set. Without a valid signature a container is reported, never adopted, never removed.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { ServerAccount } from './accounts.ts';
import type { ServerIdentity } from './server.ts';

const schema = '1';

/** What a container's labels say of the server it is. */
export interface LabelledServer extends ServerIdentity {
  readonly key: string;
  readonly generation: number;
  readonly image: string;
  readonly port: number;
  readonly tls: boolean;
  readonly configDigest: string;
  readonly requestedAt: Date;
  readonly deadline: Date;
  readonly account?: ServerAccount;
}

export interface LabelAuthority {
  readonly instance: string;
  /** 32 bytes, kept in the state folder. */
  readonly labelKey: Uint8Array;
}

/** The label, with value, by which an instance finds its containers. */
export function instanceLabel(instance: string): string {
  return `berth.instance=${instance}`;
}

export function writeLabels(
  server: LabelledServer,
  containerName: string,
  authority: LabelAuthority,
): Record<string, string> {
  const { hub, user, serverName, key, generation, requestedAt, deadline, image, port, tls, configDigest, account } =
    server;
  const labels = {
    'berth.schema': schema,
    'berth.instance': authority.instance,
    'berth.key': key,
    'berth.hub': hub,
    'berth.user': user,
    'berth.server': serverName,
    'berth.generation': String(generation),
    'berth.spec': JSON.stringify({
      image,
      port,
      tls,
      configDigest,
      requestedAt: requestedAt.getTime(),
      deadline: deadline.getTime(),
      ...(account && { account }),
    }),
  };
  return { ...labels, 'berth.signature': sign(labels, containerName, authority.labelKey) };
}

/** The server that a container is, or why it can't be believed. */
export function readLabels(
  container: { readonly name: string; readonly labels: Readonly<Record<string, string>> },
  authority: LabelAuthority,
): { readonly server: LabelledServer } | { readonly reason: string } {
  const { labels, name } = container;
  if (labels['berth.instance'] !== authority.instance) return { reason: 'belongs to another instance' };
  const signature = Buffer.from(labels['berth.signature'] ?? '');
  const expected = Buffer.from(sign(labels, name, authority.labelKey));
  if (signature.length !== expected.length || !timingSafeEqual(signature, expected))
    return { reason: 'its labels carry no valid signature of this service' };
  if (labels['berth.schema'] !== schema) return { reason: `its labels are of schema ${labels['berth.schema']}` };
  const spec = JSON.parse(labels['berth.spec'] ?? '{}') as Record<string, never>;
  const account = spec['account'] as ServerAccount | undefined;
  return {
    server: {
      key: labels['berth.key'] ?? '',
      hub: labels['berth.hub'] ?? '',
      user: labels['berth.user'] ?? '',
      serverName: labels['berth.server'] ?? '',
      generation: Number(labels['berth.generation']),
      image: spec['image'] ?? '',
      port: Number(spec['port']),
      tls: spec['tls'] === true,
      configDigest: spec['configDigest'] ?? '',
      requestedAt: new Date(spec['requestedAt'] ?? 0),
      deadline: new Date(spec['deadline'] ?? 0),
      ...(account && { account }),
    },
  };
}

const signed = ['schema', 'instance', 'key', 'hub', 'user', 'server', 'generation', 'spec'];

function sign(labels: Readonly<Record<string, string>>, containerName: string, key: Uint8Array): string {
  const covered = [containerName, ...signed.map((name) => labels[`berth.${name}`] ?? null)];
  return createHmac('sha256', key).update(JSON.stringify(covered)).digest('hex');
}
