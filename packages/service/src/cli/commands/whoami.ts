import type { User } from '@berth/contract';
import type { Command } from 'commander';
import { accountRows, type Row } from '../account-rows.ts';
import { ago } from '../moment.ts';
import { print, withService, type Session } from '../session.ts';
import type { Surroundings } from '../surroundings.ts';
import { table, type Cell } from '../table.ts';
import { ticketRows } from '../ticket-rows.ts';
import { dataOfUser, userName } from '../user-name.ts';

export function addWhoami(program: Command, surroundings: Surroundings): void {
  program
    .command('whoami')
    .description('Who a user is, and which Kerberos ticket there is. Asks neither directory nor KDC.')
    .argument('<user>', "the hub's name for the user", userName)
    .addHelpText('after', '\nWith --json the answer of /v1/users/{name}.')
    .action(async (name: string, _options: unknown, command: Command) => {
      await withService(command, surroundings, (session) => whoami(session, name));
    });
}

async function whoami(session: Session, name: string): Promise<void> {
  const { client, terminal, signal, now } = session;
  const user = await dataOfUser(name, client.GET('/v1/users/{name}', { params: { path: { name } }, signal }));
  print(session, user, () => table([], rows(user, now()), terminal));
}

/** The ticket and what is wrong come first: that is what someone is asked about at night. */
function rows(user: User, now: Date): Row[] {
  const { name, displayName, ticket, notices, allowedBy, confirmedAt, admin, logins, groups, principal, sid } = user;
  const loggedIn = logins.map(({ hub, at }) => `${hub} ${ago(at, now)}`).join(', ');
  return [
    ['user', displayName ? `${name} (${displayName})` : name],
    ...(ticket === null ? [['ticket', noTicket(user)] as const] : ticketRows(ticket, now)),
    ...notices.map((text) => ['notice', { text, colour: 'yellow' } satisfies Cell] as const),
    ['let in by', allowedBy ?? 'no entry of `login.allow`'],
    ['confirmed', confirmedAt === null ? 'never by a directory' : `by the directory ${ago(confirmedAt, now)}`],
    ['logins', loggedIn || { text: 'none: logged out by the directory, or never logged in here', colour: 'yellow' }],
    ['admin', admin ? 'yes' : 'no'],
    ...accountRows(user.account),
    ['hub groups', groups.join(', ') || 'none'],
    ['principal', principal ?? 'none'],
    ['sid', sid ?? 'none'],
  ];
}

/** Why there is none, as far as that is known. */
function noTicket({ account, principal, notices }: User): string | Cell {
  if (account === null) return "none: servers run as the image's user, and a ticket needs an account";
  if (principal === null) return 'none: the account has no principal';
  if (notices.length > 0) return { text: 'none', colour: 'yellow' };
  return 'none: never obtained, or destroyed; a new login brings one where `tickets` is configured';
}
