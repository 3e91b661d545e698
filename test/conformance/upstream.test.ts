/**
 * JupyterHub 5.5.1's own tests for spawners and named servers, with BerthSpawner as the class, a real service, and each
 * server in a container of its own. What is left out stands in upstream/deselected.txt, each case with its reason.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { Berth } from '../stack/berth.ts';
import { docker, sharedEngine, testFolder } from '../stack/shared-engine.ts';
import { deselectedCases, mockServer, runUpstream, upstreamCases, type Outcome } from './upstream/run.ts';

/** The list may only shrink: so may this number. */
const deselectedNow = 8;
const instance = 'upstream-tests';

const engine = sharedEngine();
const deselected = await deselectedCases();
const all = await upstreamCases();
const chosen = all.filter((name) => !deselected.some((one) => one.name === name));

let berth: Berth;
let outcomes: ReadonlyMap<string, Outcome>;
let report: string;

beforeAll(async () => {
  const folder = await testFolder();
  berth = await Berth.start({
    folder: join(folder, 'b'),
    dockerSocket: engine.socketPath,
    images: [engine.notebookImage],
    configuration: { instance, commands: [mockServer] },
  });
  ({ outcomes, report } = await runUpstream(join(folder, 'p'), berth, engine.bridgeAddress));
}, 1_200_000);

afterAll(async () => {
  await berth?.remove();
});

for (const name of chosen) {
  test(`upstream: ${name}`, () => {
    expect(outcomes.get(name) ?? report).toBe('passed');
  });
}

test('no case ran that upstream does not list, and all of its own', () => {
  expect([...outcomes.keys()].toSorted()).toEqual(chosen.toSorted());
  expect(chosen.length).toBeGreaterThan(40);
});

test('the list of deselected cases only shrinks; each case is one of upstream, listed once, with its reason', () => {
  expect(deselected).toHaveLength(deselectedNow);
  expect(new Set(deselected.map(({ name }) => name)).size).toBe(deselected.length);
  expect(deselected.filter(({ name }) => !all.includes(name))).toEqual([]);
  expect(deselected.filter(({ reason }) => reason.trim().length < 20)).toEqual([]);
});

test('servers ran in containers, and none is left', async () => {
  const metrics = await (await fetch(`${berth.url}/metrics`)).text();
  const count = (name: string) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(metrics)?.[1]);
  expect(count('berth_starts_total')).toBeGreaterThan(30);
  expect(await docker(engine, 'ps', '-aq', '--filter', `label=berth.instance=${instance}`)).toBe('');
});
