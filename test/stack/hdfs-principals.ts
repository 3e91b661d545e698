/** The principals of HDFS's daemons, in the realm of a test's directory or MIT KDC, with their keys. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Directory } from './directory.ts';
import type { MitKdc } from './mit-kdc.ts';

/** A name only: nobody looks it up. */
export const HDFS_HOST = 'nn.corp.example.test';

export interface ServiceKeys {
  /** Full principal of both daemons, and its keytab; by its first word it is the superuser. */
  readonly principal: string;
  readonly keytab: string;
  /** Those of WebHDFS. */
  readonly webPrincipal: string;
  readonly webKeytab: string;
}

const SERVICE = `hdfs/${HDFS_HOST}`;
const WEB_SERVICE = `HTTP/${HDFS_HOST}`;

/** Makes them; a directory gets the account `svc-hdfs`. */
export async function createServiceKeys(realm: Directory | MitKdc, folder: string): Promise<ServiceKeys> {
  const keytabs = realm instanceof Directory ? await inDirectory(realm, folder) : await inKdc(realm);
  return { principal: `${SERVICE}@${realm.realm}`, webPrincipal: `${WEB_SERVICE}@${realm.realm}`, ...keytabs };
}

type Keytabs = Pick<ServiceKeys, 'keytab' | 'webKeytab'>;

async function inDirectory({ accounts, realm }: Directory, folder: string): Promise<Keytabs> {
  const keytab = join(folder, 'hdfs.keytab');
  await accounts.createUser({
    name: 'svc-hdfs',
    password: randomBytes(24).toString('base64'),
    attributes: {
      // A keytab logs in by this name; by a service's name alone nobody does.
      userPrincipalName: `${SERVICE}@${realm}`,
      // AES 128 and 256: Java 17 refuses tickets of RC4, which Samba gives otherwise.
      'msDS-SupportedEncryptionTypes': 24,
    },
  });
  await accounts.addServiceName('svc-hdfs', SERVICE, WEB_SERVICE);
  for (const service of [SERVICE, WEB_SERVICE]) await accounts.exportKeytab(service, keytab);
  return { keytab, webKeytab: keytab };
}

async function inKdc(kdc: MitKdc): Promise<Keytabs> {
  return { keytab: await kdc.createService(SERVICE), webKeytab: await kdc.createService(WEB_SERVICE) };
}
