import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LdapService } from './stack/ldap-service.ts';
import { MitKdc } from './stack/mit-kdc.ts';
import { runCommand } from './stack/run-command.ts';
import { testFolder } from './stack/shared-engine.ts';

const LIFE_SECONDS = 4;
let folder: string;
let kdc: MitKdc;
let service: LdapService;

beforeAll(async () => {
  folder = await testFolder();
  kdc = await MitKdc.start({ folder: join(folder, 'kdc'), lifeSeconds: LIFE_SECONDS, renewSeconds: 60 });
  service = await LdapService.start({ folder: join(folder, 'ldap'), kdc });
  await kdc.createUser('user1', 'a "pässword" with quotes');
});

afterAll(async () => {
  await service?.remove();
  await kdc?.remove();
});

async function run(command: string, args: readonly string[] = [], input = ''): Promise<string> {
  const env = { PATH: '/usr/bin:/bin', KRB5_CONFIG: kdc.krb5ConfFile, KRB5CCNAME: `FILE:${join(folder, 'cc')}` };
  return runCommand(command, args, { env, input, seconds: 5 }).catch((error: Error) => `refused: ${error.message}`);
}

const logIn = async (password: string) => run('kinit', ['-r', '1h', 'user1'], `${password}\n`);
const whoAmI = async () => run('ldapwhoami', ['-Q', '-N', '-Y', 'GSSAPI', '-H', `ldap://${service.address}`]);
const user1 = 'dn:uid=user1,cn=corp.example.test,cn=gssapi,cn=auth\n';

test('a password gets a ticket, by which the service knows the user', async () => {
  expect(await logIn('another')).toContain('refused');
  expect(await logIn('a "pässword" with quotes')).not.toContain('refused');
  expect(await whoAmI()).toBe(user1);
});

test('a ticket that has ended is refused within seconds; one renewed in time lives on', async () => {
  await logIn('a "pässword" with quotes');
  for (let lifetimes = 0; lifetimes < 3; lifetimes++) {
    await sleep(LIFE_SECONDS * 750);
    expect(await run('kinit', ['-R'])).toBe('');
    expect(await whoAmI()).toBe(user1);
  }
  await sleep(LIFE_SECONDS * 1000 + 3000);
  expect(await whoAmI()).toContain('refused');
  expect(await run('kinit', ['-R'])).toContain('Ticket expired');
});

test('a principal that was disabled gets no ticket', async () => {
  await kdc.disable('user1');
  expect(await logIn('a "pässword" with quotes')).toContain('revoked');
  await kdc.disable('user1', false);
  expect(await logIn('a "pässword" with quotes')).not.toContain('refused');
});

test('a principal that there is already is not made again', async () => {
  await expect(kdc.createUser('user1', 'secret')).rejects.toThrow('already exists');
  await expect(kdc.createUser('user1', 'secret')).rejects.not.toThrow('secret');
});

test('a KDC can hang, and be away', async () => {
  kdc.freeze();
  expect(await logIn('a "pässword" with quotes')).toContain('SIGKILL');
  kdc.thaw();
  await kdc.stop();
  expect(await logIn('a "pässword" with quotes')).toContain('Cannot contact any KDC');
  await kdc.start();
  expect(await logIn('a "pässword" with quotes')).not.toContain('refused');
});
