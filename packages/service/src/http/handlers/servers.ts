/** What hubs do: start, watch and stop servers, and read what became of them. */
import type { Hub } from '@berth/contract';
import { serverKey, type ServerView, type Spawner, type StartServer } from '@berth/spawner';
import type { Configuration } from '../../configuration/index.ts';
import type { Audit } from '../../login/audit.ts';
import type { Users } from '../../login/users.ts';
import type { Caller } from '../../tokens/index.ts';
import { maySee } from '../authorisation.ts';
import type { EventStreams } from '../event-stream.ts';
import type { Handlers, OperationRequest } from '../operation.ts';
import { unreachableHub } from '../hub-advice.ts';
import { optionsForm } from '../options-form.ts';
import { ProblemError, serverNotFound } from '../problem.ts';
import { toHistoryEntry, toServer } from '../wire.ts';

export interface ServerParts {
  readonly spawner: Spawner;
  readonly streams: EventStreams;
  readonly users: Pick<Users, 'login' | 'notices'>;
  readonly audit: Pick<Audit, 'write'>;
  readonly configuration: Pick<Configuration, 'hubs' | 'images' | 'commands'>;
  readonly instance: string;
  readonly version: string;
}

const defaultPage = 500;
const defaultTail = 100;

export function serverHandlers({ spawner, streams, users, audit, configuration, instance, version }: ServerParts) {
  /** The server, where this caller may know of it. */
  function visible(caller: Caller, key: string): ServerView {
    const view = spawner.get(key);
    if (view === undefined || !maySee(caller, view)) throw serverNotFound(key);
    return view;
  }

  function asked(caller: Caller, keys: readonly string[]): void {
    if (caller.role === 'hub' && keys.length > 0) spawner.asked(caller.hub, keys);
  }

  return {
    listServers({ caller, query }) {
      const { state, user, limit = defaultPage, after } = query;
      const matching = spawner
        .list()
        .filter(
          (view) =>
            maySee(caller, view) &&
            (state === undefined ? view.status.state !== 'stopped' : state.includes(view.status.state)) &&
            (user === undefined || view.user === user) &&
            (after === undefined || view.key > after),
        );
      const page = matching.slice(0, limit);
      asked(
        caller,
        page.map((view) => view.key),
      );
      return {
        status: 200,
        json: { items: page.map(toServer), next: matching.length > limit ? (page.at(-1)?.key ?? null) : null },
      };
    },

    getServer({ caller, path }) {
      const view = visible(caller, path.key);
      asked(caller, [view.key]);
      return { status: 200, json: toServer(view) };
    },

    async startServer({ caller, path, body }) {
      if (caller.role !== 'hub') throw new ProblemError('role-insufficient', 'Only a hub starts servers.');
      const { user, serverName } = body;
      const expected = serverKey({ hub: caller.hub, user, serverName });
      if (expected !== path.key)
        throw new ProblemError(
          'key-mismatch',
          `The key of this user and server at the hub ${caller.hub} is ${expected}, not ${path.key}.`,
        );
      const unreachable = unreachableHub(body.environment['JUPYTERHUB_API_URL'] ?? '', spawner.network);
      if (unreachable !== undefined) throw new ProblemError('hub-unreachable', unreachable);
      const view = await spawner.start(startOf(caller.hub, path.key, body));
      return { status: isUnderWay(view) ? 202 : 200, json: toServer(view) };
    },

    async stopServer({ caller, path, query }) {
      const { user } = visible(caller, path.key);
      const view = await spawner.stop(path.key, {
        ...(query.generation === undefined ? {} : { generation: query.generation }),
        ...(query.purge === undefined ? {} : { purge: query.purge }),
      });
      if (caller.role === 'admin')
        await audit.write({ event: 'server-stopped', outcome: 'ok', by: 'admin', user, key: path.key });
      return { status: isUnderWay(view) ? 202 : 200, json: toServer(view) };
    },

    async getServerLogs({ caller, path, query, signal }) {
      visible(caller, path.key);
      const lines = await spawner.logs(path.key, query.tail ?? defaultTail, signal);
      return { status: 200, json: { key: path.key, lines } };
    },

    streamEvents({ caller, query, lastEventId }) {
      return { status: 200, stream: streams.prepare(caller, query.after ?? lastEventId) };
    },

    getHub({ caller, query }) {
      const hub = configuration.hubs.find(({ name }) => caller.role === 'hub' && name === caller.hub);
      if (hub === undefined) throw new ProblemError('role-insufficient', 'Only a hub has this.');
      const { network } = spawner;
      const { apiUrl = '', key = '', user, image } = query;
      const last = key === '' ? undefined : spawner.get(key);
      const unreachable = unreachableHub(apiUrl, network);
      const json: Hub = {
        name: hub.name,
        instance,
        version,
        apiUrl: hub.apiUrl ?? null,
        network: network === undefined ? null : { name: network.name, gateway: network.gateway ?? null },
        login: users.login,
        advice: unreachable === undefined ? [] : [unreachable],
        choices: {
          form: optionsForm({
            images: configuration.images,
            last: last && maySee(caller, last) ? last : undefined,
            chosen: image,
            notices: user === undefined ? [] : users.notices(user, caller),
          }),
          images: configuration.images.map(({ reference, title }) => ({ reference, title })),
          commands: configuration.commands.map((command) => [...command]),
        },
      };
      return { status: 200, json };
    },

    async listHistory({ caller, query }) {
      const { user, key, limit = defaultPage, after } = query;
      const page = await spawner.history({
        limit,
        ...(caller.role === 'hub' ? { hub: caller.hub } : {}),
        ...(user === undefined ? {} : { user }),
        ...(key === undefined ? {} : { key }),
        ...(after === undefined ? {} : { after }),
      });
      const withLogs = caller.role !== 'viewer';
      return {
        status: 200,
        json: { items: page.items.map((entry) => toHistoryEntry(entry, withLogs)), next: page.next },
      };
    },
  } satisfies Partial<Handlers>;
}

function isUnderWay({ status }: ServerView): boolean {
  return status.state === 'starting' || status.state === 'stopping';
}

/** The hub comes from the token, never from the body; the rest has the contract's types already. */
function startOf(hub: string, key: string, body: OperationRequest<'startServer'>['body']): StartServer {
  const { user, serverName, generation, budgetSeconds, port, environment, image, command, limits, certificates } = body;
  return {
    hub,
    key,
    user,
    serverName,
    generation,
    budgetSeconds,
    port,
    environment,
    ...(image === undefined ? {} : { image }),
    ...(command === undefined ? {} : { command }),
    ...(limits === undefined ? {} : { limits }),
    ...(certificates === undefined ? {} : { certificates }),
  };
}
