/** Reading token files, with sentences for each way in which that fails. */
import { readFileSync, statSync } from 'node:fs';
import { CommandFailed } from './command-failed.ts';
import { exit } from './exit-codes.ts';

/**
 * The first token in a file as the service reads them: one a line, empty lines and those that begin with `#` left out,
 * and `sha256:` lines, which are of use to the service only.
 *
 * @throws CommandFailed
 */
export function readToken(file: string): string {
  const lines = read(file)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  const token = lines.find((line) => !line.startsWith('sha256:'));
  if (token === undefined && lines.length > 0) {
    throw new CommandFailed(
      exit.refused,
      `The token file ${file} holds only a token's hash, for the service. Name the file that holds the token itself.`,
    );
  }
  if (token === undefined || !/^[\x21-\x7e]+$/.test(token)) {
    throw new CommandFailed(exit.refused, `The token file ${file} should hold a token: one word on a line of its own.`);
  }
  return token;
}

/** What is wrong with a token file's mode, if anything: anyone on the host may read it. */
export function looseMode(file: string): string | undefined {
  const mode = statSync(file).mode & 0o777;
  if ((mode & 0o007) === 0) return undefined;
  return `Anyone on this host may open the token file ${file} (mode ${mode.toString(8).padStart(4, '0')}).`;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandFailed(exit.refused, sentence(file, (error as NodeJS.ErrnoException).code ?? 'unknown'), {
      cause: error,
    });
  }
}

function sentence(file: string, code: string): string {
  if (code === 'ENOENT') {
    return `The token file ${file} does not exist. \`berth serve\` makes admin.token in its state folder at its first start; name that folder by --state or BERTH_STATE, or a file by --token-file or BERTH_TOKEN_FILE.`;
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return `This account may not read the token file ${file}. Run as the account that owns it (sudo), or name another by --token-file or BERTH_TOKEN_FILE.`;
  }
  return `The token file ${file} can't be read (${code}).`;
}
