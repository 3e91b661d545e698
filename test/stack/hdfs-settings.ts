/** core-site.xml and hdfs-site.xml of a Kerberized HDFS whose daemons and clients all know it by one address. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServiceKeys } from './hdfs-principals.ts';

export const HDFS_PORTS = { nameNode: 8020, web: 9870, data: 9866, dataIpc: 9867, dataWeb: 9864 } as const;

export interface HdfsSettings {
  readonly address: string;
  readonly keys: ServiceKeys;
  /** Where blocks and names are stored. */
  readonly dataFolder: string;
}

type Values = Readonly<Record<string, string | number | boolean>>;

/** The daemons' settings. Each speaks by Kerberos, the DataNode by SASL too; no port is privileged and no host has a name. */
export async function writeServerSettings(folder: string, settings: HdfsSettings): Promise<void> {
  const { address, dataFolder } = settings;
  const { principal, keytab, webPrincipal, webKeytab } = settings.keys;
  const at = (port: number) => `${address}:${port}`;
  await write(folder, 'core-site.xml', {
    ...clientCore(address),
    'hadoop.security.authorization': true,
    // Users of HDFS needn't be this host's.
    'hadoop.security.group.mapping': 'org.apache.hadoop.security.NullGroupsMapping',
    'hadoop.http.authentication.type': 'kerberos',
    'hadoop.http.authentication.kerberos.principal': webPrincipal,
    'hadoop.http.authentication.kerberos.keytab': webKeytab,
    'hadoop.tmp.dir': dataFolder,
  });
  await write(folder, 'hdfs-site.xml', {
    ...clientHdfs(principal),
    'dfs.namenode.rpc-address': at(HDFS_PORTS.nameNode),
    'dfs.namenode.http-address': at(HDFS_PORTS.web),
    'dfs.datanode.address': at(HDFS_PORTS.data),
    'dfs.datanode.ipc.address': at(HDFS_PORTS.dataIpc),
    'dfs.datanode.http.address': at(HDFS_PORTS.dataWeb),
    'dfs.namenode.keytab.file': keytab,
    'dfs.datanode.kerberos.principal': principal,
    'dfs.datanode.keytab.file': keytab,
    'dfs.web.authentication.kerberos.principal': webPrincipal,
    'dfs.web.authentication.kerberos.keytab': webKeytab,
    'dfs.block.access.token.enable': true,
    // In place of certificates or ports below 1024; SASL stays on.
    'ignore.secure.ports.for.testing': true,
    // What this host says to its own bridge address arrives from another address: Docker's masquerade rule matches it.
    'dfs.datanode.hostname': address,
    'dfs.namenode.datanode.registration.ip-hostname-check': false,
    'dfs.replication': 1,
    'dfs.namenode.safemode.extension': 0,
  });
}

/** What clients need: no secret. */
export async function writeClientSettings(folder: string, address: string, principal: string): Promise<void> {
  await write(folder, 'core-site.xml', clientCore(address));
  await write(folder, 'hdfs-site.xml', { ...clientHdfs(principal), 'dfs.replication': 1 });
}

function clientCore(address: string): Values {
  return {
    'fs.defaultFS': `hdfs://${address}:${HDFS_PORTS.nameNode}`,
    'hadoop.security.authentication': 'kerberos',
  };
}

function clientHdfs(principal: string): Values {
  return {
    'dfs.namenode.kerberos.principal': principal,
    'dfs.data.transfer.protection': 'authentication',
    'dfs.client.use.datanode.hostname': true,
  };
}

async function write(folder: string, name: string, values: Values): Promise<void> {
  await mkdir(folder, { recursive: true });
  const escaped = (value: unknown) => String(value).replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  const properties = Object.entries(values).map(
    ([key, value]) => `  <property><name>${key}</name><value>${escaped(value)}</value></property>`,
  );
  await writeFile(join(folder, name), ['<configuration>', ...properties, '</configuration>', ''].join('\n'));
}
