import type { Counter, Gauge, Histogram, Registry } from 'prom-client';

export interface Metrics {
  registry: Registry;
  requests: Counter<'listener' | 'route' | 'method' | 'status'>;
  requestSeconds: Histogram<'listener' | 'route'>;
  bytesReceived: Counter<'listener'>;
  bytesSent: Counter<'listener'>;
  commitSeconds: Histogram<'step'>;
  lineageActs: Counter<'action' | 'outcome'>;
  jobRuns: Counter<'kind' | 'outcome'>;
  retentionDecisions: Counter<'mode'>;
  retentionIncidents: Gauge<'state'>;
  /** A gauge that is read when it is scraped. */
  gauge(name: string, help: string, read: () => number | Promise<number>): void;
}

/**
 * Labels are patterns and fixed words, never ids, so their number is bounded. The library is loaded here and not before: a start
 * does it while its threads load what they need.
 */
export async function createMetrics(): Promise<Metrics> {
  const { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } = await import('prom-client');
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'proofline_process_' });
  const registers = [registry];
  return {
    registry,
    requests: new Counter({
      name: 'proofline_http_requests_total',
      help: 'Requests answered, by route pattern and status.',
      labelNames: ['listener', 'route', 'method', 'status'],
      registers,
    }),
    requestSeconds: new Histogram({
      name: 'proofline_http_request_seconds',
      help: 'Time from the request line to the end of the answer.',
      labelNames: ['listener', 'route'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120],
      registers,
    }),
    bytesReceived: new Counter({
      name: 'proofline_http_received_bytes_total',
      help: 'Bytes read from clients, headers included.',
      labelNames: ['listener'],
      registers,
    }),
    bytesSent: new Counter({
      name: 'proofline_http_sent_bytes_total',
      help: 'Bytes written to clients, headers included.',
      labelNames: ['listener'],
      registers,
    }),
    commitSeconds: new Histogram({
      name: 'proofline_chunk_commit_seconds',
      help: 'Time until the bytes (step blob) or the row (step row) of a chunk were durable.',
      labelNames: ['step'],
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    }),
    lineageActs: new Counter({
      name: 'proofline_lineage_acts_total',
      help: 'What was asked of lineage, and what it came to.',
      labelNames: ['action', 'outcome'],
      registers,
    }),
    jobRuns: new Counter({
      name: 'proofline_job_runs_total',
      help: 'Runs of background jobs in this process, and what they came to.',
      labelNames: ['kind', 'outcome'],
      registers,
    }),
    retentionDecisions: new Counter({
      name: 'proofline_retention_decisions_total',
      help: 'Incidents that this process has decided to delete for their age, by mode.',
      labelNames: ['mode'],
      registers,
    }),
    retentionIncidents: new Gauge({
      name: 'proofline_retention_incidents',
      help: 'Incidents whose time is over, in the last turn of this process: held by something, or left alone by a dry run.',
      labelNames: ['state'],
      registers,
    }),
    gauge(name, help, read) {
      new Gauge({
        name,
        help,
        registers,
        async collect() {
          this.set(await read());
        },
      });
    },
  };
}
