/**
 * The service as it is published, on an engine in memory: a process of its own, so that its CPU time and its memory can
 * be read. Plain JavaScript, because Node's removal of types would count towards both.
 *
 *     node simulated-service.mjs CONFIGURATION STATE RUNTIME [CONTAINERS]
 *
 * Started by simulated-service.ts, which it tells when it is ready and answers to. CONTAINERS is a file that an earlier
 * one has written: those containers then run before the service begins.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { setFlagsFromString } from 'node:v8';

// As packages/service/src/cli/main.ts does, and as there before anything is loaded.
for (const flag of ['--optimize-for-size', '--no-maglev']) setFlagsFromString(flag);
const { SimulatedEngine } = await import('@berth/docker-engine/simulated');
const { serve } = await import('@berth/service');

const [configFile, state, runtime, containersFile] = process.argv.slice(2);
const calls = [
  'describe',
  'ensureNetwork',
  'findImage',
  'pull',
  'create',
  'start',
  'inspect',
  'list',
  'stop',
  'remove',
];
const never = new AbortController().signal;

const engine = new SimulatedEngine({ addressOf: () => '127.0.0.1' });
engine.addImage('bench:1');
if (containersFile !== undefined) {
  await engine.ensureNetwork({ name: 'berth', interContainer: false, labels: {}, mustExist: false }, never);
  for (const spec of JSON.parse(await readFile(containersFile, 'utf8'))) {
    await engine.start(await engine.create(spec, never), never);
  }
}

const answers = {
  calls: () => Object.fromEntries([...calls, 'logs', 'watch'].map((call) => [call, engine.callCount(call)])),
  forgetCalls: () => engine.resetCallCounts(),
  containers: (file) => writeFile(file, JSON.stringify(engine.containers().map(({ id }) => engine.specOf(id)))),
  close: async () => {
    await service.close();
    process.disconnect();
  },
};

const began = performance.now();
const service = await serve({ configFile, state, runtime }, { engine });
const url = service.addresses.find((address) => address.startsWith('http:'));
while ((await statusOf(`${url}/readyz`)) !== 200) await new Promise((resolve) => setTimeout(resolve, 2));
const readySeconds = (performance.now() - began) / 1000;

process.on('message', ({ id, ask, value }) => {
  Promise.resolve(answers[ask](value)).then(
    (answer) => process.connected && process.send({ id, answer }),
    (error) => process.send({ id, error: String(error) }),
  );
});
process.send({ ready: { url, readySeconds } });

/** Not by fetch, which the service itself doesn't load. */
function statusOf(page) {
  return new Promise((resolve, reject) => {
    get(page, { agent: false }, (answer) => answer.resume().on('end', () => resolve(answer.statusCode))).on(
      'error',
      reject,
    );
  });
}
