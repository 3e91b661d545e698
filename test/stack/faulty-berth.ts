/**
 * `berth serve` that kills itself, as by SIGKILL, behind the step that the file `<state>/fault` names. The file is
 * removed first, so that the next process lives. Only tests start it.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { serve } from '../../packages/service/src/serve.ts';

const { values } = parseArgs({
  allowPositionals: true,
  options: { config: { type: 'string' }, state: { type: 'string' }, runtime: { type: 'string' } },
});
const { config = '', state = '', runtime = '' } = values;
const file = join(state, 'fault');

await serve(
  { configFile: config, state, runtime },
  {
    faults: (point) => {
      if (wanted() !== point) return;
      rmSync(file);
      process.kill(process.pid, 'SIGKILL');
    },
  },
);

function wanted(): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
