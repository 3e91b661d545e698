/** Hadoop's own jars, brought once by Maven with the machine's own settings. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from './cache.ts';
import { exists } from './images.ts';
import { runCommand } from './run-command.ts';

/** All of them: what they ask for beyond these isn't taken. Servers and clients of HDFS are in the first three. */
const jars = [
  'org.apache.hadoop:hadoop-client-minicluster:3.4.1',
  'org.apache.hadoop:hadoop-client-api:3.4.1',
  'org.apache.hadoop:hadoop-client-runtime:3.4.1',
  'commons-logging:commons-logging:1.2',
  'javax.xml.bind:jaxb-api:2.3.1', // WebHDFS answers 500 without it.
  'org.slf4j:slf4j-api:1.7.36',
  'org.slf4j:slf4j-simple:1.7.36', // logs to standard error
];
const copier = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1';

/** The folder of the jars, filled now where the cache doesn't hold them: 90 MB, 7 s. */
export async function bringHadoopJars(say: (line: string) => void): Promise<string> {
  const cache = cacheFolder('hadoop');
  const hash = createHash('sha256').update(JSON.stringify(jars)).digest('hex').slice(0, 12);
  const folder = join(cache, hash);
  if (await exists(folder)) return folder;
  say("bringing Hadoop's jars");
  const work = await mkdtemp(join(cache, 'bringing-'));
  try {
    const made = join(work, 'jars');
    await mkdir(made);
    await writeFile(join(work, 'pom.xml'), project());
    const places = [`-Dmaven.repo.local=${join(work, 'repository')}`, `-DoutputDirectory=${made}`];
    await runCommand('mvn', ['-q', '-B', '-f', join(work, 'pom.xml'), ...places, `${copier}:copy-dependencies`]);
    const found = new Set(await readdir(made));
    const missing = jars.map(fileName).filter((name) => !found.has(name));
    if (missing.length > 0) throw new Error(`Maven didn't bring ${missing.join(', ')}`);
    await rename(made, folder);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  for (const name of await readdir(cache))
    if (name !== hash && /^[0-9a-f]{12}$/.test(name)) await rm(join(cache, name), { recursive: true });
  return folder;
}

function project(): string {
  const dependencies = jars.map((jar) => {
    const [group, artifact, version] = jar.split(':');
    const alone = '<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>';
    return `<dependency>${coordinates(group, artifact, version)}${alone}</dependency>`;
  });
  return [
    '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>',
    `${coordinates('test', 'hadoop', '1')}<packaging>pom</packaging>`,
    `<dependencies>${dependencies.join('\n')}</dependencies></project>`,
  ].join('\n');
}

function coordinates(group = '', artifact = '', version = ''): string {
  return `<groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version>`;
}

function fileName(jar: string): string {
  return `${jar.split(':').slice(1).join('-')}.jar`;
}
