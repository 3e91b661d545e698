/** A second service that listens on every address of the host with TLS, as a site with several hosts would have it. */
import { request } from 'node:https';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../stack/free-port.ts';
import { runCommand } from '../stack/run-command.ts';
import { startProgram, waitFor, type Program } from '../stack/program.ts';

const main = fileURLToPath(new URL('../../packages/service/src/cli/main.ts', import.meta.url));

export interface TlsService {
  readonly port: number;
  readonly program: Program;
}

/** Resolves once it is ready. The caller stops its program. */
export async function startTlsService(folder: string, dockerSocket: string, image: string): Promise<TlsService> {
  await mkdir(folder);
  const [certificate, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const subject = [
    '-subj',
    '/CN=localhost',
    '-days',
    '1',
    '-nodes',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
  ];
  await runCommand('openssl', ['req', '-x509', ...subject, '-keyout', key, '-out', certificate]);
  const port = await freePort('0.0.0.0');
  const configFile = join(folder, 'berth.yaml');
  const configuration = {
    listen: { http: { address: '0.0.0.0', port, tls: { certificate, key } } },
    docker: { socket: dockerSocket },
    images: [{ reference: image, pull: 'never' }],
  };
  await writeFile(configFile, JSON.stringify(configuration));
  const folders = ['--config', configFile, '--state', join(folder, 's'), '--runtime', join(folder, 'r')];
  const program = await startProgram({
    name: 'berth serve with TLS',
    command: process.execPath,
    args: ['--conditions=berth-source', main, 'serve', ...folders],
    env: { PATH: `${dirname(process.execPath)}:/usr/bin:/bin` },
    cwd: folder,
    logFile: join(folder, 'berth.log'),
  });
  await waitFor('the service with TLS is ready', async () => (await statusAt('127.0.0.1', port, '/readyz')) === 200, {
    program,
    seconds: 30,
  });
  return { port, program };
}

/** Status of a GET from the host, whoever signed the certificate; 0 where there is no answer. */
export async function statusAt(hostname: string, port: number, path: string): Promise<number> {
  return new Promise((resolve) => {
    const sent = request({ hostname, port, path, rejectUnauthorized: false, agent: false, timeout: 2000 }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    sent.once('error', () => resolve(0)).once('timeout', () => sent.destroy());
    sent.end();
  });
}
