/** The groups of a configuration and their SIDs, looked up by name and remembered. */
import {
  type GroupEntry,
  groupAttributes,
  groupsFilter,
  parseGroupEntry,
  pickGroup,
  type ResolvedGroup,
} from './group-entry.ts';
import type { DomainNames } from './domain-names.ts';
import type { LdapConnection } from './ldap-connection.ts';
import { waitFor } from './wait-for.ts';

/** SIDs by the entries as they are written; undefined: the directory knows no such group. */
export type GroupSids = ReadonlyMap<string, string | undefined>;

export type GroupSource = Pick<LdapConnection, 'search'>;

/** How long an entry that has a fault holds, in seconds: a group that was just made should soon count. */
const faultSeconds = 60;
/** A filter of more terms gets slow, and some servers refuse it. */
const entriesPerSearch = 100;
/** AD's own limit (MaxPageSize). */
const mostFound = 1000;

export class GroupList {
  readonly #entries: readonly string[];
  readonly #cacheSeconds: number;
  readonly #now: () => Date;
  readonly #known = new Map<string, ResolvedGroup & { readonly until: number }>();
  #looking: Promise<void> | undefined;

  constructor(entries: readonly string[], cacheSeconds: number, now: () => Date) {
    this.#entries = [...new Set(entries)];
    this.#cacheSeconds = cacheSeconds;
    this.#now = now;
  }

  /** No operation while all is known; one search for all that is not. What was known once outlives a directory that fails. */
  async sids(names: DomainNames, source: GroupSource, signal: AbortSignal): Promise<GroupSids> {
    const now = this.#now().getTime();
    const wanted = this.#entries.filter((entry) => (this.#known.get(entry)?.until ?? 0) <= now);
    if (wanted.length > 0) {
      this.#looking ??= this.#look(wanted, names, source).finally(() => (this.#looking = undefined));
      await waitFor(this.#looking, signal).catch((error: unknown) => {
        if (signal.aborted || wanted.some((entry) => !this.#known.has(entry))) throw error;
      });
    }
    return new Map(this.#entries.map((entry) => [entry, this.#known.get(entry)?.sid]));
  }

  /** From the last look. */
  faults(): readonly string[] {
    return this.#entries.flatMap((entry) => this.#known.get(entry)?.fault ?? []);
  }

  /** The next question asks the directory. */
  forget(): void {
    for (const [entry, known] of this.#known) this.#known.set(entry, { ...known, until: 0 });
  }

  async #look(wanted: readonly string[], names: DomainNames, source: GroupSource): Promise<void> {
    // Others may wait for this look: it ends by its own time limit, not by the signal of whoever was first.
    const signal = new AbortController().signal;
    const entries: [string, GroupEntry][] = wanted.map((text) => [text, parseGroupEntry(text, names)]);
    for (let start = 0; start < entries.length; start += entriesPerSearch) {
      const some = entries.slice(start, start + entriesPerSearch);
      const filter = groupsFilter(some.map(([, entry]) => entry));
      const found = await source.search(names.namingContext, filter, groupAttributes, mostFound, signal);
      const now = this.#now().getTime();
      for (const [text, entry] of some) {
        const group = pickGroup(text, entry, found);
        const seconds = group.fault === undefined ? this.#cacheSeconds : Math.min(faultSeconds, this.#cacheSeconds);
        this.#known.set(text, { ...group, until: now + seconds * 1000 });
      }
    }
  }
}
