/**
 * `npm run bench`: what Berth costs, beside what it is compared with, in one run. Prints Markdown tables.
 *
 *     npm run bench                            everything
 *     npm run bench -- polls service-start     only these
 *     npm run bench -- starts --rounds 9       more rounds, steadier medians
 *
 * It fails where it couldn't measure, never because of a figure. README.md says what each row means.
 */
import { cpus } from 'node:os';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Dockerd } from '../stack/dockerd.ts';
import { bringPackages } from '../stack/packages.ts';
import { makeRoot, removeRoot } from '../stack/root.ts';
import { runCommand } from '../stack/run-command.ts';
import { loadTinyImage } from '../stack/tiny-image.ts';
import { bringVenvs } from '../stack/venvs.ts';

const sections = ['starts', 'polls', 'service-start', 'login'];
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '5' } },
});
const rounds = Number(values.rounds);
const wanted = positionals.length === 0 ? sections : positionals;
if (!wanted.every((name) => sections.includes(name)) || !Number.isInteger(rounds) || rounds < 1) {
  console.error(`usage: npm run bench -- [${sections.join('] [')}] [--rounds N]`);
  process.exit(2);
}

// What runs is ended in order: after the measurement under way.
const interruption = new AbortController();
const { signal } = interruption;
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => interruption.abort(new Error('interrupted')));
}

const say = (line: string) => console.error(line);
const tables: string[] = [];
const repository = fileURLToPath(new URL('../..', import.meta.url));

say('packages, Python environment, build');
await bringPackages(say);
await bringVenvs(['5.5.1']);
await runCommand('tsc', ['--build'], { cwd: repository });
const root = await makeRoot();
let dockerd: Dockerd | undefined;
try {
  if (wanted.includes('starts') || wanted.includes('polls')) {
    say('dockerd');
    dockerd = await Dockerd.start({ root: join(root, 'd') });
    await loadTinyImage(dockerd.socketPath);
  }
  if (dockerd !== undefined && wanted.includes('starts')) {
    say('starts');
    const { benchStarts } = await import('./starts.ts');
    tables.push(await benchStarts({ folder: join(root, 's'), engine: dockerd, rounds, servers: 20, say, signal }));
  }
  if (dockerd !== undefined && wanted.includes('polls')) {
    say('polls');
    const { benchPolls } = await import('./polls.ts');
    const pid = Number(await readFile(join(dockerd.root, 'docker.pid'), 'utf8'));
    const { socketPath } = dockerd;
    tables.push(await benchPolls({ folder: join(root, 'p'), engine: { socketPath, pid }, servers: 1000, say, signal }));
  }
  if (wanted.includes('service-start')) {
    say('service-start');
    const { benchServiceStart } = await import('./service-start.ts');
    tables.push(await benchServiceStart({ folder: join(root, 'k'), rounds, servers: 5000, say, signal }));
  }
  if (wanted.includes('login')) {
    say('login');
    const { benchLogin } = await import('./login.ts');
    tables.push(await benchLogin({ folder: join(root, 'l'), rounds, say, signal }));
    const { benchHangingKdc } = await import('./hanging-kdc.ts');
    tables.push(await benchHangingKdc({ folder: join(root, 'h'), rounds, say, signal }));
  }
} finally {
  await dockerd?.remove();
  await removeRoot(root);
}
const [cpu] = cpus();
const machine = `${cpus().length} x ${cpu?.model.trim() ?? 'unknown CPU'}, Node ${process.versions.node}`;
console.log(`\n${tables.join('\n\n')}\n\n${machine}`);
