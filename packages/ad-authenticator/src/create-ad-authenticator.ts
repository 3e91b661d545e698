import { X509Certificate } from 'node:crypto';
import { resolveSrv } from 'node:dns/promises';
import { createSecureContext, getCACertificates } from 'node:tls';
import type { AdAuthenticator, Explanation, LockoutPolicy } from './ad-authenticator.ts';
import { bindName } from './bind-name.ts';
import { explainEntries } from './decision.ts';
import { diagnose } from './diagnose.ts';
import { type DialOptions, directTcp } from './dial.ts';
import { Directory } from './directory.ts';
import { GroupDetails } from './group-details.ts';
import { GroupList } from './group-list.ts';
import { login, type LoginParts } from './login.ts';
import { type AccountKey, find, lookUp } from './lookup.ts';
import { explainGroups } from './membership.ts';
import type { AdParts } from './parts.ts';
import { refused } from './refusals.ts';
import { Servers } from './servers.ts';
import type { AdSettings } from './settings.ts';

/** Opens nothing yet. Throws RangeError where a server's URL, a name to bind by or a certificate can't be one. */
export function createAdAuthenticator(settings: AdSettings, parts: AdParts): AdAuthenticator {
  const { now, log } = parts;
  const { domain, site, allow, adminGroups, hubGroups } = settings;
  checkServiceName(settings);
  settings.authorities?.forEach(checkCertificate);
  const servers = new Servers({
    domain: domain.toLowerCase(),
    site,
    servers: settings.servers,
    resolveSrv: parts.resolveSrv ?? resolveSrv,
    now,
    random: parts.random ?? Math.random,
  });
  let dialOptions: DialOptions | undefined;
  const directory = new Directory({
    settings,
    servers,
    now,
    log,
    dialOptions: () => (dialOptions ??= makeDialOptions(settings, parts)),
  });
  const groups = new GroupList([...allow, ...adminGroups, ...hubGroups], settings.groupCacheSeconds, now);
  const details = new GroupDetails(settings.groupCacheSeconds, now);
  const own: LoginParts = { settings, directory, groups, now };
  return {
    login: (typed, password, signal, beforeBind) => login(own, typed, password, signal, beforeBind),
    async groups(sids, caller) {
      if (settings.serviceAccount === undefined) return new Map();
      return directory.byService(caller, async (connection, signal) =>
        details.of(sids, await directory.names(connection, signal), connection, signal),
      );
    },
    lockoutPolicy: (signal) => lockoutPolicy(directory, signal),
    find: (account, signal) => find(own, account, signal),
    explain: (account, signal) => explain(own, account, signal),
    faults: () => [...groups.faults(), ...servers.faults()],
    diagnose: (signal) => diagnose(own, signal),
    close: async () => directory.close(),
  };
}

/** MS-ADTS 3.1.1.5.2: a threshold of 0 locks nobody; the window is a negative count of 100 ns. */
function lockoutPolicy(directory: Directory, caller: AbortSignal): Promise<LockoutPolicy | undefined> {
  return directory.byService(caller, async (connection, signal) => {
    const { namingContext } = await directory.names(connection, signal);
    const domain = await connection.read(namingContext, ['lockoutThreshold', 'lockOutObservationWindow'], signal);
    const wrongPasswords = Number(domain?.integer('lockoutThreshold') ?? 0);
    const windowSeconds = Number(-(domain?.integer('lockOutObservationWindow') ?? 0n) / 10_000_000n);
    return wrongPasswords > 0 ? { wrongPasswords, windowSeconds } : undefined;
  });
}

function checkServiceName({ serviceAccount }: AdSettings): void {
  try {
    if (serviceAccount !== undefined) bindName(serviceAccount.name);
  } catch (cause) {
    const right = 'right would be svc-berth@corp.example.test, BANK\\svc-berth or a DN';
    throw new RangeError(`the service account can't be called ${JSON.stringify(serviceAccount?.name)}: ${right}`, {
      cause,
    });
  }
}

function checkCertificate(pem: string, index: number): void {
  try {
    new X509Certificate(pem).toString();
  } catch (cause) {
    throw new RangeError(`authority ${index + 1} of \`authorities\` is no certificate in PEM`, { cause });
  }
}

function makeDialOptions(settings: AdSettings, { connect }: AdParts): DialOptions {
  // Node's own default is the list it was built with, which knows no authority of a company.
  const authorities = settings.authorities ?? getCACertificates('system');
  return {
    secureContext: createSecureContext({ ca: [...authorities] }),
    connectSeconds: settings.connectSeconds,
    connect: connect ?? directTcp,
    sessions: new Map(),
  };
}

function explain(parts: LoginParts, key: AccountKey, caller: AbortSignal): Promise<Explanation> {
  const { settings, directory } = parts;
  return directory.byService(caller, async (connection, signal) => {
    const { account, entry, state, names, groups } = await lookUp(parts, key, connection, signal);
    const entries = explainEntries(account.groupSids, settings, groups);
    const isIn = (list: 'allow' | 'adminGroups'): boolean => entries.some((e) => e.list === list && e.matched);
    const code = state ?? (isIn('allow') ? undefined : 'group-missing');
    const refusal = code === undefined ? undefined : refused(code, settings.messages);
    return {
      account,
      refusal: refusal === undefined ? undefined : { code: refusal.code, message: refusal.message },
      groups: await explainGroups(account, entry, names, connection, signal),
      entries,
      allowed: isIn('allow'),
      admin: isIn('adminGroups'),
    };
  });
}
