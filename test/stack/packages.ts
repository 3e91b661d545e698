/** The Debian packages that the real tests and the demo stand on. Installed where missing; nothing else is changed. */
import { access } from 'node:fs/promises';
import { runCommand } from './run-command.ts';

/** For a hub, the service and notebooks. */
export const packagesOfDemo: readonly string[] = [
  'busybox-static', // the tiny image
  'ca-certificates',
  'debootstrap', // the notebook image's base
  'docker.io',
  'iproute2', // bridges of the tests' own daemons
  'iptables',
  'procps',
  'python3',
  'python3-venv', // JupyterHub and the notebook image
];

/** For directories, KDCs and Hadoop beside them. */
const packagesOfTests: readonly string[] = [
  ...packagesOfDemo,
  'curl', // WebHDFS with a ticket
  'krb5-admin-server', // kadmin.local
  'krb5-kdc', // tickets of a minute, which Samba doesn't give
  'krb5-user',
  'ldap-utils',
  'libsasl2-modules-gssapi-mit',
  'maven', // brings Hadoop's jars
  'openjdk-17-jre-headless', // HDFS
  'samba', // Active Directory
  'samba-ad-dc',
  'samba-ad-provision',
  'samba-dsdb-modules',
  'samba-vfs-modules',
  'slapd', // a service that takes an MIT KDC's tickets
  'winbind',
];

/** Installs what is missing. Rejects with a sentence for people where that can't be done. */
export async function bringPackages(say: (line: string) => void, needed = packagesOfTests): Promise<void> {
  if (process.getuid?.() !== 0) {
    throw new Error('The real tests and the demo run a Docker daemon of their own and need root; run this as root.');
  }
  await access('/usr/bin/dpkg-query').catch(() => {
    throw new Error(`This machine isn't Debian; install what stands for these packages yourself: ${needed.join(' ')}`);
  });
  const missing = await missingPackages(needed);
  if (missing.length === 0) return;
  say(`installing ${missing.join(' ')}`);
  // At runlevel 1 no package starts its daemon.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const install = () => runCommand('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...missing], { env });
  // The lists may be missing or old: then one update, and again.
  await install().catch(async () => {
    await runCommand('apt-get', ['update', '-q'], { env });
    await install();
  });
}

async function missingPackages(needed: readonly string[]): Promise<string[]> {
  const known = await runCommand('dpkg-query', ['-W', '-f', '${db:Status-Abbrev} ${Package}\n']);
  const installed = new Set(known.split('\n').flatMap((line) => /^ii\s+(\S+)/.exec(line)?.[1] ?? []));
  return needed.filter((name) => !installed.has(name));
}
