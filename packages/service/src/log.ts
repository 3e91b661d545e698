/** The service's own log, on standard error: JSON lines for machines, or one readable line each. */
import { destination, pino, stdTimeFunctions, type DestinationStream, type Logger } from 'pino';
import type { Configuration } from './configuration/index.ts';

export function createLog({ level, format }: Configuration['log'], output: DestinationStream = destination(2)): Logger {
  const stream = format === 'json' ? output : { write: (line: string) => output.write(`${readable(line)}\n`) };
  return pino(
    { level, base: null, timestamp: stdTimeFunctions.isoTime, formatters: { level: (label) => ({ level: label }) } },
    stream,
  );
}

/** `10:00:00.000 info  made a token file file=/var/lib/berth/hub.token` */
function readable(line: string): string {
  const { time, level, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const rest = Object.entries(fields).map(
    ([name, value]) =>
      `${name}=${typeof value === 'string' && /^[\w./:@-]+$/.test(value) ? value : JSON.stringify(value)}`,
  );
  return [String(time).slice(11, 23), String(level).padEnd(5), JSON.stringify(msg).slice(1, -1), ...rest].join(' ');
}
