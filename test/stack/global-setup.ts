import { bringNotebookImage } from './images.ts';
import { bringPackages } from './packages.ts';
import { makeRoot, removeRoot } from './root.ts';
import { announceEngine, describeEngine, startEngine } from './shared-engine.ts';
import { hubVersions } from './hub.ts';
import { bringVenvs } from './venvs.ts';

/** Jest's global set-up: everything that is made once, then the shared engine. */
export default async function setUp(): Promise<void> {
  const say = (line: string) => process.stdout.write(`${line}\n`);
  await bringPackages(say);
  await bringVenvs(hubVersions);
  const image = await bringNotebookImage(say);
  const root = await makeRoot();
  try {
    const dockerd = await startEngine(root, image);
    announceEngine(describeEngine(root, dockerd));
    Object.assign(globalThis, { berthTestDockerd: dockerd });
  } catch (error) {
    await removeRoot(root);
    throw error;
  }
}
