/** Names and gidNumbers of groups by their SIDs, looked up many at once and remembered: what a host's ids are made of. */
import { sidOf } from './account.ts';
import type { DirectoryGroup } from './ad-authenticator.ts';
import type { DomainNames } from './domain-names.ts';
import type { GroupSource } from './group-list.ts';
import { equal, some } from './ldap-filter.ts';

/** A filter of more terms gets slow, and some servers refuse it. */
const sidsPerSearch = 100;
/** Of all groups that were ever asked for; the oldest go first. */
const mostKnown = 20_000;

export class GroupDetails {
  readonly #cacheSeconds: number;
  readonly #now: () => Date;
  readonly #known = new Map<string, { readonly group: DirectoryGroup | undefined; readonly until: number }>();

  constructor(cacheSeconds: number, now: () => Date) {
    this.#cacheSeconds = cacheSeconds;
    this.#now = now;
  }

  /** Groups that the directory doesn't have, or doesn't show, are left out. No operation while all are known. */
  async of(
    sids: readonly string[],
    names: DomainNames,
    source: GroupSource,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, DirectoryGroup>> {
    const now = this.#now().getTime();
    const wanted = [...new Set(sids)].filter((sid) => (this.#known.get(sid)?.until ?? 0) <= now);
    for (let start = 0; start < wanted.length; start += sidsPerSearch)
      await this.#look(wanted.slice(start, start + sidsPerSearch), names, source, signal);
    const found = new Map<string, DirectoryGroup>();
    for (const sid of sids) {
      const group = this.#known.get(sid)?.group;
      if (group !== undefined) found.set(sid, group);
    }
    for (const sid of this.#known.keys()) {
      if (this.#known.size <= mostKnown) break;
      this.#known.delete(sid);
    }
    return found;
  }

  async #look(sids: readonly string[], names: DomainNames, source: GroupSource, signal: AbortSignal): Promise<void> {
    const filter = some(...sids.map((sid) => equal('objectSid', sid)));
    const attributes = ['objectSid', 'sAMAccountName', 'gidNumber'];
    const entries = await source.search(names.namingContext, filter, attributes, sidsPerSearch, signal);
    const until = this.#now().getTime() + this.#cacheSeconds * 1000;
    const found = new Map(entries.map((entry) => [sidOf(entry), entry]));
    for (const sid of sids) {
      const entry = found.get(sid);
      const name = entry?.text('sAMAccountName');
      const gidNumber = entry?.integer('gidNumber');
      const group =
        name === undefined ? undefined : { name, gidNumber: gidNumber === undefined ? undefined : Number(gidNumber) };
      this.#known.delete(sid);
      this.#known.set(sid, { group, until });
    }
  }
}
