/** Authenticators over a test's directory, and what their logins come to. */
import { readFile } from 'node:fs/promises';
import { type AdAuthenticator, type AdParts, type AdSettings, createAdAuthenticator } from '@berth/ad-authenticator';
import type { Directory } from '../stack/directory.ts';

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };

export async function authenticatorOf(
  directory: Directory,
  settings: Partial<AdSettings> = {},
  parts: Partial<AdParts> = {},
): Promise<AdAuthenticator> {
  const { domain, service } = directory;
  const all: AdSettings = {
    ...{ domain, netbios: undefined, realm: undefined, site: undefined, baseDn: undefined },
    servers: [directory.ldapsUrl],
    authorities: [await readFile(directory.caFile, 'utf8')],
    serviceAccount: { name: `${service.name}@${domain}`, password: async () => service.password },
    ...{ allow: [], adminGroups: [], hubGroups: [], messages: {} },
    ...{ connectSeconds: 5, operationSeconds: 10, loginSeconds: 30, groupCacheSeconds: 3600 },
    ...settings,
  };
  return createAdAuthenticator(all, { now: () => new Date(), log, ...parts });
}

/** `in`, or the code of the refusal. */
export async function cameTo(login: Promise<unknown>): Promise<string> {
  return await login.then(
    () => 'in',
    (error: { code?: string; message?: string }) => error.code ?? `unexpected: ${error.message}`,
  );
}
