/** Which domain controllers there are, and in which order they are asked. */
import type { SrvRecord } from 'node:dns';
import { DirectoryError } from './ad-authenticator.ts';
import type { LdapFault } from './ldap-fault.ts';
import { parseServer, type ServerAddress, serverAddress } from './server-address.ts';

export interface ServersOptions {
  readonly domain: string;
  readonly site: string | undefined;
  readonly servers: readonly string[];
  readonly resolveSrv: (name: string) => Promise<readonly SrvRecord[]>;
  readonly now: () => Date;
  /** 0 to below 1. */
  readonly random: () => number;
}

/** How long a server that failed is asked last, in milliseconds. */
const penalty = 60_000;
/** How long a fault is told of; a server that isn't needed isn't tried again. */
const faultLife = 900_000;
/** How long what DNS said holds, in milliseconds; Node doesn't tell a record's own time. */
const srvLife = 300_000;

export class Servers {
  readonly #options: ServersOptions;
  readonly #configured: readonly ServerAddress[];
  readonly #failures = new Map<string, { readonly at: number; readonly fault: LdapFault }>();
  #found: { readonly until: number; readonly servers: readonly ServerAddress[] } | undefined;

  constructor(options: ServersOptions) {
    this.#options = options;
    this.#configured = options.servers.map(parseServer);
  }

  /** Those that failed lately come last, the longest ago first. Rejects with DirectoryError where DNS knows none. */
  async inOrder(): Promise<readonly ServerAddress[]> {
    const all = this.#configured.length > 0 ? this.#configured : await this.#discovered();
    const now = this.#options.now().getTime();
    const failedAt = ({ url }: ServerAddress): number => {
      const at = this.#failures.get(url)?.at ?? Number.NEGATIVE_INFINITY;
      return now - at < penalty ? at : Number.NEGATIVE_INFINITY;
    };
    return all.toSorted((a, b) => (failedAt(a) === failedAt(b) ? 0 : failedAt(a) - failedAt(b)));
  }

  failed(server: ServerAddress, fault: LdapFault): void {
    this.#failures.set(server.url, { at: this.#options.now().getTime(), fault });
  }

  worked(server: ServerAddress): void {
    this.#failures.delete(server.url);
  }

  /** What each server said that failed lately, and has not worked since. */
  faults(): readonly string[] {
    const since = this.#options.now().getTime() - faultLife;
    return [...this.#failures.values()].flatMap(({ at, fault }) => (at < since ? [] : [fault.message]));
  }

  async #discovered(): Promise<readonly ServerAddress[]> {
    const now = this.#options.now().getTime();
    if (this.#found !== undefined && this.#found.until > now) return this.#found.servers;
    const servers = await this.#ask();
    // An answer that held a moment ago is better than none.
    if (servers.length === 0 && this.#found !== undefined) return this.#found.servers;
    if (servers.length === 0) {
      throw new DirectoryError(
        'directory-unreachable',
        `DNS knows no domain controller of ${this.#options.domain} (SRV ${srvName(this.#options.domain)}): ` +
          `check \`domain\` and this host's DNS, or list them under \`servers\``,
      );
    }
    this.#found = { until: now + srvLife, servers };
    return servers;
  }

  /** Those of the site first. MS-ADTS 6.3.2.3 has the names. */
  async #ask(): Promise<readonly ServerAddress[]> {
    const { domain, site, resolveSrv, random } = this.#options;
    const names = [...(site === undefined ? [] : [srvName(domain, site)]), srvName(domain)];
    const answers = await Promise.all(names.map((name) => resolveSrv(name).catch(() => [])));
    const records = answers.flatMap((answer) => srvOrder(answer, random));
    const servers = records
      .map(({ name, port }) => ({ host: name.toLowerCase().replace(/\.$/, ''), port }))
      // DNS is not to be trusted: a certificate proves the name that DNS gave, so that name must be one of the domain's.
      .filter(({ host }) => host.endsWith(`.${domain}`))
      .map(({ host, port }) => serverAddress(host, port, port === 636));
    return [...new Map(servers.map((server) => [server.url, server])).values()];
  }
}

function srvName(domain: string, site?: string): string {
  return `_ldap._tcp.${site === undefined ? '' : `${site}._sites.`}dc._msdcs.${domain}`;
}

/** RFC 2782: by priority; among equals drawn by weight. */
export function srvOrder(records: readonly SrvRecord[], random: () => number): readonly SrvRecord[] {
  const left = records.toSorted((a, b) => a.priority - b.priority || a.weight - b.weight);
  const ordered: SrvRecord[] = [];
  while (left.length > 0) {
    const equals = left.filter(({ priority }) => priority === left[0]?.priority);
    const draw = random() * equals.reduce((sum, { weight }) => sum + weight, 0);
    let sum = 0;
    const chosen = equals.findIndex(({ weight }) => (sum += weight) > draw);
    ordered.push(...left.splice(Math.max(chosen, 0), 1));
  }
  return ordered;
}
