import type { Dockerd } from './dockerd.ts';
import { removeRoot } from './root.ts';
import { announceEngine, sharedEngine } from './shared-engine.ts';

/** Jest's global tear-down: nothing of the run stays on the machine. */
export default async function tearDown(): Promise<void> {
  const { root } = sharedEngine();
  await (globalThis as { berthTestDockerd?: Dockerd }).berthTestDockerd?.remove();
  await removeRoot(root);
  announceEngine(undefined);
}
