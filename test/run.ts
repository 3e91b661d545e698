/**
 * `npm test`: every check of the repository, stage by stage, with one closing line.
 *
 *     npm test                    all stages
 *     npm test -- unit types      only these
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { differences, listEtc } from './stack/etc-listing.ts';
import { defaultHubVersion, hubVersions } from './stack/hub.ts';
import { bringPackages } from './stack/packages.ts';
import { clearDeadRuns } from './stack/root.ts';
import { bringVenvs, venvFolder } from './stack/venvs.ts';
import { add, fromReport, jestReport, junitReport, single, type Tally } from './tally.ts';

interface Stage {
  readonly name: string;
  readonly heading: string;
  run(): Promise<Tally>;
}

const repository = fileURLToPath(new URL('..', import.meta.url));
const scratch = await mkdtemp(join(tmpdir(), 'berth-run-'));
let current: ChildProcess | undefined;
let interrupted = false;

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    interrupted = true;
    current?.kill(signal);
  });
}

interface CommandOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** Written at its end: a command that lives on for long after that is killed. */
  readonly report?: string;
}

/** Runs a command with its output passed through; resolves with its exit code, 1 where it couldn't be run or was killed. */
async function command(words: readonly string[], { environment = {}, report }: CommandOptions = {}): Promise<number> {
  const [program = '', ...args] = words;
  const child = spawn(program, args, {
    cwd: repository,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  current = child;
  const watch = setInterval(() => {
    const written = report === undefined ? undefined : statSync(report, { throwIfNoEntry: false })?.mtimeMs;
    if (written === undefined || Date.now() - written < 60_000) return;
    console.error(`${program} has written its report but doesn't end: something is left open; killed`);
    child.kill('SIGKILL');
  }, 5000);
  return new Promise<number>((resolve) => {
    child.once('error', (error) => {
      console.error(`${program}: ${error.message}`);
      resolve(1);
    });
    child.once('exit', (code) => resolve(code ?? 1));
  }).finally(() => clearInterval(watch));
}

function commands(name: string, heading: string, ...all: readonly string[][]): Stage {
  const run = async () => {
    for (const words of all) if ((await command(words)) !== 0) return single(false);
    return single(true);
  };
  return { name, heading, run };
}

function jest(name: string, heading: string, config: string): Stage {
  const run = async () => {
    const report = join(scratch, `${name}.json`);
    const nodeOptions = '--experimental-vm-modules --disable-warning=ExperimentalWarning';
    const flags = ['--ci', '--config', config, '--json', '--outputFile', report];
    // With --json, jest's report for people goes to stderr and the JSON, also on stdout, would drown it.
    const words = ['sh', '-c', 'exec jest "$@" >/dev/null', 'jest', ...flags];
    const code = await command(words, { environment: { NODE_OPTIONS: nodeOptions }, report });
    return fromReport(jestReport, report, code);
  };
  return { name, heading, run };
}

function pytest(version: (typeof hubVersions)[number]): Stage {
  const run = async () => {
    await bringVenvs([version]);
    const report = join(scratch, `adapter-${version}.xml`);
    const python = join(venvFolder(version), 'bin/python');
    const words = [python, '-B', '-m', 'pytest', '-q', '-p', 'no:cacheprovider', `--junitxml=${report}`];
    const path = `${join(venvFolder(version), 'bin')}:${process.env['PATH']}`;
    const code = await command([...words, 'packages/jupyterhub-berth'], { environment: { PATH: path }, report });
    return fromReport(junitReport, report, code);
  };
  return { name: `adapter-${version}`, heading: `the adapter beside JupyterHub ${version}`, run };
}

/** What Python's own checkers say of the adapter, from the one environment that holds them. */
function adapterChecks(): Stage {
  const run = async () => {
    await bringVenvs([defaultHubVersion]);
    const python = join(venvFolder(defaultHubVersion), 'bin/python');
    const folder = 'packages/jupyterhub-berth';
    const settings = join(folder, 'pyproject.toml');
    const folders = [folder, 'test'];
    const all = [
      ['ruff', 'check', '--no-cache', ...folders],
      ['ruff', 'format', '--no-cache', '--check', ...folders],
      ['mypy', '--cache-dir', join(scratch, 'mypy'), '--config-file', settings, `${folder}/jupyterhub_berth`],
    ];
    for (const words of all) if ((await command([python, '-B', '-m', ...words])) !== 0) return single(false);
    return single(true);
  };
  return { name: 'adapter-checks', heading: 'the adapter: lint, format, types', run };
}

const node = process.execPath;
const stages: readonly Stage[] = [
  commands('types', 'types', ['tsc', '--build'], ['tsc', '-p', 'test']),
  commands('lint', 'lint', ['oxlint', '--deny-warnings']),
  commands('format', 'format', ['prettier', '--check', '--log-level', 'warn', '.']),
  commands('contract', 'the contract', ['redocly', 'lint', 'openapi/berth.yaml']),
  commands('generated', 'generated types are current', [node, 'packages/contract/generate.ts', '--check']),
  jest('unit', 'unit tests', 'test/jest.unit.config.ts'),
  adapterChecks(),
  ...hubVersions.map(pytest),
  commands('published', 'packages as published', [node, 'test/published.ts']),
  jest('integration', 'integration tests, on real parts', 'test/jest.integration.config.ts'),
];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((word) => !stages.some(({ name }) => name.startsWith(word)));
if (unknown.length > 0) {
  console.error(`no stage ${unknown.join(', ')}; there are ${stages.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}
const chosen = stages.filter(({ name }) => wanted.length === 0 || wanted.some((word) => name.startsWith(word)));

const seconds = (since: number) => `${((Date.now() - since) / 1000).toFixed(1)} s`;
let total: Tally = { passed: 0, failed: 0 };
const lines: string[] = [];

async function perform(heading: string, run: () => Promise<Tally>): Promise<void> {
  console.log(`\n=== ${heading}`);
  const began = Date.now();
  const tally = await run().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    return single(false);
  });
  total = add(total, tally);
  const line = `${heading}: ${tally.passed} passed, ${tally.failed} failed (${seconds(began)})`;
  console.log(line);
  lines.push(line);
}

const real = chosen.some(({ name }) => /^(unit|adapter|published|integration)/.test(name));
if (real) {
  await perform('packages of this machine', async () => {
    await bringPackages(console.log);
    return single(true);
  });
}
const etc = await listEtc();
for (const stage of chosen) if (!interrupted) await perform(stage.heading, () => stage.run());
await perform('nothing of a run stays', async () => {
  await clearDeadRuns();
  const changed = differences(etc, await listEtc());
  for (const line of changed) console.error(`under /etc: ${line}`);
  return single(changed.length === 0 && !interrupted);
});
await rm(scratch, { recursive: true, force: true });

console.log(`\n=== all\n${lines.join('\n')}\n`);
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 ? 0 : 1;
