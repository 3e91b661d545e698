import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { chmod, chown, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Directory } from './stack/directory.ts';
import { bindByJava, klist, sidByJava, sidByMit, whoAmIByMit } from './stack/gssapi.ts';
import { kerberosImage } from './stack/kerberos-image.ts';
import { krb5Conf, type Krb5Realm } from './stack/krb5-conf.ts';
import { LdapService } from './stack/ldap-service.ts';
import { MitKdc } from './stack/mit-kdc.ts';
import { Relay } from './stack/relay.ts';
import { runCommand } from './stack/run-command.ts';
import { docker, sharedEngine, testFolder } from './stack/shared-engine.ts';

/** Unknown to the image. */
const UID = 10_001;
const KDC_PORT = 8088;
const LDAP_PORT = 8389;
const LIFE_SECONDS = 20;
const engine = sharedEngine();
let folder: string;
let image: string;
let directory: Directory;
let kdc: MitKdc;
let service: LdapService;
let relays: Relay[];
let user1Sid: string;

beforeAll(async () => {
  const from = engine.bridgeAddress;
  folder = await testFolder();
  image = await kerberosImage(engine);
  directory = await Directory.start({ folder: join(folder, 'ad'), alsoAt: [from] });
  kdc = await MitKdc.start({ folder: join(folder, 'kdc'), lifeSeconds: LIFE_SECONDS });
  service = await LdapService.start({ folder: join(folder, 'ldap'), kdc, knownAs: from });
  relays = [
    await Relay.start({ from, to: directory.address, ports: [88, 389] }),
    await Relay.start({ from, to: kdc.address, ports: [{ from: KDC_PORT, to: 88 }] }),
    await Relay.start({ from, to: service.address, ports: [{ from: LDAP_PORT, to: 389 }] }),
  ];
  user1Sid = (await directory.accounts.createUser({ name: 'user1', password: 'of user1' })).sid;
  await kdc.createUser('user1', 'of user1');
});

afterAll(async () => {
  for (const relay of relays ?? []) await relay.remove();
  await service?.remove();
  await kdc?.remove();
  await directory?.remove();
});

interface Ticket {
  /** What the container mounts: a cache and a krb5.conf. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
}

async function ticketOf(realm: Krb5Realm, krb5ConfFile: string, seen: string): Promise<Ticket> {
  const mounted = join(folder, `ticket-${seen.replace(/\W/g, '-')}`);
  await mkdir(mounted, { recursive: true });
  await writeFile(join(mounted, 'krb5.conf'), krb5Conf([{ ...realm, kdcs: [seen] }]));
  const env = { PATH: '/usr/bin:/bin', KRB5_CONFIG: krb5ConfFile, KRB5CCNAME: `FILE:${join(mounted, 'krb5cc')}` };
  await runCommand('kinit', ['-r', '1d', 'user1'], { env, input: 'of user1\n' });
  await chown(join(mounted, 'krb5cc'), UID, UID);
  await chown(mounted, UID, UID);
  return { folder: mounted, env };
}

/** Runs a cell's Python in a container of the account; without a ticket, it has the configuration alone. */
async function inContainer(cell: string, ticket: Ticket, { mounted = true } = {}): Promise<string> {
  const configuration = ['-v', `${join(ticket.folder, 'krb5.conf')}:/etc/krb5.conf:ro`];
  const cache = mounted ? ['-v', `${ticket.folder}:/run/berth/krb5:ro`] : [];
  const account = ['--user', `${UID}:${UID}`, '-e', 'KRB5CCNAME=FILE:/run/berth/krb5/krb5cc'];
  return docker(engine, 'run', '--rm', ...account, ...configuration, ...cache, image, 'python', '-c', cell);
}

const ofDirectory = async () => ticketOf(directory.krb5Realm, directory.krb5ConfFile, engine.bridgeAddress);
const directoryUrl = () => `ldap://${engine.bridgeAddress}`;

test('the image knows neither the account nor a realm, and has no mirror in it', async () => {
  const script = `getent passwd ${UID} user1; ls /etc/krb5.conf; cat /etc/apt/sources.list; ls -A /etc/pip.conf /etc/apt/apt.conf`;
  const said = await docker(
    engine,
    'run',
    '--rm',
    '--network',
    'none',
    image,
    'sh',
    '-c',
    `(${script}) 2>/dev/null || true`,
  );
  expect(said).toBe('');
});

test('klist shows the ticket, and who may not read it sees none', async () => {
  const ticket = await ofDirectory();
  expect(await inContainer(klist(), ticket)).toContain('Default principal: user1@CORP.EXAMPLE.TEST');
  expect(await inContainer(klist(), ticket, { mounted: false })).toContain('No credentials cache found');
});

test.each([
  ["MIT's tools", sidByMit],
  ['Java', sidByJava],
])('the directory knows the user by the ticket alone, asked with %s', async (_tools, cell) => {
  const ticket = await ofDirectory();
  expect(await inContainer(cell(directoryUrl()), ticket)).toBe(`${user1Sid}\n`);
  expect(await inContainer(cell(directoryUrl()), ticket, { mounted: false })).toMatch(/^refused: /);
});

test('a ticket of seconds serves until its end, with both', async () => {
  const url = `ldap://${engine.bridgeAddress}:${LDAP_PORT}`;
  const ticket = await ticketOf(kdc.krb5Realm, kdc.krb5ConfFile, `${engine.bridgeAddress}:${KDC_PORT}`);
  expect(await inContainer(whoAmIByMit(url), ticket)).toBe('dn:uid=user1,cn=corp.example.test,cn=gssapi,cn=auth\n');
  expect(await inContainer(bindByJava(url), ticket)).toBe('bound\n');
  await chmod(ticket.folder, 0o700);
  await sleep(LIFE_SECONDS * 1000 + 3000);
  expect(await inContainer(whoAmIByMit(url), ticket)).toMatch(/^refused: .*expired/);
  expect(await inContainer(bindByJava(url), ticket)).toMatch(/^refused: /);
});
