/**
 * GETs that dockerode's own methods do badly: those of images and networks can't be aborted, and `logs` gives an object
 * where what a container wrote happens to be JSON.
 */
import type { IncomingMessage } from 'node:http';
import type Dockerode from 'dockerode';

type Query = Readonly<Record<string, string | number | boolean>>;

/** The answer's body; its JSON where it is JSON. */
export function dial(docker: Dockerode, path: string, abortSignal: AbortSignal): Promise<unknown> {
  return dialled(docker, path, {}, false, abortSignal);
}

/** The answer as a stream. The signal ends that too. */
export async function dialStream(
  docker: Dockerode,
  path: string,
  query: Query,
  abortSignal: AbortSignal,
): Promise<IncomingMessage> {
  return (await dialled(docker, path, query, true, abortSignal)) as IncomingMessage;
}

function dialled(
  docker: Dockerode,
  path: string,
  query: Query,
  isStream: boolean,
  abortSignal: AbortSignal,
): Promise<unknown> {
  // docker-modem takes a '?' at the end for "the options are the query".
  const options = { path: `${path}?`, method: 'GET', options: { ...query }, statusCodes: { 200: true } };
  return new Promise((resolve, reject) => {
    docker.modem.dial({ ...options, isStream, abortSignal }, (error: unknown, answer: unknown) =>
      error ? reject(error) : resolve(answer),
    );
  });
}
