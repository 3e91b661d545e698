/** Who logs in, who a user is, and which ticket there is. */
import type { Users } from '../../login/users.ts';
import type { Handlers } from '../operation.ts';
import { ProblemError } from '../problem.ts';
import { toExplanation, toUser } from '../user-wire.ts';

export interface UserParts {
  readonly users: Users;
}

export function userHandlers({ users }: UserParts) {
  return {
    async logIn({ caller, body, signal }) {
      if (caller.role !== 'hub') throw new ProblemError('role-insufficient', 'Only a hub logs users in.');
      const { username, password, remoteAddress, forwardedFor = [] } = body;
      const user = await users.logIn({ hub: caller.hub, username, password, remoteAddress, forwardedFor }, signal);
      return { status: 200, json: toUser(user) };
    },

    getUser: async ({ caller, path, signal }) => ({
      status: 200,
      json: toUser(await users.get(path.name, caller, signal)),
    }),

    forgetUser: async ({ caller, path }) => ({ status: 200, json: toUser(await users.forget(path.name, caller)) }),

    async refreshUser({ caller, path, signal }) {
      const { loggedIn, asked, reason, user } = await users.refresh(path.name, caller, signal);
      return { status: 200, json: { loggedIn, asked, reason: reason ?? null, user: user ? toUser(user) : null } };
    },

    explainUser: async ({ path, signal }) => ({
      status: 200,
      json: toExplanation(await users.explain(path.name, signal)),
    }),

    destroyTicket: async ({ caller, path, signal }) => ({
      status: 200,
      json: toUser(await users.destroyTicket(path.name, caller, signal)),
    }),
  } satisfies Partial<Handlers>;
}
