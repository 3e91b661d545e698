/**
 * What no login can do without: a search on a pooled connection for the DN, a new TLS connection, a bind as that DN, and
 * a read of tokenGroups. The connection is opened beside the search, and TLS sessions are taken up again where the
 * server lets them, both as Berth does it: what is left is the least that can be done with ldapts.
 */
import { readFile } from 'node:fs/promises';
import { connect, createSecureContext, type TLSSocket } from 'node:tls';
import { AndFilter, Client, EqualityFilter } from 'ldapts';
import type { LdapsServer, LoginDirectory } from './login-directory.ts';

export interface LoginFloor {
  login(user: string, password: string): Promise<void>;
  close(): Promise<void>;
}

export async function openLoginFloor(world: LoginDirectory, { host, port }: LdapsServer): Promise<LoginFloor> {
  const { baseDn, caFile, service } = world.directory;
  const secureContext = createSecureContext({ ca: await readFile(caFile, 'utf8') });
  let session: Buffer | undefined;
  const dial = () =>
    new Promise<TLSSocket>((resolve, reject) => {
      const socket = connect({ host, port, secureContext, ...(session === undefined ? {} : { session }) });
      socket.setNoDelay(true);
      socket.on('session', (next) => (session = next));
      socket.once('error', reject);
      socket.once('secureConnect', () => resolve(socket));
    });
  // ldapts opens its own only as it needs one, which is after the search.
  const over = (socket: TLSSocket) => new Client({ url: 'ldap://already-open', createConnection: () => socket });

  const pooled = over(await dial());
  await pooled.bind(world.serviceName, service.password);
  return {
    async login(user, password) {
      const opening = dial();
      const filter = new AndFilter({
        filters: [
          new EqualityFilter({ attribute: 'objectCategory', value: 'person' }),
          new EqualityFilter({ attribute: 'objectClass', value: 'user' }),
          new EqualityFilter({ attribute: 'sAMAccountName', value: user }),
        ],
      });
      const { searchEntries } = await pooled.search(baseDn, { filter, attributes: ['objectSid'], sizeLimit: 2 });
      const dn = searchEntries[0]?.dn ?? '';
      const own = over(await opening);
      await own.bind(dn, password);
      const read = { scope: 'base' as const, attributes: ['tokenGroups'], explicitBufferAttributes: ['tokenGroups'] };
      const [entry] = (await own.search(dn, read)).searchEntries;
      if (!Array.isArray(entry?.['tokenGroups'])) throw new Error(`no tokenGroups of ${dn}`);
      void own.unbind();
    },
    close: () => pooled.unbind(),
  };
}
