import { EngineError, type ImageInfo } from '@berth/spawner';
import type { DockerConnection } from './docker-connection.ts';
import { dial } from './docker-dial.ts';
import { objectIn, textIn, textsIn } from './json-value.ts';

/** `sha256:` and 64 digits. */
export function isContentId(reference: string): boolean {
  return /^sha256:[0-9a-f]{64}$/.test(reference);
}

/** Whether this may stand in a path of Docker's API as an image's name: no other resource can be reached with it. */
export function isReference(reference: string): boolean {
  return /^[A-Za-z0-9][\w.:@/-]{0,500}$/.test(reference) && !/(^|\/)\.{0,2}(\/|$)/.test(reference);
}

/** The image, or undefined where it isn't here. */
export async function findImage(
  connection: DockerConnection,
  reference: string,
  signal: AbortSignal,
): Promise<ImageInfo | undefined> {
  if (!isReference(reference)) return undefined;
  let answer: unknown;
  try {
    answer = await connection.call({ name: 'inspect image', subject: 'image', signal }, (docker, abortSignal) =>
      dial(docker, `/images/${reference}/json`, {}, abortSignal),
    );
  } catch (error) {
    if (error instanceof EngineError && error.code === 'image-not-found') return undefined;
    throw error;
  }
  const image = objectIn(answer);
  const id = textIn(image?.['Id']);
  if (id === undefined) throw new EngineError('refused', `Docker's answer about image ${reference} can't be read`);
  // User and Labels are left out where they are empty (API 1.52).
  const config = objectIn(image?.['Config']);
  return { id, user: textIn(config?.['User']) ?? '', labels: textsIn(config?.['Labels']) ?? {} };
}
