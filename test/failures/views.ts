/** One failure as each of those who ask sees it: the user at the hub, the admin at the command line, the REST API. */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { components } from '@berth/contract';
import type { Browser, ProgressMessage } from '../stack/browser.ts';
import { waitFor } from '../stack/program.ts';
import { runCommand } from '../stack/run-command.ts';
import type { Stack } from '../stack/stack.ts';

export type Row = components['schemas']['Server'];
export type Ended = components['schemas']['HistoryEntry'];

/** The user's servers in any state. */
export async function rows(stack: Stack, user: string): Promise<Row[]> {
  const states = 'starting,running,stopping,exited,failed,stopped';
  return (await stack.berth.get<{ items: Row[] }>(`/v1/servers?state=${states}&user=${encodeURIComponent(user)}`))
    .items;
}

/** The state of the user's one server; undefined where there is none. */
export async function state(stack: Stack, user: string): Promise<Row['status']['state'] | undefined> {
  return (await rows(stack, user))[0]?.status.state;
}

/** The user's servers that ended, newest first. */
export async function history(stack: Stack, user: string): Promise<Ended[]> {
  return (await stack.berth.get<{ items: Ended[] }>(`/v1/history?user=${encodeURIComponent(user)}`)).items;
}

export async function ready(stack: Stack, user: string): Promise<boolean> {
  return (await stack.hubApi.user(user))?.servers['']?.ready === true;
}

const main = fileURLToPath(new URL('../../packages/service/src/cli/main.ts', import.meta.url));

/** What `berth` prints to an admin, as one line of text: a wide table breaks no sentence. */
export async function cli(stack: Stack, ...words: string[]): Promise<string> {
  const { berth } = stack;
  const options = ['--url', berth.url, '--token-file', berth.tokenFile('admin')];
  const env = { PATH: dirname(process.execPath), COLUMNS: '1000' };
  return onOneLine(
    await runCommand(process.execPath, ['--conditions=berth-source', main, ...options, ...words], { env }),
  );
}

export interface Attempt {
  /** The page behind the button. */
  readonly page: string;
  readonly progress: readonly ProgressMessage[];
  /** What the user finds at /hub/spawn-pending once the start has ended. */
  readonly after: string;
}

/** Starts the user's server as a person does, by the hub's page, and reads all that the hub then shows. */
export async function attempt(
  stack: Stack,
  browser: Browser,
  user: string,
  choices: Readonly<Record<string, string>> = {},
): Promise<Attempt> {
  const page = await browser.startServer(user, '', choices);
  const progress = await browser.progressToEnd(user);
  await waitFor('the hub is done with the start', async () => {
    const server = (await stack.hubApi.user(user))?.servers[''];
    return server === undefined || server.pending === null;
  });
  const after = await browser.open(`/hub/spawn-pending/${user}`);
  return { page: readable(page.text), progress, after: readable(after.text) };
}

/** The sentence that the progress stream of a failed start ends with. */
export function failureIn({ progress }: Attempt): string {
  const last = progress.at(-1);
  if (last?.failed !== true) throw new Error(`the start did not fail: ${JSON.stringify(progress)}`);
  return readable(last.html_message ?? last.message ?? '');
}

/** A page as it is read: without tags, entities resolved. */
export function readable(html: string): string {
  const entities: Record<string, string> = {
    amp: '&',
    lt: '<',
    gt: '>',
    quot: '"',
    '#34': '"',
    '#39': "'",
    '#x27': "'",
  };
  const text = html.replace(/<(script|style)\b[\s\S]*?<\/\1>/g, ' ').replace(/<[^>]*>/g, ' ');
  return onOneLine(text.replace(/&(#?\w+);/g, (whole, name: string) => entities[name] ?? whole));
}

function onOneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/** All of what a failed start must leave: no container, nothing under way, and no certificates or record of one. */
export async function nothingLeft(stack: Stack, user: string): Promise<void> {
  await waitFor(`no container of ${user} is left`, async () => (await stack.containers(user)).length === 0, {
    seconds: 30,
  });
  await waitFor(`nothing of ${user} is on record as there`, async () =>
    (await rows(stack, user)).every((row) => row.container === undefined && !moving.has(row.status.state)),
  );
}

const moving: ReadonlySet<string> = new Set(['starting', 'running', 'stopping']);
