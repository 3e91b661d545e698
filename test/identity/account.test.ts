/** As whom a notebook runs, in an image that has never heard of the account; and which accounts run none. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { chown, mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from '../stack/browser.ts';
import { DirectoryStack, textOf } from '../stack/directory-stack.ts';
import type { Notebook } from '../stack/notebook.ts';
import { runCommand } from '../stack/run-command.ts';
import { docker, sharedEngine, testFolder } from '../stack/shared-engine.ts';
import { Stack } from '../stack/stack.ts';
import { shell } from './shell.ts';

const password = 'Pa55-of-user1';
let site: DirectoryStack;

/** `backup` stands in each Debian's own /etc/passwd. */
const refused = ['0', '1001', 'root', 'backup', '-x'];

beforeAll(async () => {
  const engine = sharedEngine();
  site = await DirectoryStack.start({
    ...{ folder: await testFolder(), engine, tickets: false },
    prepare: async (accounts) => {
      for (const name of ['user1', 'user2', 'anna maria', ...refused]) await accounts.createUser({ name, password });
      await accounts.createGroup({ name: 'risk analysts', members: ['user1'] });
      await accounts.createGroup({ name: 'all analysts', members: ['risk analysts'] });
      // On the host this name is root in all but name.
      await accounts.createGroup({ name: 'docker', members: ['user1'] });
    },
    login: { allow: ['BANK\\domain^users'] },
  });
});

afterAll(() => site?.remove());

interface Account {
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly groups: readonly { readonly gid: number; readonly name: string }[];
}

const accountOf = async (name: string) =>
  (await site.stack.berth.get<{ account: Account }>(`/v1/users/${encodeURIComponent(name)}`)).account;

async function opened(user: string): Promise<{ browser: Browser; notebook: Notebook; kernel: string }> {
  const browser = await site.loggedIn(user, password);
  const notebook = await site.notebook(browser, user);
  return { browser, notebook, kernel: await notebook.startKernel() };
}

test('in a notebook a user of the directory is that account, whoever asks', async () => {
  const { notebook, kernel } = await opened('user1');
  const { uid, gid, home, groups } = await accountOf('user1');
  expect(uid).toBeGreaterThan(1000);
  expect(home).toBe(`${site.homes}/user1`);
  expect(groups.map(({ name }) => name).toSorted()).toEqual(['BANK\\all^analysts', 'BANK\\risk^analysts']);

  const asked = 'whoami; id -u; id -g; id -G; echo $HOME; echo ~; pwd; id -Gn; touch ~/from-a-cell && echo made';
  const [whoami, u, g, all, HOME, tilde, cwd, names, made] = await shell(notebook, kernel, asked);
  expect([whoami, u, g]).toEqual(['BANK\\user1', String(uid), String(gid)]);
  expect(all?.split(' ').toSorted()).toEqual([gid, ...groups.map((group) => group.gid)].map(String).toSorted());
  expect([HOME, tilde, cwd, made]).toEqual([home, home, home, 'made']);
  expect(names?.split(' ').toSorted()).toEqual(
    ['BANK\\domain^users', 'BANK\\all^analysts', 'BANK\\risk^analysts'].toSorted(),
  );

  const python = `import getpass, grp, os, pwd
entry = pwd.getpwuid(os.getuid())
print(getpass.getuser(), entry.pw_name, entry.pw_dir, os.path.expanduser("~" + entry.pw_name), pwd.getpwnam(entry.pw_name).pw_uid)
print(grp.getgrgid(os.getgid()).gr_name, entry.pw_shell)`;
  const [who, more] = (await notebook.execute(kernel, python)).trim().split('\n');
  expect(who).toBe(`BANK\\user1 BANK\\user1 ${home} ${home} ${uid}`);
  expect(more).toBe('BANK\\domain^users /bin/bash');

  // On the host the file is the user's.
  const file = await stat(join(home, 'from-a-cell'));
  expect([file.uid, file.gid]).toEqual([uid, gid]);
  expect((await stat(home)).mode & 0o7777).toBe(0o700);
}, 120_000);

test('that account has no way to more: no root, no group of the host, no account of the host', async () => {
  const { notebook, kernel } = await opened('user1');
  const status = await notebook.execute(kernel, 'print(open("/proc/self/status").read())');
  expect(status).toMatch(/^CapEff:\s+0+$/m);
  expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
  const [container] = await site.stack.containers('user1');
  const [inspected] = JSON.parse(await docker(sharedEngine(), 'inspect', container?.Id ?? '')) as [
    { Config: { User: string }; HostConfig: { GroupAdd: string[]; Privileged: boolean } },
  ];
  const { uid, gid, groups } = await accountOf('user1');
  expect(inspected.Config.User).toBe(`${uid}:${gid}`);
  expect(inspected.HostConfig.GroupAdd.toSorted()).toEqual(groups.map((group) => String(group.gid)).toSorted());
  // The image's own accounts and this one, none of the host's.
  const passwd = await notebook.execute(kernel, 'print(open("/etc/passwd").read())');
  const image = await docker(
    sharedEngine(),
    'run',
    '--rm',
    '--entrypoint',
    'cat',
    sharedEngine().notebookImage,
    '/etc/passwd',
  );
  const added = passwd
    .trim()
    .split('\n')
    .filter((line) => !image.includes(line));
  expect(added).toEqual([expect.stringMatching(/^BANK\\user1:x:/)]);
  const written = await shell(notebook, kernel, 'echo root::0:0::/:/bin/sh >> /etc/passwd; echo $?');
  expect(written.at(-1)).toBe('1');
}, 120_000);

test("another user is another account, whose home nobody else's notebook shows", async () => {
  const [one, two] = [await opened('user1'), await opened('user2')];
  const [first, second] = [await accountOf('user1'), await accountOf('user2')];
  expect(first.uid).not.toBe(second.uid);
  const said = await shell(two.notebook, two.kernel, `id -u; ls ${first.home}`);
  expect(said).toEqual([String(second.uid), expect.stringContaining('No such file')]);
  expect(await shell(one.notebook, one.kernel, 'touch ~/mine; ls ~/mine')).toEqual([`${first.home}/mine`]);
}, 120_000);

test('an account with a space in its name is one, too', async () => {
  const { notebook, kernel } = await opened('anna maria');
  const { uid } = await accountOf('anna maria');
  expect(await shell(notebook, kernel, 'whoami; id -u; cd ~ && touch x && stat -c %u x')).toEqual([
    'BANK\\anna^maria',
    String(uid),
    String(uid),
  ]);
}, 120_000);

test.each([
  ['0', 'a name of digits would be taken for a uid'],
  ['1001', 'a name of digits would be taken for a uid'],
  ['root', 'its name is that of a system account'],
  ['backup', "an account of that name stands in the host's own files too"],
  ['-x', "begins with '-'"],
])('a user of the directory who is called %s is refused, with the reason', async (name, reason) => {
  const page = await site.stack.browser().submitLogin(`BANK\\${name}`, password);
  expect([page.status, textOf(page)]).toEqual([403, expect.stringContaining(reason)]);
  expect((await site.audit()).at(-1)).toMatchObject({ event: 'login', outcome: 'refused', code: 'account-unsafe' });
  expect(await site.stack.containers(name)).toEqual([]);
});

/** An account of the host that no image has: the package slapd, which these tests install, makes it. */
const local = 'openldap';

test('beside another authenticator accounts come from the name service, and the unsafe start nothing', async () => {
  const engine = sharedEngine();
  const folder = await testFolder();
  const [name = '', , uid = '', gid = '', , home = ''] = (await runCommand('getent', ['passwd', local])).split(':');
  // The home that the host has isn't a notebook's.
  const source = join(folder, 'data');
  await mkdir(source);
  await chown(source, Number(uid), Number(gid));
  const stack = await Stack.start({
    ...{ folder, engine, images: [engine.notebookImage] },
    berthConfiguration: {
      accounts: { source: 'name-service', minId: 100, home: { mount: false } },
      containers: { volumes: [{ source, target: home }] },
    },
  });
  try {
    const refusedNames = [
      ['root', 'its name is that of a system account'],
      ['nobody', 'its name is that of a system account'],
      ['backup', 'is below 100'],
      ['0', 'a name of digits would be taken for a uid'],
      ['stranger', 'stranger'],
    ] as const;
    for (const [name, reason] of refusedNames) {
      const browser = await stack.loggedIn(name);
      await browser.startServer(name);
      const end = await browser.progressToEnd(name).catch(() => []);
      const page = await browser.open(`/hub/spawn-pending/${name}`);
      expect([name, `${end.at(-1)?.message ?? ''} ${textOf(page)}`]).toEqual([name, expect.stringContaining(reason)]);
      expect(await stack.containers(name)).toEqual([]);
    }
    const browser = await stack.loggedIn(local);
    await browser.startServer(local);
    expect((await browser.progressToEnd(local)).at(-1)).toMatchObject({ ready: true });
    const notebook = await browser.openNotebook(local);
    expect(await shell(notebook, await notebook.startKernel(), 'whoami; id -u; id -g; echo $HOME')).toEqual([
      ...[name, uid, gid, home],
    ]);
    const image = await docker(engine, 'run', '--rm', '--entrypoint', 'cat', engine.notebookImage, '/etc/passwd');
    expect(image).not.toContain(local);
  } finally {
    await stack.remove();
  }
}, 120_000);
