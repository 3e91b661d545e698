/** Users, accounts and tickets as the contract has them. */
import type { Account, Explanation, Ticket, User } from '@berth/contract';
import type { PosixAccount } from '@berth/identity';
import type { KeptTicket } from '@berth/krb5-ccache';
import type { Explained, UserView } from '../login/users.ts';

export function toUser(user: UserView): User {
  return {
    name: user.name,
    ...(user.displayName === undefined ? {} : { displayName: user.displayName }),
    admin: user.admin,
    groups: [...user.groups],
    ...(user.allowedBy === undefined ? {} : { allowedBy: user.allowedBy }),
    sid: user.sid ?? null,
    principal: user.principal ?? null,
    account: toAccount(user.account),
    ticket: toTicket(user.ticket),
    logins: user.logins.map(({ hub, at }) => ({ hub, at: at.toISOString() })),
    confirmedAt: user.confirmedAt?.toISOString() ?? null,
    notices: [...user.notices],
  };
}

export function toExplanation({ name, known, directory, account, accountProblem, ticket }: Explained): Explanation {
  const found = directory?.account;
  return {
    name,
    known,
    allowed: directory?.allowed ?? true,
    admin: directory?.admin ?? false,
    refusal: directory?.refusal?.message ?? null,
    directory:
      found === undefined
        ? null
        : {
            sid: found.sid,
            distinguishedName: found.distinguishedName,
            sAMAccountName: found.sAMAccountName,
            principal: found.principal,
          },
    groups: (directory?.groups ?? []).map((group) => ({
      sid: group.sid,
      name: group.name ?? null,
      how: group.how,
      path: [...group.path],
    })),
    entries: (directory?.entries ?? []).map(({ list, entry, sid, matched }) => ({
      list,
      entry,
      sid: sid ?? null,
      matched,
    })),
    account: toAccount(account),
    accountProblem: accountProblem ?? null,
    ticket: toTicket(ticket),
  };
}

function toAccount(account: PosixAccount | undefined): Account | null {
  if (account === undefined) return null;
  const { name, uid, gid, groups, home } = account;
  return { name, uid, gid, groups: groups.map((group) => ({ gid: group.gid, name: group.name })), home };
}

function toTicket(ticket: KeptTicket | undefined): Ticket | null {
  if (ticket === undefined) return null;
  const { principal, startsAt, endsAt, renewTill, forwardable, source, nextRenewal, problem } = ticket;
  return {
    principal,
    startsAt: startsAt.toISOString(),
    endsAt: endsAt.toISOString(),
    renewTill: renewTill?.toISOString() ?? null,
    forwardable,
    source,
    nextRenewal: nextRenewal?.toISOString() ?? null,
    problem: problem ?? null,
  };
}
