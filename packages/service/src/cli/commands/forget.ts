import type { User } from '@berth/contract';
import type { Command } from 'commander';
import { accountLine, type Row } from '../account-rows.ts';
import { moment } from '../moment.ts';
import { printable } from '../printable.ts';
import { print, withService, type Session } from '../session.ts';
import type { Surroundings } from '../surroundings.ts';
import { table } from '../table.ts';
import { dataOfUser, userName } from '../user-name.ts';

export function addForget(program: Command, surroundings: Surroundings): void {
  program
    .command('forget')
    .description('Forget the account that a name is bound to: for a name that was given to another person.')
    .argument('<user>', "the hub's name for the user", userName)
    .addHelpText(
      'after',
      '\nThe ticket is destroyed; home folder, volumes and history stay. Refused while the user has servers.\nWith --json the answer of /v1/users/{name}: the user as it was.',
    )
    .action(async (name: string, _options: unknown, command: Command) => {
      await withService(command, surroundings, (session) => forget(session, name));
    });
}

async function forget(session: Session, name: string): Promise<void> {
  const { client, terminal, signal, now } = session;
  const user = await dataOfUser(name, client.DELETE('/v1/users/{name}', { params: { path: { name } }, signal }));
  print(session, user, () =>
    [
      `${printable(user.name)} is forgotten: the next login binds the name anew.\n`,
      table([], rows(user, now()), terminal),
      'Whoever logs in by this name next can use what stays: look at it first.\n',
    ].join(''),
  );
}

function rows({ displayName, sid, principal, account, ticket }: User, now: Date): Row[] {
  const who = [displayName, principal, sid].filter((part) => part !== undefined && part !== null && part !== '');
  return [
    ...(who.length === 0 ? [] : [['forgotten', who.join(', ')] as const]),
    ...(account === null ? [] : [['', `account ${accountLine(account)}`] as const]),
    ...(ticket === null ? [] : [['destroyed', `a ticket until ${moment(ticket.endsAt, now)}`] as const]),
    ['stays', `${account?.home ? `home ${account.home}` : 'home'}, volumes, history`],
  ];
}
