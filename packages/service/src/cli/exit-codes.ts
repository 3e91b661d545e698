/** Exit codes of `berth`, after sysexits.h where it has one. CLI.md holds the same table, and a test says so. */
export const exit = {
  ok: 0,
  found: 1,
  usage: 2,
  unavailable: 69,
  internal: 70,
  refused: 77,
  configuration: 78,
  interrupted: 130,
} as const;

export type ExitCode = (typeof exit)[keyof typeof exit];

export const meanings: Readonly<Record<keyof typeof exit, string>> = {
  ok: 'Done.',
  found:
    'The answer is no: doctor found an error, a login would be refused, there is no such server or user, or the user has servers.',
  usage: 'The command line is wrong, or names more than one server.',
  unavailable: 'The service can’t be reached or can’t do it now; `serve`: the state folder or an address is in use.',
  internal: 'Berth made a mistake.',
  refused: 'No token, an unknown one, or one whose role may not do that; a file that may not be read.',
  configuration: '`serve`: the configuration or the state folder is at fault. Starting again would not help.',
  interrupted: 'Interrupted by a signal.',
};
