/** Certificate authorities of a test's own, and what they sign, made by openssl. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from './run-command.ts';

/** PEM files. */
export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

const ellipticKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'];

/** A CA in a new folder. */
export async function makeAuthority(folder: string): Promise<Certificate> {
  await mkdir(folder, { recursive: true });
  const made = { certificate: join(folder, 'ca.pem'), key: join(folder, 'ca.key') };
  const files = ['-keyout', made.key, '-out', made.certificate];
  await runCommand('openssl', ['req', '-x509', ...ellipticKey, '-subj', '/CN=a CA of a test', ...files]);
  return made;
}

/** A server's certificate for these names (`IP:127.0.0.1`, `DNS:localhost`), in the folder of its authority or another. */
export async function signCertificate(
  authority: Certificate,
  folder: string,
  names: readonly string[],
): Promise<Certificate> {
  const made = { certificate: join(folder, 'server.pem'), key: join(folder, 'server.key') };
  const [request, extensions] = [join(folder, 'server.csr'), join(folder, 'server.ext')];
  await writeFile(extensions, `subjectAltName=${names.join(',')}\nextendedKeyUsage=serverAuth\n`);
  await runCommand('openssl', ['req', ...ellipticKey, '-subj', '/CN=server', '-keyout', made.key, '-out', request]);
  const signer = ['-CA', authority.certificate, '-CAkey', authority.key, '-CAcreateserial', '-days', '1'];
  const files = ['-in', request, '-extfile', extensions, '-out', made.certificate];
  await runCommand('openssl', ['x509', '-req', ...signer, ...files]);
  return made;
}
