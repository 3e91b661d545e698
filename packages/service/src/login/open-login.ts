/** All that concerns who users are, put together from the configuration: directory, accounts, tickets, records, audit. */
import { createAdAuthenticator, type AdAuthenticator } from '@berth/ad-authenticator';
import type { UserRecords, AttemptLimiter } from '@berth/identity';
import { createTicketKeeper, hostTickets, libdefault, nodeTimers, type TicketKeeper } from '@berth/krb5-ccache';
import type { Accounts, Spawner, Tickets } from '@berth/spawner';
import { watch } from 'node:fs';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { ConfigurationError, type Configuration, type Folders } from '../configuration/index.ts';
import type { Finding } from '../doctor/doctor.ts';
import { accountFiles } from './account-files.ts';
import { createAccountFinder } from './create-account-finder.ts';
import { createAudit, type Audit } from './audit.ts';
import { trustedProxies } from './client-address.ts';
import { containerAccounts } from './container-accounts.ts';
import { siteKrb5Conf, type SiteKrb5Conf } from './container-krb5-conf.ts';
import { createUsers } from './create-users.ts';
import { KnownUsers } from './known-users.ts';
import { checkLockout } from './lockout-check.ts';
import { followUse, serverTickets } from './server-tickets.ts';
import { Throttle } from './throttle.ts';
import type { Users } from './users.ts';

export interface LoginParts {
  readonly configuration: Configuration;
  /** Its path, for errors. */
  readonly configFile: string;
  readonly folders: Folders;
  readonly store: UserRecords & {
    attemptLimiter(limits: { kind: string; attempts: number; seconds: number }): AttemptLimiter;
  };
  /** Of the audit log's stand-ins for unknown names. */
  readonly key: Uint8Array;
  readonly log: Logger;
  readonly now: () => Date;
}

export interface Login {
  /** For the spawner. */
  readonly accounts: Accounts | undefined;
  readonly tickets: Tickets | undefined;
  readonly audit: Audit;
  /** For the doctor. */
  readonly directory: AdAuthenticator | undefined;
  readonly keeper: TicketKeeper | undefined;
  /** Whether accounts can be looked up, and whether the throttle stops before the directory locks. */
  checkAccounts(signal: AbortSignal): AsyncIterable<Finding>;
  /** Once there is a spawner: users, and the renewal of their tickets. */
  follow(spawner: Spawner): Users;
  close(): Promise<void>;
}

/** Rejects with a ConfigurationError for files that can't be used, or a StoreError. */
export async function openLogin(parts: LoginParts): Promise<Login> {
  const { configuration, configFile, folders, store, key, log, now } = parts;
  const { directory, login, accounts, tickets } = configuration;
  const known = new KnownUsers(store);
  await known.open();
  const audit = createAudit({ file: configuration.audit.file ?? join(folders.state, 'audit.jsonl'), key, now, log });
  const settings = directory && login && (await adSettings(parts));
  const authenticator = settings && sane('directory', () => createAdAuthenticator(settings, { now, log }));
  const finder = accounts && createAccountFinder(accounts, log, authenticator);
  const krb5Conf = tickets && siteKrb5Conf(tickets.krb5Conf, folders.runtime);
  const keeper = tickets && krb5Conf && (await makeKeeper(parts, krb5Conf));
  await keeper?.open();
  const grace = login && { graceSeconds: login.grace };
  let unfollow: () => void = () => undefined;

  return {
    audit,
    directory: authenticator,
    keeper,
    accounts:
      accounts || authenticator
        ? containerAccounts({
            directory: authenticator && grace,
            known,
            finder,
            files: accountFiles(folders.runtime),
            home: accounts?.home ?? { roots: [], create: false, mount: false },
            sockets: accounts?.sockets ?? [],
            realm: krb5Conf && (async () => tickets?.realm ?? directory?.realm ?? (await krb5Conf.realm())),
            now,
          })
        : undefined,
    tickets: keeper && krb5Conf && tickets && serverTickets({ keeper, start: tickets.start, krb5Conf, log, now }),
    follow(spawner) {
      if (keeper) unfollow = followUse(spawner, keeper);
      return createUsers({
        directory:
          authenticator && login
            ? {
                authenticator,
                userName: login.userName,
                graceSeconds: login.grace,
                throttle: throttleOf(login, store),
                proxies: trustedProxies(login.throttle.trustedProxies),
              }
            : undefined,
        ...{ known, accounts: finder, tickets: keeper, spawner, audit, log, now },
        ticketByPassword: tickets?.sources.includes('password') ?? false,
      });
    },
    async *checkAccounts(signal) {
      if (finder) yield* finder.check(signal);
      if (authenticator && login) yield* checkLockout(authenticator, login.throttle, signal);
    },
    async close() {
      unfollow();
      await keeper?.close();
      await authenticator?.close();
    },
  };

  /** A setting that a part refuses is a fault of the configuration. */
  function sane<Part>(path: string, make: () => Part): Part {
    try {
      return make();
    } catch (error) {
      if (error instanceof RangeError) return refuse(path, error.message);
      throw error;
    }
  }

  function refuse(path: string, message: string): never {
    throw new ConfigurationError(configFile, [{ line: undefined, path, message }]);
  }

  async function adSettings({ configuration: { directory: block, login: rules } }: LoginParts) {
    if (block === undefined || rules === undefined) throw new TypeError('no directory');
    const { serviceAccount, timeouts, caFile } = block;
    return {
      ...{ domain: block.domain, netbios: block.netbios, realm: block.realm, servers: block.servers, site: block.site },
      ...{ baseDn: block.baseDn, messages: rules.messages, groupCacheSeconds: block.groupCache },
      ...{ allow: rules.allow, adminGroups: rules.adminGroups, hubGroups: rules.hubGroups },
      authorities: caFile === undefined ? undefined : await authorities(caFile),
      serviceAccount: serviceAccount && {
        name: serviceAccount.name,
        password: async () => (await fs.readFile(serviceAccount.passwordFile, 'utf8')).replace(/\r?\n$/, ''),
      },
      ...{ connectSeconds: timeouts.connect, operationSeconds: timeouts.operation, loginSeconds: timeouts.login },
    };
  }

  async function authorities(file: string): Promise<string[]> {
    const text = await fs.readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      return refuse('directory.caFile', `${file} can't be read (${error.code})`);
    });
    const found = text.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g);
    return found ?? refuse('directory.caFile', `${file} holds no certificate in PEM`);
  }
}

function throttleOf({ throttle }: NonNullable<Configuration['login']>, store: LoginParts['store']): Throttle {
  const { attempts, addressAttempts, window: seconds } = throttle;
  return new Throttle({
    accounts: store.attemptLimiter({ kind: 'account', attempts, seconds }),
    addresses: store.attemptLimiter({ kind: 'address', attempts: addressAttempts, seconds }),
  });
}

async function makeKeeper({ configuration, folders, log, now }: LoginParts, conf: SiteKrb5Conf): Promise<TicketKeeper> {
  const { tickets } = configuration;
  if (tickets === undefined) throw new TypeError('no tickets');
  const defaultCcacheName = await conf.read().then(
    (text) => libdefault(text, 'default_ccache_name'),
    () => undefined,
  );
  const host = hostTickets({ patterns: tickets.hostCaches, defaultCcacheName }, { fs, watch, now });
  return createTicketKeeper(
    {
      ...{ runtime: folders.runtime, krb5Conf: tickets.krb5Conf, kinit: tickets.kinit, sources: tickets.sources },
      ...(tickets.keytabFolder === undefined ? {} : { keytabFolder: tickets.keytabFolder }),
      ...(tickets.life === undefined ? {} : { lifetimeSeconds: tickets.life }),
      ...{ minimumLifeSeconds: tickets.minimumLife, renewLifetimeSeconds: tickets.renewLife },
      ...{ kinitSeconds: tickets.timeout, kinitAtOnce: 8 },
    },
    { log, now, timers: nodeTimers, random: Math.random, uid: process.getuid?.() ?? 0, hostTickets: host },
  );
}
