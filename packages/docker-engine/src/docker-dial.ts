/**
 * GETs, through dockerode's modem. Its own methods do them badly: those of images and networks can't be aborted, `logs` gives an
 * object where what a container wrote happens to be JSON, and an answer that breaks off in its middle never ends.
 */
import type { IncomingMessage } from 'node:http';
import type Dockerode from 'dockerode';

type Query = Readonly<Record<string, string | number | boolean>>;

/** The answer's JSON. */
export async function dial(docker: Dockerode, path: string, query: Query, abortSignal: AbortSignal): Promise<unknown> {
  let body = '';
  const decoder = new TextDecoder();
  for await (const chunk of await dialStream(docker, path, query, abortSignal))
    body += decoder.decode(chunk as Buffer, { stream: true });
  return JSON.parse(body);
}

/** The answer as a stream. The signal ends that too. */
export function dialStream(
  docker: Dockerode,
  path: string,
  query: Query,
  abortSignal: AbortSignal,
): Promise<IncomingMessage> {
  // docker-modem takes a '?' at the end for "the options are the query".
  const options = { path: `${path}?`, method: 'GET', options: { ...query }, statusCodes: { 200: true } };
  return new Promise((resolve, reject) => {
    docker.modem.dial({ ...options, isStream: true, abortSignal }, (error: unknown, answer: unknown) =>
      error ? reject(error) : resolve(answer as IncomingMessage),
    );
  });
}
