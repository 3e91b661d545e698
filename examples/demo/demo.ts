/**
 * `npm run demo`: Berth's main job on real parts. `-- --check` ends after the proof, with exit code 0 or 1.
 *
 * Read `prove` from top to bottom; the rest brings things up and takes them away.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Dockerd } from '../../test/stack/dockerd.ts';
import { freePort } from '../../test/stack/free-port.ts';
import { defaultHubVersion } from '../../test/stack/hub.ts';
import { bringNotebookImage } from '../../test/stack/images.ts';
import { bringPackages, packagesOfDemo } from '../../test/stack/packages.ts';
import { makeRoot, removeRoot } from '../../test/stack/root.ts';
import { describeEngine, startEngine } from '../../test/stack/shared-engine.ts';
import { Stack } from '../../test/stack/stack.ts';
import { bringVenvs } from '../../test/stack/venvs.ts';

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
const user = 'user1';
const began = Date.now();

/** Does one step and prints it with a tick and its time. */
async function step<T>(sentence: string | ((result: T) => string), run: () => Promise<T>): Promise<T> {
  const since = Date.now();
  const result = await run();
  const text = typeof sentence === 'string' ? sentence : sentence(result);
  console.log(`  ✓ ${text} (${((Date.now() - since) / 1000).toFixed(1)} s)`);
  return result;
}

/** Rejects with a sentence where what was seen isn't what was promised. */
function demand(holds: boolean, sentence: string): void {
  if (!holds) throw new Error(sentence);
}

async function prove(stack: Stack): Promise<void> {
  const { hub, berth } = stack;
  console.log('\nA notebook');
  const browser = await step(`${user} logged in at a stock JupyterHub ${defaultHubVersion}, through its form`, () =>
    stack.loggedIn(user),
  );
  await step('the notebook server is ready', async () => {
    await browser.startServer(user);
    for await (const { message, progress, failed } of browser.progress(user)) {
      console.log(`      ${String(progress).padStart(3)} % ${message ?? ''}`);
      demand(failed !== true, 'the start failed');
    }
  });
  const container = await step(
    ({ Name, Id }) => `it runs in a container of its own that Berth started: ${Name.slice(1)}, ${Id.slice(0, 12)}`,
    async () => {
      const [found, ...more] = await stack.containers(user);
      if (found === undefined || more.length > 0) throw new Error(`${user} has not exactly one container`);
      demand(found.State.Running, 'the container does not run');
      return found;
    },
  );
  const notebook = await step('JupyterLab answers 200', () => browser.openNotebook(user));
  const kernel = await step('a kernel has started', () => notebook.startKernel());
  await step('it computed 2 ** 100 and keeps it in a variable', async () => {
    const printed = await notebook.execute(kernel, 'kept = 2 ** 100\nprint(kept)');
    demand(printed === `${2n ** 100n}\n`, `the kernel printed ${printed}`);
  });

  console.log('\nBerth and the hub killed under it');
  await step('the Berth service got SIGKILL', () => berth.kill());
  await step('the hub got SIGKILL', () => hub.kill());
  await step('with both gone, the same kernel still answers', async () => {
    const printed = await notebook.execute(kernel, 'print(kept + 1)');
    demand(printed === `${2n ** 100n + 1n}\n`, `the kernel printed ${printed}`);
  });
  await step('the Berth service runs again', () => berth.start());
  await step('the hub runs again', () => hub.start());
  await step('the same container still runs, known to Berth and to the hub', async () => {
    const now = await stack.containers(user);
    demand(now.length === 1 && now[0]?.Id === container.Id, 'the container is another one');
    demand(now[0]?.State.Pid === container.State.Pid, 'the container was restarted');
    const { items } = await berth.get<{ items: { user: string; status: { state: string } }[] }>('/v1/servers');
    const state = items.find((server) => server.user === user)?.status.state;
    demand(state === 'running', `Berth says ${state}`);
    demand((await stack.hubApi.user(user))?.servers['']?.ready === true, 'the hub does not know it as ready');
  });
  await step('the same kernel still answers, its variable in place', async () => {
    const again = await browser.openNotebook(user);
    const printed = await again.execute(kernel, 'print(kept - 1)');
    demand(printed === `${2n ** 100n - 1n}\n`, `the kernel printed ${printed}`);
  });
}

async function main(): Promise<void> {
  const stopped = new Promise<'stopped'>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve('stopped'));
  });
  const say = (line: string) => console.log(`      ${line}`);
  let root: string | undefined;
  let dockerd: Dockerd | undefined;
  let stack: Stack | undefined;
  let ending = false;

  async function run(): Promise<void> {
    console.log('What it needs, made once and kept in $BERTH_CACHE (~/.cache/berth)');
    await step('Debian packages', () => bringPackages(say, packagesOfDemo));
    await step(`JupyterHub ${defaultHubVersion} with jupyterhub-berth`, () => bringVenvs([defaultHubVersion]));
    const image = await step('a notebook image', () => bringNotebookImage(say));

    console.log('\nUp');
    const folder = await makeRoot();
    root = folder;
    const daemon = await step('a Docker daemon of its own, with the image', () => startEngine(folder, image));
    dockerd = daemon;
    const engine = describeEngine(folder, daemon);
    stack = await step('the Berth service and JupyterHub', async () =>
      Stack.start({ folder, engine, images: [engine.notebookImage], hubPort: await portForPeople() }),
    );
    await prove(stack);
    console.log(`\nAll of it holds (${((Date.now() - began) / 1000).toFixed(0)} s).`);
  }

  let exitCode = 130; // as after Ctrl-C, until it is known
  async function runToTheEnd(): Promise<void> {
    try {
      await run();
      if (!ending) exitCode = 0;
    } catch (error) {
      if (ending) return;
      console.error(`\n  ✗ ${error instanceof Error ? error.message : String(error)}`);
      if (stack !== undefined) console.error(stack.logs());
      exitCode = 1;
    }
  }
  const proof = runToTheEnd();
  await Promise.race([stopped, proof]);
  if (exitCode === 0 && !values.check && stack !== undefined) {
    console.log(`\nIt stays up: ${stack.hub.origin}/  user ${user}, password ${stack.hub.password}`);
    console.log('Ctrl-C ends it and cleans up.');
    await stopped;
  }
  ending = true;
  console.log('\nCleaning up');
  await stack?.remove();
  await dockerd?.remove();
  if (root !== undefined) {
    await removeRoot(root);
    // A step that was under way when Ctrl-C came fails now that its programs are gone; what it had just begun goes too.
    await Promise.race([proof, sleep(10_000)]);
    await removeRoot(root);
  }
  process.exit(exitCode);
}

/** 8000 where it is free, as a hub's users expect. */
async function portForPeople(): Promise<number> {
  return freePort('127.0.0.1', 8000).catch(() => freePort());
}

await main();
