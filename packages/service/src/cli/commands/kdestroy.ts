import type { Command } from 'commander';
import { CommandFailed } from '../command-failed.ts';
import { exit } from '../exit-codes.ts';
import { printable } from '../printable.ts';
import { print, withService, type Session } from '../session.ts';
import type { Surroundings } from '../surroundings.ts';
import { table } from '../table.ts';
import { ticketLine } from '../ticket-rows.ts';
import { dataOfUser, userName } from '../user-name.ts';

export function addKdestroy(program: Command, surroundings: Surroundings): void {
  program
    .command('kdestroy')
    .description("Destroy a user's Kerberos ticket, also in running containers. A new login brings another.")
    .argument('<user>', "the hub's name for the user", userName)
    .addHelpText('after', '\nWith --json the answer of /v1/users/{name}/ticket: the user, without a ticket.')
    .action(async (name: string, _options: unknown, command: Command) => {
      await withService(command, surroundings, (session) => kdestroy(session, name));
    });
}

async function kdestroy(session: Session, name: string): Promise<void> {
  const { client, terminal, signal, now } = session;
  const params = { path: { name } };
  const user = await dataOfUser(name, client.DELETE('/v1/users/{name}/ticket', { params, signal }));
  const who = printable(user.name);
  const { ticket } = user;
  if (ticket === null) {
    print(
      session,
      user,
      () => `${who} has no ticket now, not in running containers either. A new login brings another.\n`,
    );
    return;
  }
  print(
    session,
    user,
    () =>
      `The ticket of ${who} was destroyed, but another is there already:\n${table([], [[ticketLine(ticket, now())]], terminal)}`,
  );
  throw new CommandFailed(exit.found, '');
}
