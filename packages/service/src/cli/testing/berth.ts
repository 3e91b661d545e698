/** The command line run in this process, against fakes. */
import { run } from '../program.ts';
import type { Surroundings, Terminal } from '../surroundings.ts';
import { now } from './fake-service.ts';

export interface Outcome {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

export interface Changes extends Partial<Omit<Surroundings, 'terminal'>> {
  readonly terminal?: Partial<Terminal>;
  /** Told all that has been printed so far, each time something is. */
  readonly onOut?: (out: string) => void;
}

/** @param words Without the program's name. The token is `secret`, unless the changes have an environment. */
export async function berth(words: readonly string[], changes: Changes = {}): Promise<Outcome> {
  let out = '';
  let err = '';
  const exitCode = await run(words, {
    version: '1.2.3',
    environment: { BERTH_TOKEN: 'secret' },
    now: () => now,
    signal: new AbortController().signal,
    serve: () => Promise.reject(new Error('no service in this test')),
    ...changes,
    terminal: {
      out: (text) => {
        out += text;
        changes.onOut?.(out);
      },
      err: (text) => void (err += text),
      interactive: false,
      colour: false,
      ...changes.terminal,
    },
  });
  return { exitCode, out, err };
}
