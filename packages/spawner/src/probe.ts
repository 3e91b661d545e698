/** Whether something listens: TCP only, as a server that listens may answer in a protocol of its own. */
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** Resolves once a connection is accepted; rejects with the signal's reason when that aborts. */
export type Probe = (address: string, port: number, signal: AbortSignal) => Promise<void>;

const attemptMilliseconds = 1000;
const firstPause = 5;
/** A pause is at most 100 ms, and later on a twentieth of the time waited so far, up to 500 ms. */
const longestPause = 100;
const longestLatePause = 500;

/** Asks often at first, as small servers listen within milliseconds; many slow ones then cost little. */
export const tcpProbe: Probe = async (address, port, signal) => {
  const began = performance.now();
  const longest = () => Math.min(Math.max(longestPause, (performance.now() - began) / 20), longestLatePause);
  for (let pause = firstPause; ; pause = Math.min(pause * 1.3, longest())) {
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
