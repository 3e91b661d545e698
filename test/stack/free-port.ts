import { createServer } from 'node:net';

/** A TCP port that nobody listens on at this address right now. Rejects where `wanted` is taken. */
export async function freePort(address = '127.0.0.1', wanted = 0): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(wanted, address, resolve);
  });
  const bound = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (bound === null || typeof bound === 'string') throw new Error(`no port at ${address}`);
  return bound.port;
}
