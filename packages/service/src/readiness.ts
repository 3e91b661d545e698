/** Whether the service can start servers, and which parts aren't as they should be. */
import type { ReadinessPart } from '@berth/spawner';
import type { Users } from './login/users.ts';

export interface Part {
  readonly part: string;
  readonly state: 'ok' | 'degraded' | 'down';
  readonly detail?: string | undefined;
  readonly since?: Date | undefined;
}

export interface Readiness {
  look(): { readonly ready: boolean; readonly parts: readonly Part[] };
}

export interface ReadinessSources {
  readonly spawner: { parts(): readonly ReadinessPart[] };
  readonly users: Pick<Users, 'faults'>;
  readonly tokens: { faults(): readonly string[] };
  readonly listeners: { faults(): readonly string[] };
}

/** Not ready while any part of the spawner is down: new servers would not start. A listener that was refused doesn't stop the others. */
export function createReadiness({ spawner, users, tokens, listeners }: ReadinessSources): Readiness {
  return {
    look() {
      const inner = spawner.parts();
      const { directory, tickets, audit } = users.faults();
      return {
        ready: inner.every(({ state }) => state !== 'down'),
        parts: [
          ...inner,
          partOf('tokens', 'degraded', tokens.faults()),
          partOf('directory', 'degraded', directory),
          partOf('tickets', 'degraded', tickets),
          partOf('audit', 'degraded', audit),
          partOf('listeners', 'down', listeners.faults()),
        ],
      };
    },
  };
}

function partOf(part: string, worst: Part['state'], faults: readonly string[]): Part {
  return faults.length === 0 ? { part, state: 'ok' } : { part, state: worst, detail: faults.join('; ') };
}
