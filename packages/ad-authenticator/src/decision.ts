/** Whether an account may log in, and as what: its groups against those of the configuration. */
import type { DirectoryAccount, ExplainedEntry } from './ad-authenticator.ts';
import type { GroupSids } from './group-list.ts';
import type { AdSettings } from './settings.ts';

export type GroupSettings = Pick<AdSettings, 'allow' | 'adminGroups' | 'hubGroups'>;

export interface Decision extends Pick<DirectoryAccount, 'admin' | 'hubGroups'> {
  /** The first entry of `allow` that lets the account in; undefined: none does. */
  readonly allowedBy: string | undefined;
}

export function decide(groups: readonly string[], settings: GroupSettings, sids: GroupSids): Decision {
  const held = new Set(groups);
  const isIn = (entry: string): boolean => {
    const sid = sids.get(entry);
    return sid !== undefined && held.has(sid);
  };
  return {
    allowedBy: settings.allow.find(isIn),
    admin: settings.adminGroups.some(isIn),
    hubGroups: settings.hubGroups.filter(isIn),
  };
}

export function explainEntries(
  groups: readonly string[],
  settings: GroupSettings,
  sids: GroupSids,
): readonly ExplainedEntry[] {
  const held = new Set(groups);
  const lists = ['allow', 'adminGroups', 'hubGroups'] as const;
  return lists.flatMap((list) =>
    settings[list].map((entry) => {
      const sid = sids.get(entry);
      return { list, entry, sid, matched: sid !== undefined && held.has(sid) };
    }),
  );
}
