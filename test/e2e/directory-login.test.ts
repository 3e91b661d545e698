import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Directory } from '../stack/directory.ts';
import { sharedEngine, testFolder } from '../stack/shared-engine.ts';
import { Stack } from '../stack/stack.ts';

let directory: Directory;
let stack: Stack;
const password = 'Pa55-of-user1';

beforeAll(async () => {
  const engine = sharedEngine();
  const folder = await testFolder();
  await mkdir(join(folder, 'home'));
  directory = await Directory.start({ folder: join(folder, 'ad') });
  await directory.accounts.createUser({ name: 'user1', password });
  await directory.accounts.createUser({ name: 'user2', password });
  await directory.accounts.createGroup({ name: 'risk analysts', members: ['user1'] });
  stack = await Stack.start({
    folder,
    engine,
    images: [engine.notebookImage],
    hubConfiguration: 'c.JupyterHub.authenticator_class = "berth"',
    berthConfiguration: {
      directory: {
        domain: directory.domain,
        servers: [directory.ldapsUrl],
        caFile: directory.caFile,
      },
      login: { allow: ['BANK\\risk^analysts'] },
      accounts: {
        source: 'pbis',
        home: { roots: [join(folder, 'home')], template: `${join(folder, 'home')}/{username}`, create: true },
      },
      tickets: { krb5Conf: directory.krb5ConfFile },
    },
  });
});

afterAll(async () => {
  await stack?.remove();
  await directory?.remove();
});

test('a user of the directory logs in with the password of the directory, and works as that account with a ticket', async () => {
  const browser = stack.browser();
  await browser.login('BANK\\USER1', password);
  await browser.startServer('user1');
  const progress = await browser.progressToEnd('user1');
  expect(progress.at(-1)).toMatchObject({ ready: true });
  const notebook = await browser.openNotebook('user1');
  const kernel = await notebook.startKernel();
  const said = await notebook.execute(
    kernel,
    'import os, pwd, subprocess\nprint(pwd.getpwuid(os.getuid()).pw_name, os.path.expanduser("~"), os.environ["KRB5CCNAME"])\nprint(subprocess.getoutput("id; ls -lan /run/berth/krb5"))',
  );
  expect(said).toContain('BANK\\user1');
});
