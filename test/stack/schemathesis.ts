/** Schemathesis: requests of its own making from the contract, and each answer held against it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from './run-command.ts';

export interface FuzzOptions {
  /** What was sent and received is written into it; it exists. */
  readonly folder: string;
  /** Names the file. */
  readonly name: string;
  readonly url: string;
  /** Without it, nobody speaks. */
  readonly token?: string;
  /** A schemathesis.toml: checks, phases, amounts. */
  readonly configurationFile: string;
  /** More arguments of `schemathesis run`. */
  readonly words?: readonly string[];
  /** The file of hooks, and what it reads from BERTH_FUZZ. */
  readonly hooks: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** One request and its answer as they were sent. */
export interface Exchange {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly sent: string;
  readonly status: number;
  readonly contentType: string;
  /** Headers and body. */
  readonly received: string;
}

export interface FuzzResult {
  /** True where no check failed and no request went unanswered. */
  readonly clean: boolean;
  /** What schemathesis printed: each failure with the request that shows it. */
  readonly report: string;
  readonly exchanges: readonly Exchange[];
}

interface Har {
  readonly log: {
    readonly entries: readonly {
      readonly request: {
        readonly method: string;
        readonly url: string;
        readonly postData?: { readonly text: string };
      };
      readonly response: {
        readonly status: number;
        readonly headers: readonly { readonly name: string; readonly value: string }[];
        readonly content: { readonly mimeType: string; readonly text?: string; readonly encoding?: string };
      };
    }[];
  };
}

const script = fileURLToPath(new URL('schemathesis.sh', import.meta.url));
const contract = fileURLToPath(new URL('../../openapi/berth.yaml', import.meta.url));
const adapter = fileURLToPath(new URL('../../packages/jupyterhub-berth', import.meta.url));

/** Makes schemathesis' Python environment; resolves with where it lies. */
export async function bringSchemathesis(): Promise<string> {
  return (await runCommand('bash', [script])).trim();
}

/** Runs it once over the whole contract. */
export async function fuzz(venv: string, options: FuzzOptions): Promise<FuzzResult> {
  const { folder, name, url, token, hooks, facts } = options;
  const harFile = join(folder, `${name}.har`);
  const words = [
    ...['--config-file', options.configurationFile, 'run', contract, '--url', url, '--no-color'],
    ...['--report', 'har', '--report-har-path', harFile],
    ...(token === undefined ? [] : ['-H', `Authorization: Bearer ${token}`]),
    ...(options.words ?? []),
  ];
  const env = {
    PATH: '/usr/bin:/bin',
    HOME: folder,
    LANG: 'C.UTF-8',
    PYTHONPATH: adapter, // for jupyterhub_berth.keys
    PYTHONDONTWRITEBYTECODE: '1',
    SCHEMATHESIS_HOOKS: hooks,
    BERTH_FUZZ: JSON.stringify(facts),
  };
  const run = await runCommand(join(venv, 'bin/schemathesis'), words, { cwd: folder, env }).then(
    (report) => ({ clean: true, report }),
    (error: Error) => ({ clean: false, report: error.message }),
  );
  const har = await readFile(harFile, 'utf8').catch(() => {
    throw new Error(`schemathesis wrote no report\n${run.report}`);
  });
  return { ...run, exchanges: (JSON.parse(har) as Har).log.entries.map(toExchange) };
}

function toExchange({ request, response }: Har['log']['entries'][number]): Exchange {
  const { pathname, search } = new URL(request.url);
  const { mimeType, text = '', encoding } = response.content;
  const body = encoding === 'base64' ? Buffer.from(text, 'base64').toString() : text;
  return {
    method: request.method,
    path: pathname + search,
    sent: request.postData?.text ?? '',
    status: response.status,
    contentType: mimeType,
    received: [...response.headers.map((one) => `${one.name}: ${one.value}`), '', body].join('\n'),
  };
}
