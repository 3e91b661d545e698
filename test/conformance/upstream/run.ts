/** JupyterHub's own tests for spawners, run by pytest with BerthSpawner as the class. */
import { mkdir, readFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Berth } from '../../stack/berth.ts';
import { runCommand } from '../../stack/run-command.ts';
import { venvFolder } from '../../stack/venvs.ts';

const here = dirname(fileURLToPath(import.meta.url));
const executables = fileURLToPath(new URL('../../../node_modules/.bin', import.meta.url));
const venv = venvFolder('5.5.1');
const modules = ['jupyterhub.tests.test_spawner', 'jupyterhub.tests.test_named_servers'];

/** What upstream's mock hub starts for a user: it echoes what it is asked. Has to stand under `commands` in berth.yaml. */
export const mockServer = ['python', '-m', 'jupyterhub.tests.mocksu'];

/** A case that is left out, as `test_spawner.py::test_case`, and why. */
export interface Deselected {
  readonly name: string;
  readonly reason: string;
}

/** All that upstream/deselected.txt lists. */
export async function deselectedCases(): Promise<Deselected[]> {
  const lines = (await readFile(join(here, 'deselected.txt'), 'utf8')).split('\n').filter((line) => line.trim() !== '');
  return lines.map((line) => {
    const [name = '', reason = ''] = line.split('  # ');
    return { name, reason };
  });
}

/** Names of all cases that upstream's modules have, the deselected among them. */
export async function upstreamCases(): Promise<string[]> {
  const listed = await pytest(dirname(here), {}, ['--collect-only', '-q']);
  return [...listed.matchAll(/^\S*?(test_\w+\.py::.+)$/gm)].map((match) => match[1] ?? '');
}

/** `passed`, or what pytest says of the case. */
export type Outcome = string;

/** Runs all cases that aren't deselected; resolves with the outcome of each, by name, and pytest's own report. */
export async function runUpstream(
  folder: string,
  berth: Berth,
  hubAddress: string,
): Promise<{ outcomes: ReadonlyMap<string, Outcome>; report: string }> {
  await mkdir(folder, { recursive: true });
  const junit = join(folder, 'junit.xml');
  const environment = { BERTH_URL: berth.url, BERTH_TOKEN_FILE: berth.tokenFile('hub'), BERTH_TEST_HUB_IP: hubAddress };
  const words = ['-p', 'plugin', '-p', 'no:warnings', `--junitxml=${junit}`];
  const report = await pytest(folder, environment, words).catch((error: Error) => error.message);
  const xml = await readFile(junit, 'utf8').catch(() => {
    throw new Error(`pytest wrote no report\n${report}`);
  });
  return { outcomes: outcomesOf(xml), report };
}

function pytest(cwd: string, environment: Readonly<Record<string, string>>, words: readonly string[]): Promise<string> {
  const path = [join(venv, 'bin'), dirname(process.execPath), executables, '/usr/bin', '/bin'].join(delimiter);
  const env = {
    PATH: path,
    HOME: cwd,
    LANG: 'C.UTF-8',
    PYTHONPATH: here,
    PYTHONDONTWRITEBYTECODE: '1',
    ...environment,
  };
  const all = ['-m', 'pytest', '-c', join(here, 'pytest.ini'), '--rootdir', venv, ...words, '--pyargs', ...modules];
  return runCommand(join(venv, 'bin/python'), all, { cwd, env });
}

/** Cases in a JUnit report. One that both ran badly and was taken down badly counts once, as bad. */
function outcomesOf(xml: string): ReadonlyMap<string, Outcome> {
  const outcomes = new Map<string, Outcome>();
  for (const [, attributes = '', body = ''] of xml.matchAll(/<testcase ([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g)) {
    const module = /\bclassname="[^"]*?(\w+)"/.exec(attributes)?.[1];
    const name = `${module}.py::${unescaped(/\bname="([^"]*)"/.exec(attributes)?.[1] ?? '')}`;
    const bad = /<(?:failure|error|skipped)\b[\s\S]*/.exec(body)?.[0];
    if (bad !== undefined || !outcomes.has(name)) outcomes.set(name, bad === undefined ? 'passed' : unescaped(bad));
  }
  return outcomes;
}

function unescaped(text: string): string {
  const entities: Record<string, string> = {
    lt: '<',
    gt: '>',
    quot: '"',
    apos: "'",
    '#39': "'",
    '#10': '\n',
    amp: '&',
  };
  return text.replace(/&(#?\w+);/g, (whole, name: string) => entities[name] ?? whole);
}
