/** Prometheus metrics. Labels are bounded: states, codes, operations, configured images; never a user's name. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Spawner, SpawnerEvent, StateName } from '@berth/spawner';
import type { OperationId } from '@berth/contract';
import type { Users } from '../login/users.ts';

export interface Metrics {
  readonly contentType: string;
  text(): Promise<string>;
  request(operationId: OperationId | undefined, status: number, seconds: number): void;
  close(): void;
}

export interface MetricsParts {
  readonly spawner: Pick<Spawner, 'list' | 'subscribe' | 'parts'>;
  readonly users: Pick<Users, 'counts'>;
  readonly streams: { readonly open: number };
  /** References that may stand in a label; any other is `other`. */
  readonly images: readonly string[];
  /** Also what Node says of itself. */
  readonly ofProcess: boolean;
}

const states: readonly StateName[] = ['starting', 'running', 'stopping', 'exited', 'failed', 'stopped'];

export function createMetrics({ spawner, users, streams, images, ofProcess }: MetricsParts): Metrics {
  const registry = new Registry();
  const registers = [registry];
  if (ofProcess) collectDefaultMetrics({ register: registry });

  const requests = new Counter({
    name: 'berth_http_requests_total',
    help: 'Requests answered, by operation and status.',
    labelNames: ['operation', 'status'],
    registers,
  });
  const requestSeconds = new Histogram({
    name: 'berth_http_request_seconds',
    help: 'Time to answer, by operation; event streams are left out.',
    labelNames: ['operation'],
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
    registers,
  });
  registry.registerMetric(
    new Gauge({
      name: 'berth_servers',
      help: 'Servers known, by state.',
      labelNames: ['state'],
      registers: [],
      collect() {
        const counts = new Map<StateName, number>(states.map((state) => [state, 0]));
        for (const state of knownStates(spawner)) counts.set(state, (counts.get(state) ?? 0) + 1);
        for (const [state, count] of counts) this.set({ state }, count);
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: 'berth_event_streams_open',
      help: 'Event streams open.',
      registers: [],
      collect() {
        this.set(streams.open);
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: 'berth_part_up',
      help: '1 where a part the service depends on is ok or degraded, 0 where it is down.',
      labelNames: ['part'],
      registers: [],
      collect() {
        for (const { part, state } of spawner.parts()) this.set({ part }, state === 'down' ? 0 : 1);
      },
    }),
  );
  registry.registerMetric(
    new Counter({
      name: 'berth_logins_total',
      help: 'Logins by outcome: ok, or the code of the refusal.',
      labelNames: ['outcome'],
      registers: [],
      collect() {
        this.reset();
        for (const [outcome, count] of users.counts().logins) this.inc({ outcome }, count);
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: 'berth_tickets',
      help: 'Kerberos tickets kept, by state; failing where the last renewal failed.',
      labelNames: ['state'],
      registers: [],
      collect() {
        for (const [state, count] of Object.entries(users.counts().tickets)) this.set({ state }, count);
      },
    }),
  );
  const unsubscribe = spawner.subscribe(countServerEvents(registers, images));

  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    request(operationId, status, seconds) {
      const operation = operationId ?? 'none';
      requests.inc({ operation, status: String(status) });
      if (operationId !== 'streamEvents') requestSeconds.observe({ operation }, seconds);
    },
    close() {
      unsubscribe();
      registry.clear();
    },
  };
}

function knownStates(spawner: Pick<Spawner, 'list'>): StateName[] {
  try {
    return spawner.list().map((view) => view.status.state);
  } catch {
    return []; // Before the first look at the engine nothing is known.
  }
}

/** Counts each start, its end, each stop and each exit once, however many events tell of it. */
function countServerEvents(registers: Registry[], images: readonly string[]): (event: SpawnerEvent) => void {
  const starts = new Counter({ name: 'berth_starts_total', help: 'Starts begun.', registers });
  const stops = new Counter({ name: 'berth_stops_total', help: 'Servers stopped on request.', registers });
  const failures = new Counter({
    name: 'berth_start_failures_total',
    help: 'Starts that failed, by code.',
    labelNames: ['code'],
    registers,
  });
  const exits = new Counter({
    name: 'berth_exits_total',
    help: 'Servers that ended by themselves or from outside.',
    labelNames: ['oom_killed'],
    registers,
  });
  const startSeconds = new Histogram({
    name: 'berth_start_seconds',
    help: 'From the request of a start to its end.',
    labelNames: ['outcome', 'image'],
    buckets: [0.25, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600],
    registers,
  });
  const last = new Map<string, string>();

  return (event) => {
    if (event.type !== 'server') return;
    const { key, generation, status, requestedAt, image } = event.server;
    const now = `${generation}:${status.state}`;
    const before = last.get(key);
    if (before === now) return;
    if (status.state === 'stopped') last.delete(key);
    else last.set(key, now);
    const wasStarting = before === `${generation}:starting`;
    const took = (outcome: string, end: Date) =>
      startSeconds.observe(
        { outcome, image: images.includes(image) ? image : 'other' },
        Math.max(0, end.getTime() - requestedAt.getTime()) / 1000,
      );
    if (status.state === 'starting') starts.inc();
    else if (status.state === 'running' && wasStarting) took('running', status.since);
    else if (status.state === 'failed' && wasStarting) {
      failures.inc({ code: status.failure.code });
      took('failed', status.since);
    } else if (status.state === 'exited' && before !== undefined)
      exits.inc({ oom_killed: String(status.exit.oomKilled) });
    else if (status.state === 'stopped' && before !== undefined) stops.inc();
  };
}
