/** The ticket in a notebook: it works without a password, it is nobody else's, and it goes and comes as it should. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from '../stack/browser.ts';
import { DirectoryStack, textOf } from '../stack/directory-stack.ts';
import { klist, sidByJava, sidByMit } from '../stack/gssapi.ts';
import { kerberosImage } from '../stack/kerberos-image.ts';
import type { Notebook } from '../stack/notebook.ts';
import { runCommand } from '../stack/run-command.ts';
import { docker, sharedEngine, testFolder } from '../stack/shared-engine.ts';
import { shell } from './shell.ts';

const password = 'Pa55-of-user1';
const realm = 'CORP.EXAMPLE.TEST';
let site: DirectoryStack;
let ldap: string;
let one: Opened;
let two: Opened;

interface Opened {
  readonly browser: Browser;
  readonly notebook: Notebook;
  readonly kernel: string;
  readonly uid: number;
}

async function opened(user: string): Promise<Opened> {
  const browser = await site.loggedIn(user, password);
  const notebook = await site.notebook(browser, user);
  const { account } = await site.stack.berth.get<{ account: { uid: number } }>(`/v1/users/${user}`);
  return { browser, notebook, kernel: await notebook.startKernel(), uid: account.uid };
}

const inCell = async ({ notebook, kernel }: Opened, code: string) => (await notebook.execute(kernel, code)).trim();
const inShell = ({ notebook, kernel }: Opened, script: string) => shell(notebook, kernel, script);

beforeAll(async () => {
  const engine = sharedEngine();
  const image = await kerberosImage(engine);
  site = await DirectoryStack.start({
    ...{ folder: await testFolder(), engine, images: [image] },
    prepare: async (accounts) => {
      for (const name of ['user1', 'user2']) await accounts.createUser({ name, password });
    },
    login: { allow: ['BANK\\domain^users'] },
  });
  ldap = `ldap://${site.relay.address}`;
  one = await opened('user1');
  two = await opened('user2');
}, 240_000);

afterAll(() => site?.remove());

test('klist in a cell shows the ticket of the user, renewable and forwardable', async () => {
  const said = await inCell(one, klist());
  expect(said).toContain('Ticket cache: FILE:/run/berth/krb5/krb5cc');
  expect(said).toContain(`Default principal: user1@${realm}`);
  expect(said).toMatch(/krbtgt\/CORP\.EXAMPLE\.TEST@CORP\.EXAMPLE\.TEST\n\s*renew until .*, Flags: F\w*R/);
});

test.each([
  ['MIT tools', sidByMit],
  ['Java', sidByJava],
])("the directory's LDAP sees the user by that ticket, by %s", async (_, cell) => {
  expect(await inCell(one, cell(ldap))).toBe(await site.accounts.sidOf('user1'));
});

test('the same for each user, and no password is in the container', async () => {
  expect(await inCell(two, sidByMit(ldap))).toBe(await site.accounts.sidOf('user2'));
  const found = await inShell(two, 'env; cat /proc/*/cmdline /proc/*/environ 2>/dev/null | tr "\\0" "\\n"');
  expect(found.join('\n')).toContain('KRB5CCNAME=FILE:/run/berth/krb5/krb5cc');
  expect(found.join('\n')).not.toContain(password);
});

test("another user's container has no way to the ticket: not by path, mount, process or account", async () => {
  const folder = join(site.stack.berth.runtime, 'krb5', String(one.uid));
  const [ticket, around] = [await stat(join(folder, 'krb5cc')), await stat(folder)];
  expect([ticket, around].map(({ uid, mode }) => [uid, mode & 0o7777])).toEqual([
    [one.uid, 0o600],
    [one.uid, 0o700],
  ]);
  expect(two.uid).not.toBe(one.uid);
  const looks = {
    uid: ['id -u', String(two.uid)],
    path: [`ls -d ${folder} ${folder}/krb5cc /run/berth/tickets 2>/dev/null | wc -l`, '0'],
    mount: [`grep -c ${one.uid} /proc/self/mountinfo`, '0'],
    anywhere: ['find / -name "krb5cc*" -not -path "/proc/*" 2>/dev/null', '/run/berth/krb5/krb5cc'],
    processes: ['cat /proc/[0-9]*/root/run/berth/krb5/krb5cc 2>/dev/null | grep -a -o "user[12]" | sort -u', 'user2'],
    root: [`ls -d /proc/[0-9]*/root${folder} 2>/dev/null | wc -l`, '0'],
    owner: ['stat -c %u /run/berth/krb5/krb5cc', String(two.uid)],
  };
  for (const [what, [command = '', answer]] of Object.entries(looks)) {
    expect([what, (await inShell(two, command)).join()]).toEqual([what, answer]);
  }
});

test("what a user puts into the folder of the ticket neither breaks nor reveals anybody's", async () => {
  const theirs = join(site.stack.berth.runtime, 'krb5', String(two.uid), 'krb5cc');
  const before = (await stat(theirs)).mtimeMs;
  await inShell(one, `cd /run/berth/krb5 && rm -f krb5cc && ln -s ${theirs} krb5cc && ls -l`);
  await site.loggedIn('user1', password);
  expect(await inCell(one, sidByMit(ldap))).toBe(await site.accounts.sidOf('user1'));
  await inShell(one, 'cd /run/berth/krb5 && rm -f krb5cc && mkdir krb5cc && touch krb5cc/x');
  await site.loggedIn('user1', password);
  expect(await inCell(one, sidByMit(ldap))).toBe(await site.accounts.sidOf('user1'));
  expect((await stat(theirs)).mtimeMs).toBe(before);
});

test('berth whoami tells of the ticket: whose, until when, whence, and when it is renewed', async () => {
  const said = await site.cli('whoami', 'user1');
  expect(said).toMatch(/^ticket +ends \d{4}-\d\d-\d\d \d\d:\d\d UTC, in (9|10) h/m);
  expect(said).toMatch(/^renewal +next \d{4}-\d\d-\d\d \d\d:\d\d UTC, in [4-7] h; possible until .* UTC, in [67] d/m);
  expect(said).toMatch(/^kind +user1@CORP\.EXAMPLE\.TEST, by the login's password, forwardable/m);
  const { ticket } = JSON.parse(await site.cli('whoami', 'user1', '--json')) as { ticket: Record<string, string> };
  expect(ticket).toMatchObject({ principal: `user1@${realm}`, source: 'password' });
  const [start, next, end, till] = ['startsAt', 'nextRenewal', 'endsAt', 'renewTill'].map((key) =>
    Date.parse(ticket[key] ?? ''),
  ) as [number, number, number, number];
  expect(start).toBeLessThan(next);
  expect(next).toBeLessThan(end);
  expect(end).toBeLessThan(till);
  // As klist in the notebook says it.
  const seconds = await inShell(one, `date -u -d "$(klist | awk '/krbtgt/ { print $3, $4 }')" +%s`);
  expect(seconds).toEqual([String(Math.floor(end / 1000))]);
});

test('neither password nor ticket is anywhere but in the ticket itself', async () => {
  const { berth, hub } = site.stack;
  expect((await berth.call('admin', 'POST', '/v1/backups')).ok).toBe(true);
  const [container] = await site.stack.containers('user1');
  const inspected = await docker(sharedEngine(), 'inspect', container?.Id ?? '');
  const logged = await docker(sharedEngine(), 'logs', container?.Id ?? '');
  const answers = ['/v1/users/user1', '/v1/servers', '/v1/history', '/metrics', '/v1/hub?user=user1'];
  const said = await Promise.all(
    answers.map(async (at) => [at, await (await berth.call('admin', 'GET', at)).text()] as const),
  );
  const commands = await runCommand('sh', ['-c', 'cat /proc/[0-9]*/cmdline 2>/dev/null; true']);
  const files = [
    ...(await filesBelow(berth.state)),
    ...(await filesBelow(berth.runtime)).filter((file) => !file.endsWith('/krb5cc')),
  ];
  expect(files).toEqual(
    expect.arrayContaining([join(berth.state, 'audit.jsonl'), expect.stringMatching(/\/backups\/.*\.db$/)]),
  );
  const texts = { inspected, logged, commands, hub: hub.log(), berth: berth.log(), ...Object.fromEntries(said) };
  const places = new Map(Object.entries(texts).map(([name, text]) => [name, Buffer.from(text)]));
  for (const file of files) places.set(file, await readFile(file));
  // The tail of a ccache is the ticket that its owner can only show, not read; any forty bytes of it will do.
  const ticket = (await readFile(join(berth.runtime, 'krb5', String(one.uid), 'krb5cc'))).subarray(-60, -20);
  const secrets = [password, ticket, ticket.toString('base64').slice(0, 48), ticket.toString('hex')];
  const found = secrets.map((secret) => [...places].filter(([, text]) => text.includes(secret)).map(([name]) => name));
  expect(found).toEqual([[], [], [], []]);
}, 60_000);

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
}

test('destroyed by an admin it is gone from the running notebook, and a new login brings another', async () => {
  await site.cli('kdestroy', 'user1');
  expect(await readdir(join(site.stack.berth.runtime, 'krb5', String(one.uid)))).not.toContain('krb5cc');
  expect(await inCell(one, sidByMit(ldap))).toMatch(/^refused: .*(No Kerberos credentials|No credentials cache)/i);
  expect(await inCell(one, sidByJava(ldap))).toMatch(/^refused: /);
  expect(await site.cli('whoami', 'user1')).toMatch(/^ticket +none/m);
  // The other's lives on.
  expect(await inCell(two, sidByMit(ldap))).toBe(await site.accounts.sidOf('user2'));

  await site.loggedIn('user1', password);
  expect(await inCell(one, sidByMit(ldap))).toBe(await site.accounts.sidOf('user1'));
});

test('without a ticket no server starts, and the page asks for a new login', async () => {
  await one.browser.api('DELETE', '/users/user1/server');
  await site.cli('kdestroy', 'user1');
  const browser = one.browser;
  await browser.startServer('user1');
  const end = await browser.progressToEnd('user1').catch(() => []);
  const page = await browser.open('/hub/spawn-pending/user1');
  expect(`${end.at(-1)?.message} ${textOf(page)}`).toMatch(
    /There is no ticket of user1@CORP\.EXAMPLE\.TEST: log in again/,
  );
  one = await opened('user1');
  expect(await inCell(one, sidByMit(ldap))).toBe(await site.accounts.sidOf('user1'));
}, 120_000);

test('a ticket that lives too short for a start asks for a new login, too', async () => {
  await one.browser.api('DELETE', '/users/user1/server');
  await site.reconfigure({ tickets: { krb5Conf: join(site.directory.folder, '../krb5.conf'), minimumLife: '11h' } });
  try {
    await one.browser.startServer('user1');
    const end = await one.browser.progressToEnd('user1').catch(() => []);
    const page = await one.browser.open('/hub/spawn-pending/user1');
    expect(`${end.at(-1)?.message} ${textOf(page)}`).toMatch(/new login is needed|log in again/i);
    expect(await site.stack.containers('user1')).toEqual([]);
  } finally {
    await site.reconfigure();
  }
}, 120_000);
