/** A user's running notebook with a kernel: code runs inside as that user's code does. */
import type { Browser } from '../stack/browser.ts';
import type { Notebook } from '../stack/notebook.ts';
import type { Stack } from '../stack/stack.ts';

export interface OpenedNotebook {
  readonly user: string;
  readonly notebook: Notebook;
  /** Runs Python in the kernel; resolves with what it printed as JSON. */
  run<T>(code: string): Promise<T>;
}

/** For a hub on a busy machine, where several Jupyters start at once. */
export const patientHub = 'c.Spawner.start_timeout = 200\nc.Spawner.http_timeout = 120';

/** Starts the server from the hub's page, opens JupyterLab, starts a kernel. */
export async function openNotebook(stack: Stack, browser: Browser, user: string, server = ''): Promise<OpenedNotebook> {
  await browser.startServer(user, server);
  const last = (await browser.progressToEnd(user, server)).at(-1);
  if (last?.ready !== true) throw new Error(`${user}/${server}: ${JSON.stringify(last)}\n${stack.logs()}`);
  const notebook = await browser.openNotebook(user, server);
  const kernel = await notebook.startKernel();
  return {
    user,
    notebook,
    run: async <T>(code: string) => JSON.parse(await notebook.execute(kernel, code)) as T,
  };
}
