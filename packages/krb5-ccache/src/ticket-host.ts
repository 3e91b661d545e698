/** The host's caches as a source of the keeper. */
import { findHostTicket } from './host-cache.ts';
import type { HostCacheSettings } from './host-cache.ts';
import { watchHostTicket } from './host-cache-watch.ts';
import type { HostWatchParts } from './host-cache-watch.ts';
import { TicketError } from './errors.ts';
import type { HostTickets } from './ticket-settings.ts';
import { writeCcache } from './write-ccache.ts';

/** For `TicketParts.hostTickets`. What is taken over are the tickets, written anew, not the file's bytes. */
export function hostTickets(settings: HostCacheSettings, parts: HostWatchParts): HostTickets {
  return {
    async find(owner, signal) {
      signal.throwIfAborted();
      const { cache, from } = await findHostTicket(owner, settings, parts);
      return { bytes: writeCcache(cache), path: from };
    },
    watch(owner, changed) {
      const watch = watchHostTicket(owner, settings, parts, (state) => {
        // Gone or unusable: the keeper's copy serves to its end.
        if (!(state instanceof TicketError)) changed();
      });
      return () => watch.close();
    },
  };
}
