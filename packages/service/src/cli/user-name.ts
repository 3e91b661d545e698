/** A user as a person names them on the command line, and what is said where the service knows no such user. */
import { dataOf, ProblemError } from '@berth/client';
import { InvalidArgumentError } from 'commander';
import { CommandFailed } from './command-failed.ts';
import { exit } from './exit-codes.ts';

/**
 * Reads the argument. `.` and `..` can't travel as a part of a path, however they are encoded (WHATWG URL, "double-dot
 * URL path segment"): another path would be asked. No account is called so.
 */
export function userName(text: string): string {
  if (text !== '' && text !== '.' && text !== '..') return text;
  throw new InvalidArgumentError("It must be a user's name, such as user1 or 'bank\\user1'.");
}

/** The answer about that user. @throws CommandFailed where nobody of that name is known. */
export async function dataOfUser<T>(name: string, answer: Parameters<typeof dataOf<T>>[0]): Promise<NonNullable<T>> {
  try {
    return await dataOf(answer);
  } catch (error) {
    if (!(error instanceof ProblemError && error.code === 'user-not-found')) throw error;
    const mend = `Use the hub's name for a user who has logged in. \`berth explain ${quoted(name)}\` knows others, too.`;
    throw new CommandFailed(exit.found, `${error.detail}\n${mend}`, { cause: error });
  }
}

/** As a shell takes it. */
function quoted(name: string): string {
  return /^[\w.@][\w.@-]*$/.test(name) ? name : `'${name.replaceAll("'", String.raw`'\''`)}'`;
}
