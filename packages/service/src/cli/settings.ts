/** Global options, over the environment, over the defaults. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClient, type Client } from '@berth/client';
import { CommandFailed } from './command-failed.ts';
import { exit } from './exit-codes.ts';
import type { Environment } from './surroundings.ts';
import { readToken } from './token-file.ts';

export interface GlobalOptions {
  readonly url?: string;
  readonly tokenFile?: string;
  readonly ca?: string;
  readonly state?: string;
  readonly runtime: string;
  readonly json?: true;
}

export interface Settings {
  readonly url: string;
  readonly token: { readonly value: string } | { readonly file: string };
  readonly caFile: string | undefined;
  readonly state: string;
  readonly runtime: string;
  readonly json: boolean;
}

export const defaults = { url: 'http://127.0.0.1:8550', state: '/var/lib/berth', runtime: '/run/berth' } as const;

/** A variable that is set but empty counts as not set. */
export function settings(options: GlobalOptions, environment: Environment): Settings {
  const state = options.state ?? (environment.BERTH_STATE || defaults.state);
  return {
    url: options.url ?? (environment.BERTH_URL || defaults.url),
    token: token(options, environment, state),
    caFile: options.ca,
    state,
    runtime: options.runtime,
    json: options.json ?? false,
  };
}

/** A file comes before the token itself, as in the JupyterHub adapter. */
function token(options: GlobalOptions, environment: Environment, state: string): Settings['token'] {
  if (options.tokenFile !== undefined) return { file: options.tokenFile };
  if (environment.BERTH_TOKEN_FILE) return { file: environment.BERTH_TOKEN_FILE };
  return environment.BERTH_TOKEN ? { value: environment.BERTH_TOKEN } : { file: join(state, 'admin.token') };
}

/** @throws CommandFailed, ClientMisconfigured */
export function connect({ url, token, caFile }: Settings): Client {
  const ca = caFile === undefined ? {} : { ca: readAuthority(caFile) };
  return createClient({ url, token: 'value' in token ? token.value : readToken(token.file), ...ca });
}

function readAuthority(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    throw new CommandFailed(exit.usage, `The certificate authority's file ${file} can't be read (${code}).`);
  }
}
