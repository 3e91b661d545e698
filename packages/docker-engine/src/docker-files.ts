/**
 * Files of an image, read from a container that is created, never started, and removed. What a service that was killed in between left
 * behind is removed by the next one that reads.
 */
import { EngineError } from '@berth/spawner';
import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { extract } from 'tar-stream';
import type { DockerConnection } from './docker-connection.ts';
import { dial, dialStream } from './docker-dial.ts';

const label = 'berth.files';
const largestBytes = 2 ** 20;
const leftoverSeconds = 600;
const leftoverName = /^\/berth-files-[0-9a-f]{12}$/;

interface Listed {
  readonly Id?: unknown;
  readonly Names?: readonly string[];
  readonly Labels?: Readonly<Record<string, string>>;
  readonly State?: unknown;
}

export async function readImageFiles(
  connection: DockerConnection,
  imageId: string,
  paths: readonly string[],
  now: Date,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  await removeLeftovers(connection, now, signal);
  const name = `berth-files-${randomBytes(6).toString('hex')}`;
  const created = await connection.call({ name: 'create', subject: 'create', signal }, (docker, abortSignal) => {
    const body = {
      ...{ Image: imageId, Cmd: ['never-started'], Entrypoint: [], NetworkDisabled: true },
      ...{ Labels: { [label]: String(now.getTime()) }, HostConfig: { NetworkMode: 'none' } },
    };
    return docker.createContainer({ _query: { name }, _body: body, abortSignal } as never);
  });
  if (typeof created?.id !== 'string') throw new EngineError('refused', "Docker's answer to create has no id");
  const { id } = created;
  try {
    const found = new Map<string, string>();
    for (const path of paths) {
      const text = await readFile(connection, id, path, signal);
      if (text !== undefined) found.set(path, text);
    }
    return found;
  } finally {
    // Also where the caller has gone; what can't be removed now is left over for the next one.
    await remove(connection, id).catch(() => undefined);
  }
}

async function readFile(
  connection: DockerConnection,
  id: string,
  path: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const call = { name: 'archive', subject: 'container', signal } as const;
  try {
    return await connection.call(call, async (docker, abortSignal) =>
      firstText(await dialStream(docker, `/containers/${id}/archive`, { path }, abortSignal)),
    );
  } catch (error) {
    // `not-found` would be the container itself: somebody removed it, and nothing is known of its files.
    if (error instanceof EngineError && error.code === 'refused' && isAbsent(error)) return undefined;
    throw error;
  }
}

/** A path through a plain file is a 500, by its sentence alone. */
function isAbsent({ status, message }: EngineError): boolean {
  return status === 404 || (status === 500 && message.endsWith(' not a directory'));
}

/** The text of an archive's first entry, where that is a plain file and not too large. What comes behind it is not read. */
function firstText(stream: Readable): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const archive = extract();
    const end = (text: string | undefined): void => {
      resolve(text);
      stream.destroy();
      archive.destroy();
    };
    archive.on('entry', ({ type, size = 0 }, body) => {
      if (type !== 'file' || size > largestBytes) return end(undefined);
      const chunks: Buffer[] = [];
      body.on('data', (chunk: Buffer) => chunks.push(chunk));
      body.on('end', () => end(Buffer.concat(chunks).toString('utf8')));
    });
    archive.on('finish', () => end(undefined)).on('error', reject);
    stream.on('error', reject).pipe(archive);
  });
}

async function removeLeftovers(connection: DockerConnection, now: Date, signal: AbortSignal): Promise<void> {
  const query = { all: true, filters: JSON.stringify({ label: [label] }) };
  const answer = await connection.call({ name: 'list', subject: 'engine', signal }, (docker, abortSignal) =>
    dial(docker, '/containers/json', query, abortSignal),
  );
  for (const one of Array.isArray(answer) ? answer : []) {
    const { Id, Names, Labels, State } = (one ?? {}) as Listed;
    const age = now.getTime() - Number(Labels?.[label]);
    // By its name too: an image may have the label, and its containers are none of this.
    const made = Names?.some((name) => leftoverName.test(name)) && State === 'created';
    if (typeof Id === 'string' && made && age > leftoverSeconds * 1000)
      await remove(connection, Id).catch(() => undefined);
  }
}

async function remove(connection: DockerConnection, id: string): Promise<void> {
  const call = { name: 'remove', subject: 'container', signal: new AbortController().signal, accept: [404] } as const;
  await connection.call(call, (docker, abortSignal) => docker.getContainer(id).remove({ v: true, abortSignal }));
}
