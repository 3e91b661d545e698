/** The bank's domain as a mock server holds it, and an authenticator over such servers. */
import type { AdAuthenticator } from '../ad-authenticator.ts';
import { createAdAuthenticator } from '../create-ad-authenticator.ts';
import type { AdParts } from '../parts.ts';
import type { AdSettings } from '../settings.ts';
import { certificate } from './certificate.ts';
import { type DirectoryEntry, sidBytes } from './directory-entries.ts';
import type { LdapServer } from './ldap-server.ts';

export const namingContext = 'DC=corp,DC=example,DC=test';
export const domainSid = 'S-1-5-21-1-2-3';
export const servicePassword = 'service-secret';

export interface MockUser {
  readonly name: string;
  readonly password?: string;
  readonly groups?: readonly number[];
  readonly rid?: number;
  readonly attributes?: DirectoryEntry['attributes'];
}

/** A user in Domain Users and the groups with these RIDs. */
export function mockUser({
  name,
  password = 'right',
  groups = [],
  rid = 1105,
  attributes = {},
}: MockUser): DirectoryEntry {
  return {
    dn: `CN=${name},CN=Users,${namingContext}`,
    password,
    bindNames: [`${name}@CORP.EXAMPLE.TEST`, `${name}@corp.example.test`],
    attributes: {
      objectClass: ['top', 'person', 'user'],
      objectCategory: ['person'],
      objectSid: [sidBytes(`${domainSid}-${rid}`)],
      sAMAccountName: [name],
      primaryGroupID: ['513'],
      userAccountControl: ['512'],
      pwdLastSet: ['134000000000000000'],
      tokenGroups: [513, ...groups].map((group) => sidBytes(`${domainSid}-${group}`)),
      ...attributes,
    },
  };
}

export function mockGroup(name: string, rid: number, attributes: DirectoryEntry['attributes'] = {}): DirectoryEntry {
  return {
    dn: `CN=${name},CN=Users,${namingContext}`,
    attributes: {
      objectClass: ['top', 'group'],
      objectCategory: ['group'],
      objectSid: [sidBytes(`${domainSid}-${rid}`)],
      sAMAccountName: [name],
      cn: [name],
      groupType: ['-2147483646'],
      ...attributes,
    },
  };
}

/** rootDSE, CN=Partitions, Domain Users, the group `analysts` (1200), the service account and user1, who is an analyst. */
export function bank(...more: readonly DirectoryEntry[]): readonly DirectoryEntry[] {
  const configuration = `CN=Configuration,${namingContext}`;
  return [
    { dn: '', attributes: { configurationNamingContext: [configuration], currentTime: ['20261123120000.0Z'] } },
    {
      dn: `CN=BANK,CN=Partitions,${configuration}`,
      attributes: { objectClass: ['crossRef'], dnsRoot: ['corp.example.test'], nETBIOSName: ['BANK'] },
    },
    mockGroup('Domain Users', 513),
    mockGroup('analysts', 1200),
    mockUser({ name: 'svc-berth', password: servicePassword, rid: 1103 }),
    mockUser({ name: 'user1', groups: [1200] }),
    ...more,
  ];
}

export interface Told {
  readonly ad: AdAuthenticator;
  readonly warnings: string[];
}

/** An authenticator over these servers; short time limits. */
export function authenticator(
  servers: readonly LdapServer[],
  settings: Partial<AdSettings> = {},
  parts: Partial<AdParts> = {},
): Told {
  const warnings: string[] = [];
  const log = {
    info: () => undefined,
    warn: (_: object, text: string) => void warnings.push(text),
    error: () => undefined,
  };
  const all: AdSettings = {
    domain: 'corp.example.test',
    netbios: undefined,
    realm: undefined,
    servers: servers.map(({ url }) => url),
    site: undefined,
    authorities: [certificate],
    serviceAccount: { name: 'svc-berth@corp.example.test', password: async () => servicePassword },
    baseDn: undefined,
    allow: ['BANK\\analysts'],
    adminGroups: [],
    hubGroups: [],
    messages: {},
    connectSeconds: 2,
    operationSeconds: 1,
    loginSeconds: 5,
    groupCacheSeconds: 3600,
    ...settings,
  };
  const now = () => new Date('2026-11-23T12:00:00Z');
  return { ad: createAdAuthenticator(all, { now, log, ...parts }), warnings };
}

/** What a promise came to: the code of its error, or `in`. */
export function outcome(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'in',
    (error: { code?: string; message?: string }) => error.code ?? `unexpected: ${error.message}`,
  );
}
