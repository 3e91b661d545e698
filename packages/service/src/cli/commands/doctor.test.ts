import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { berth } from '../testing/berth.ts';
import { fakeService, FakeProblem, type Routes } from '../testing/fake-service.ts';

const cleanups: (() => Promise<void>)[] = [];
let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'berth-doctor-'));
  cleanups.push(() => rm(folder, { recursive: true }));
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function serving(routes: Routes) {
  const service = await fakeService(routes);
  cleanups.push(() => service.close());
  return service.url;
}

const docker = { part: 'docker', level: 'error', finding: 'Docker does not answer.', mend: 'Start dockerd.' };
const image = { part: 'image', level: 'warning', finding: 'jupyter/base:1 is not on this host.', mend: 'Pull it.' };
const disk = { part: 'disk', level: 'ok', finding: '12 GiB are free.' };
/** As a person on the service's host runs it, all in the test's own folder. */
const local = () => ['--state', folder, '--runtime', folder];
const environment = {};

test('findings are shown with their marks and what to change; an error is exit code 1', async () => {
  const url = await serving({ 'GET /v1/doctor': { items: [docker, image, disk] } });
  expect(await berth(['doctor', '--url', url])).toEqual({
    exitCode: 1,
    out: [
      '✗  docker  Docker does not answer.',
      '           → Start dockerd.',
      '!  image   jupyter/base:1 is not on this host.',
      '           → Pull it.',
      '✓  disk    12 GiB are free.',
      '1 error, 1 warning, 1 ok.',
      '',
    ].join('\n'),
    err: '',
  });
});

test('warnings alone are exit code 0, and --json has the findings as the contract has them', async () => {
  const url = await serving({ 'GET /v1/doctor': { items: [image, disk] } });
  const { exitCode, out } = await berth(['doctor', '--json', '--url', url]);
  expect(JSON.parse(out)).toEqual([image, disk]);
  expect(exitCode).toBe(0);
});

test('a token file open to all is a warning', async () => {
  const url = await serving({ 'GET /v1/doctor': { items: [disk] } });
  const file = join(folder, 'admin.token');
  await writeFile(file, 'secret\n');
  await chmod(file, 0o644);
  const { exitCode, out } = await berth(['doctor', '--url', url, ...local()], { environment });
  expect(out).toBe(
    [
      `!  token  Anyone on this host may open the token file ${file} (mode 0644).`,
      '          → chmod 0600 it, and make a new token.',
      '✓  disk   12 GiB are free.',
      '0 errors, 1 warning, 1 ok.',
      '',
    ].join('\n'),
  );
  expect(exitCode).toBe(0);
});

test.each([
  ['is missing', undefined, 'does not exist. `berth serve` makes admin.token in its state folder at its first start'],
  ['is empty', '\n', 'should hold a token: one word on a line of its own.'],
  ['holds a hash', `sha256:${'0'.repeat(64)}\n`, "holds only a token's hash, for the service."],
])('a token file that %s is told, exit code 69', async (_case, text, said) => {
  const file = join(folder, 'admin.token');
  if (text !== undefined) await writeFile(file, text);
  const { exitCode, out } = await berth(['doctor', '--url', 'unix:///nowhere', ...local()], { environment });
  expect(out).toContain(`✗  token    The token file ${file} ${said}`);
  expect(exitCode).toBe(69);
});

test.each([
  ['does not run', undefined, '✗  service  Nothing listens at http://127.0.0.1:'],
  ['runs', { status: 'ok' }, '✓  service  A service answers at http://127.0.0.1:'],
])('without a token it still says whether the service %s', async (_case, health, said) => {
  const service = await fakeService({ 'GET /healthz': health });
  cleanups.push(() => service.close());
  if (health === undefined) await service.close();
  const { exitCode, out } = await berth(['doctor', '--url', service.url, ...local()], { environment });
  expect(out).toContain(`✗  token    The token file ${folder}/admin.token does not exist.`);
  expect(out).toContain(said);
  expect(exitCode).toBe(69);
});

test('a stopped service: nothing listens, and its socket is missing, exit code 69', async () => {
  const service = await fakeService({});
  await service.close();
  const { exitCode, out, err } = await berth(['doctor', '--url', service.url, ...local()]);
  expect(out).toBe(
    [
      `✗  service  Nothing listens at ${service.url}: check that \`berth serve\` runs there and that the URL is right.`,
      `✗  socket   The socket ${folder}/hub.sock does not exist: no service runs with that runtime folder.`,
      '            → Start `berth serve`, or name its folder by --runtime.',
      '2 errors, 0 warnings, 0 ok.',
      '',
    ].join('\n'),
  );
  expect([exitCode, err]).toEqual([69, '']);
});

test('a service that runs behind its socket while the URL is wrong', async () => {
  const server = createServer().listen(join(folder, 'hub.sock'));
  cleanups.push(() => new Promise((done) => server.close(() => done())));
  const service = await fakeService({});
  await service.close();
  const { exitCode, out } = await berth(['doctor', '--json', '--url', service.url, ...local()]);
  expect((JSON.parse(out) as unknown[])[1]).toEqual({
    part: 'socket',
    level: 'ok',
    finding: `The socket ${folder}/hub.sock exists.`,
    mend: `If a service runs behind it, --url unix://${folder}/hub.sock reaches it.`,
  });
  expect(exitCode).toBe(69);
});

test('a missing socket named by the URL is told once', async () => {
  const { exitCode, out } = await berth(['doctor', '--url', `unix://${folder}/hub.sock`, ...local()]);
  expect(out).toBe(
    `✗  service  The socket of unix://${folder}/hub.sock does not exist: check that \`berth serve\` runs and that its path is right.\n1 error, 0 warnings, 0 ok.\n`,
  );
  expect(exitCode).toBe(69);
});

test('a token that the service refuses is exit code 77', async () => {
  const url = await serving({ 'GET /v1/doctor': new FakeProblem('token-invalid', 'This token is unknown.') });
  const { exitCode, err } = await berth(['doctor', '--url', url]);
  expect(err).toMatch(/^berth: This token is unknown\.\n/);
  expect(exitCode).toBe(77);
});
