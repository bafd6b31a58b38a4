import { AggregatorRegistry, Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { countDurations } from './durations.ts';

export const METRICS_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

/** The counters of this process, in Prometheus' terms. Labels have few values: never a client, a person or a path. */
export interface Metrics {
  registry: Registry;
  countAudit(event: string): void;
  countSignature(keySet: string): void;
  countExpired(rows: string, count: number): void;
  setExpiredLag(rows: string, seconds: number): void;
  /** Counts an attempt to deliver something, by its outcome. */
  countDelivery(kind: string, outcome: 'sent' | 'failed' | 'given_up'): void;
  /** Counts a new password that was looked up among leaked ones, by what came of it. */
  countPasswordLookup(outcome: 'leaked' | 'not_leaked' | 'failed'): void;
  /** Notes the deliveries that wait in the outbox. */
  setBacklog(backlog: { count: number; oldestSeconds: number }): void;
  /** Counts refused requests that were recorded, with their reason. */
  countRefusals(count: number): void;
  /** Counts refused requests that were not recorded, by what had no room for them. */
  countDroppedRefusals(cause: string, count: number): void;
  /** Counts input that never became a request: a head too large or too slow, or no HTTP. */
  countUnread(status: number): void;
  /** Counts a request at an endpoint that has a short way: `short`, or the reason for the long way. */
  countWay(endpoint: string, way: string): void;
  /** Adds metrics about LiSTNR's in-memory data, read at each scrape. */
  observeKnowledge(knowledge: { readonly clients: number; ageSeconds(): number }): void;
  /** How far this process's clock is ahead of the database's. */
  setClockOffset(seconds: number): void;
  observeRequest(request: { endpoint: string; method: string; status: number; seconds: number }): void;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const requests = countDurations(registry, {
    name: 'listo_http_request_duration_seconds',
    help: 'Time from the head of a request to the end of its answer.',
    labels: ['endpoint', 'method', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  });
  const audit = new Counter({
    name: 'listo_audit_events_total',
    help: 'Events an auditor asks for, by name.',
    labelNames: ['event'] as const,
    registers: [registry],
  });
  const signatures = tally();
  new Counter({
    name: 'listo_signatures_total',
    help: 'Tokens signed, by the set of the key.',
    labelNames: ['key_set'] as const,
    registers: [registry],
    collect() {
      signatures.empty((count, key_set) => this.inc({ key_set }, count));
    },
  });
  const expired = new Counter({
    name: 'listo_expired_rows_deleted_total',
    help: 'Expired rows that housekeeping deleted.',
    labelNames: ['rows'] as const,
    registers: [registry],
  });
  const lag = new Gauge({
    name: 'listo_expired_rows_lag_seconds',
    help: 'How long the oldest expired row has been waiting to be deleted, when housekeeping last looked.',
    labelNames: ['rows'] as const,
    registers: [registry],
  });
  const clockOffset = new Gauge({
    name: 'listo_clock_offset_seconds',
    help: 'How far the clock of the process is ahead of that of the database; negative when it is behind.',
    // The processes of one machine share its clock, so their average is as good as each value.
    aggregator: 'average',
    registers: [registry],
  });
  const deliveries = new Counter({
    name: 'listo_deliveries_total',
    help: 'Attempts to deliver something from the outbox: sent, failed (and tried again), or given up.',
    labelNames: ['kind', 'outcome'] as const,
    registers: [registry],
  });
  // Each process reads the same table, so their highest value is as good as each.
  const queued = new Gauge({
    name: 'listo_deliveries_queued',
    help: 'Deliveries that wait in the outbox; counting stops at 10000.',
    aggregator: 'max',
    registers: [registry],
  });
  const oldest = new Gauge({
    name: 'listo_deliveries_oldest_seconds',
    help: 'How long ago the oldest delivery that waits was queued.',
    aggregator: 'max',
    registers: [registry],
  });
  const lookups = new Counter({
    name: 'listo_password_lookups_total',
    help: 'New passwords looked up among leaked ones, by outcome: leaked, not_leaked, or failed (judged without).',
    labelNames: ['outcome'] as const,
    registers: [registry],
  });
  const refusals = new Counter({
    name: 'listo_refusals_recorded_total',
    help: 'Refused requests that were recorded, to be explained for a week.',
    registers: [registry],
  });
  const droppedRefusals = new Counter({
    name: 'listo_refusals_dropped_total',
    help: 'Refused requests that were not recorded, by what had no room for them.',
    labelNames: ['cause'] as const,
    registers: [registry],
  });
  const unread = new Counter({
    name: 'listo_unread_requests_total',
    help: 'Requests refused before their head was read.',
    labelNames: ['status'] as const,
    registers: [registry],
  });
  const ways = tally();
  new Counter({
    name: 'listo_hot_requests_total',
    help: 'Requests at endpoints that have a short way, by the way they took: short, or the reason for the long one.',
    labelNames: ['endpoint', 'way'] as const,
    registers: [registry],
    collect() {
      ways.empty((count, endpoint, way = '') => this.inc({ endpoint, way }, count));
    },
  });
  return {
    registry,
    countAudit: (event) => audit.inc({ event }),
    countSignature: signatures.count,
    countExpired: (rows, count) => expired.inc({ rows }, count),
    setExpiredLag: (rows, seconds) => lag.set({ rows }, seconds),
    setClockOffset: (seconds) => clockOffset.set(seconds),
    countDelivery: (kind, outcome) => deliveries.inc({ kind, outcome }),
    countPasswordLookup: (outcome) => lookups.inc({ outcome }),
    setBacklog({ count, oldestSeconds }) {
      queued.set(count);
      oldest.set(oldestSeconds);
    },
    countRefusals: (count) => refusals.inc(count),
    countDroppedRefusals: (cause, count) => droppedRefusals.inc({ cause }, count),
    countUnread: (status) => unread.inc({ status: String(status) }),
    countWay: (endpoint, way) => ways.count(`${endpoint} ${way}`),
    observeKnowledge(knowledge) {
      observe(registry, {
        name: 'listo_listnr_knowledge_age_seconds',
        help: 'Seconds since the database last confirmed the data for LiSTNR tokens; for several processes, the highest.',
        value: () => knowledge.ageSeconds(),
      });
      observe(registry, {
        name: 'listo_listnr_clients',
        help: 'LiSTNR clients that a process knows; for several processes, the highest number.',
        value: () => knowledge.clients,
      });
    },
    observeRequest({ endpoint, method, status, seconds }) {
      requests.observe([endpoint, method, String(status)], seconds);
    },
  };
}

/** Counts by labels that are joined by spaces, for a counter that takes the sums at each scrape. */
function tally() {
  const counts = new Map<string, number>();
  return {
    count(labels: string): void {
      counts.set(labels, (counts.get(labels) ?? 0) + 1);
    },
    empty(take: (count: number, label: string, other?: string) => void): void {
      for (const [labels, count] of counts) {
        const [label = '', other] = labels.split(' ');
        take(count, label, other);
      }
      counts.clear();
    },
  };
}

/**
 * A gauge whose value is read at each scrape. The value of several processes is the highest one, since a sum would
 * mean nothing.
 */
function observe(
  registry: Registry,
  { name, help, value }: { name: string; help: string; value: () => number },
): void {
  new Gauge({
    name,
    help,
    aggregator: 'max',
    registers: [registry],
    collect() {
      this.set(value());
    },
  });
}

/** The metrics that a process of a cluster sends to the primary. */
export type CountedMetrics = Awaited<ReturnType<Registry['getMetricsAsJSON']>>;

/** Adds up the metrics of a cluster's processes, as text. */
export function sumMetrics(counted: readonly CountedMetrics[]): Promise<string> {
  return AggregatorRegistry.aggregate([...counted]).metrics();
}
