/** Those that log users in in turn: Berth's authenticator, Berth's whole service, ldapauthenticator, bare LDAP. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { authenticatorOf } from '../directory/authenticators.ts';
import { timed } from './figures.ts';
import type { LdapsServer, LoginDirectory } from './login-directory.ts';
import { loginPassword } from './login-directory.ts';
import { openLoginFloor } from './login-floor.ts';
import { startPython } from './python-program.ts';
import { startSimulatedService } from './simulated-service.ts';

export interface LoginContestant {
  readonly name: string;
  /** Logs the user in so many times, one after the other; the seconds of each. Rejects where one is refused. */
  logins(user: string, count: number): Promise<readonly number[]>;
  close(): Promise<void>;
}

type Open = (world: LoginDirectory, server: LdapsServer, folder: string) => Promise<LoginContestant>;

/** `login()` of the published build, in this process, with a service account. */
export const openAuthenticator: Open = async (world, server) => {
  const { directory, allowed } = world;
  const authenticator = await authenticatorOf(directory, { servers: [urlOf(server)], allow: allowed });
  const { signal } = new AbortController();
  return {
    name: 'Berth',
    logins: (user, count) => each(count, () => authenticator.login(user, loginPassword, signal)),
    close: () => authenticator.close(),
  };
};

/** The LDAP operations that nobody can do without, by ldapts, in this process too. */
export const openFloor: Open = async (world, server) => {
  const floor = await openLoginFloor(world, server);
  return {
    name: 'bare LDAP',
    logins: (user, count) => each(count, () => floor.login(user, loginPassword)),
    close: () => floor.close(),
  };
};

/** jupyterhub-ldapauthenticator in a Python process of its own, as warm as in a hub. */
export const openLdapauthenticator: Open = async (world, server) => {
  const { directory, allowed } = world;
  const { service, baseDn, caFile } = directory;
  const settings = {
    ...{ server_address: server.host, server_port: server.port, tls_strategy: 'on_connect' },
    ...{ lookup_dn: true, lookup_dn_search_user: world.serviceName, lookup_dn_search_password: service.password },
    ...{ user_search_base: baseDn, user_attribute: 'sAMAccountName', lookup_dn_user_dn_attribute: 'sAMAccountName' },
    ...{ allowed_groups: allowed },
  };
  const python = await startPython('login_rounds.py', []);
  await python.ask(JSON.stringify({ settings, ca: caFile }));
  return {
    name: 'ldapauthenticator',
    logins: (username, count) => python.ask<number[]>(JSON.stringify({ username, password: loginPassword, count })),
    close: () => python.close(),
  };
};

/** `POST /v1/logins` of the published service in a process of its own: throttle, directory, record, audit; no ticket. */
export const openService: Open = async (world, server, folder) => {
  const { directory, allowed } = world;
  const passwordFile = join(directory.folder, 'service-password');
  await writeFile(passwordFile, directory.service.password, { mode: 0o600 });
  const service = await startSimulatedService(folder, {
    configuration: {
      directory: {
        ...{ domain: directory.domain, servers: [urlOf(server)], caFile: directory.caFile },
        serviceAccount: { name: world.serviceName, passwordFile },
      },
      login: { allow: allowed },
    },
  });
  const headers = { authorization: `Bearer ${await service.token()}`, 'content-type': 'application/json' };
  const logIn = async (username: string) => {
    const body = JSON.stringify({ username, password: loginPassword, remoteAddress: '127.0.0.1' });
    const answer = await fetch(`${service.url}/v1/logins`, { method: 'POST', headers, body });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`POST /v1/logins: ${answer.status} ${text}`);
  };
  return {
    name: 'whole service',
    logins: (user, count) => each(count, () => logIn(user)),
    close: () => service.close(),
  };
};

async function each(count: number, login: () => Promise<unknown>): Promise<number[]> {
  const found: number[] = [];
  for (let i = 0; i < count; i++) found.push(await timed(login));
  return found;
}

function urlOf({ host, port }: LdapsServer): string {
  return `ldaps://${host}:${port}`;
}
