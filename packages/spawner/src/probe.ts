/** Whether something listens: TCP only, as a server that listens may answer in a protocol of its own. */
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** Resolves once a connection is accepted; rejects with the signal's reason when that aborts. */
export type Probe = (address: string, port: number, signal: AbortSignal) => Promise<void>;

const attemptMilliseconds = 1000;
const firstPause = 5;
const longestPause = 100;

/** Asks often at first, as small servers listen within milliseconds, then ten times a second. */
export const tcpProbe: Probe = async (address, port, signal) => {
  for (let pause = firstPause; ; pause = Math.min(pause * 1.3, longestPause)) {
    if (await accepts(address, port, signal)) return;
    await delay(pause, undefined, { signal }).catch(() => undefined);
    signal.throwIfAborted();
  }
};

function accepts(host: string, port: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, signal });
    const settle = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(attemptMilliseconds, () => settle(false));
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}
