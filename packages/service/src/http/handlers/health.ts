/** What load balancers, Prometheus and people ask; no token needed, and nothing secret told. */
import { document, type Readiness as Wire } from '@berth/contract';
import type { Part, Readiness } from '../../readiness.ts';
import type { Handlers } from '../operation.ts';
import type { Metrics } from '../metrics.ts';

export interface HealthParts {
  readonly readiness: Readiness;
  readonly metrics: Pick<Metrics, 'text' | 'contentType'>;
}

export function healthHandlers({ readiness, metrics }: HealthParts) {
  return {
    getHealth: () => ({ status: 200, json: { status: 'ok' } }),

    getReadiness() {
      const { ready, parts } = readiness.look();
      const json = {
        ready,
        parts: parts.map(toWire),
      };
      return ready ? { status: 200, json } : { status: 503, json };
    },

    async getMetrics() {
      return { status: 200, text: await metrics.text(), contentType: metrics.contentType };
    },

    getContract: () => ({ status: 200, json: document }),
  } satisfies Partial<Handlers>;
}

function toWire({ part, state, detail, since }: Part): Wire['parts'][number] {
  return {
    part,
    state,
    ...(detail === undefined ? {} : { detail }),
    ...(since === undefined ? {} : { since: since.toISOString() }),
  };
}
