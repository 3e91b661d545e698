/** Loopback addresses of one's own: Linux answers on all of 127.0.0.0/8, without setting any up. */
import { freePort } from './free-port.ts';

/** An address 127.x.y.z on which nobody holds one of these TCP ports. */
export async function freeAddress(ports: readonly number[]): Promise<string> {
  for (let tries = 0; tries < 50; tries++) {
    const [x, y, z] = [0, 0, 0].map(() => 1 + Math.floor(Math.random() * 254));
    const address = `127.${x}.${y}.${z}`;
    const free = await Promise.all(ports.map((port) => freePort(address, port))).catch(() => undefined);
    if (free !== undefined) return address;
  }
  throw new Error(`no loopback address with the ports ${ports.join(', ')} free; is one of them held on 0.0.0.0?`);
}
