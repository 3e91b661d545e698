/** A small image for tests where only the spawner counts: Debian's busybox-static, nothing else. */
import { cp, mkdir, mkdtemp, rm, symlink, writeFile, chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from './run-command.ts';

export const TINY_IMAGE = 'berth-test/tiny:1';

/**
 * Where a single-user server would, it listens: on the port of JUPYTERHUB_SERVICE_URL, else 8888. `exec` makes httpd the
 * container's main process, so that it ends by SIGTERM under an init.
 */
const SERVE = `#!/bin/sh
url="\${JUPYTERHUB_SERVICE_URL:-http://0.0.0.0:8888/}"
authority="\${url#*://}"
authority="\${authority%%/*}"
port="\${authority##*:}"
echo "listening on \${port}"
exec httpd -f -p "0.0.0.0:\${port}" -h /www
`;

const APPLETS = ['sh', 'httpd', 'sleep', 'echo', 'cat', 'ls', 'id', 'env', 'kill', 'true', 'false', 'wget', 'nc'];
const MORE_APPLETS = ['dd', 'mount', 'touch', 'ulimit', 'printf', 'seq', 'head', 'tail', 'grep', 'ip', 'trap', 'yes'];

/** Imports the image into the daemon at this socket; USER 1000, serving by default. Resolves with its tag. */
export async function loadTinyImage(socketPath: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'berth-tiny-'));
  try {
    for (const name of ['bin', 'www', 'tmp', 'etc', 'home']) await mkdir(join(folder, name));
    await cp('/bin/busybox', join(folder, 'bin/busybox'), { dereference: true });
    for (const applet of [...APPLETS, ...MORE_APPLETS]) await symlink('busybox', join(folder, 'bin', applet));
    await writeFile(join(folder, 'bin/serve'), SERVE, { mode: 0o755 });
    await writeFile(join(folder, 'www/index.html'), 'tiny\n');
    await writeFile(join(folder, 'etc/passwd'), 'root:x:0:0::/:/bin/sh\ntiny:x:1000:1000::/home:/bin/sh\n');
    await writeFile(join(folder, 'etc/group'), 'root:x:0:\ntiny:x:1000:\n');
    await chmod(folder, 0o755);
    await chmod(join(folder, 'tmp'), 0o1777);
    const archive = `${folder}.tar`;
    await runCommand('tar', ['--numeric-owner', '--owner=0', '--group=0', '-C', folder, '-cf', archive, '.']);
    const changes = ['USER 1000', 'ENV PATH=/bin', 'CMD ["/bin/serve"]', 'LABEL berth-test=tiny'];
    const flags = changes.flatMap((change) => ['--change', change]);
    await runCommand('docker', ['-H', `unix://${socketPath}`, 'import', ...flags, archive, TINY_IMAGE]);
    await rm(archive);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return TINY_IMAGE;
}
